/* SPDX-License-Identifier: MIT
 *
 * exchange.c - a stack of free ones.
 */
#include "exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct exchange *exchange_borrow(struct exchanges *pool)
{
    struct exchange *exchange = pool->free;

    if (exchange != NULL) {
        pool->free = exchange->next;
        pool->free_count--;
    } else {
        exchange = malloc(sizeof *exchange);
        if (exchange == NULL)
            return NULL;
    }
    pool->lent++;
    /* Not the buffers: what is never written is never paged in. */
    memset(exchange, 0, offsetof(struct exchange, in));
    exchange->file = -1;
    return exchange;
}

void exchange_return(struct exchanges *pool, struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    exchange_forget(exchange);
    if (exchange->file >= 0)
        close(exchange->file);
    pool->lent--;
    if (pool->free_count == EXCHANGE_KEPT) {
        free(exchange);
        return;
    }
    exchange->next = pool->free;
    pool->free = exchange;
    pool->free_count++;
}

void exchanges_destroy(struct exchanges *pool)
{
    for (struct exchange *e; (e = pool->free) != NULL;) {
        pool->free = e->next;
        free(e);
    }
    pool->free_count = 0;
}

/* Doubles what is there, so that each byte is moved twice at the most. */
int exchange_keep(struct exchange *exchange, struct text bytes)
{
    size_t wanted = exchange->body_count + bytes.length;
    size_t room = exchange->body_room ? exchange->body_room : 1024;

    if (bytes.length == 0)
        return 0;
    while (room < wanted)
        room *= 2;
    if (room != exchange->body_room) {
        char *larger = realloc(exchange->body, room);
        if (larger == NULL)
            return -ENOMEM;
        exchange->body = larger;
        exchange->body_room = room;
    }
    memcpy(exchange->body + exchange->body_count, bytes.at, bytes.length);
    exchange->body_count = wanted;
    return 0;
}

void exchange_forget(struct exchange *exchange)
{
    free(exchange->body);
    exchange->body = NULL;
    exchange->body_count = exchange->body_room = 0;
}
