/* SPDX-License-Identifier: MIT
 *
 * exchange.c - a stack of free ones; and in one, a queue of bytes to be sent, the
 * last of which may be elsewhere.
 *
 * They are pages of their own, not malloc's, so that after a rush their memory is
 * the system's again: malloc would keep it below the last block in use.
 */
#include "exchange.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct exchange *exchange_borrow(struct exchanges *pool)
{
    struct exchange *exchange = pool->free;

    if (exchange != NULL) {
        pool->free = exchange->next;
        pool->free_count--;
    } else {
        exchange = mmap(NULL, sizeof *exchange, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (exchange == MAP_FAILED)
            return NULL;
    }
    pool->lent++;
    /* Not the buffers: what is never written is never paged in. */
    memset(exchange, 0, offsetof(struct exchange, in));
    exchange->file = -1;
    return exchange;
}

/* Forgets the kept bytes. */
static void forget(struct exchange *exchange)
{
    free(exchange->body);
    exchange->body = NULL;
    exchange->body_count = exchange->body_room = 0;
}

static void close_file(struct exchange *exchange)
{
    if (exchange->file >= 0)
        close(exchange->file);
    exchange->file = -1;
}

void exchange_return(struct exchanges *pool, struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    forget(exchange);
    close_file(exchange);
    pool->lent--;
    /* To give pages back may want memory itself: if it fails, they are kept. */
    if (pool->free_count >= EXCHANGE_KEPT &&
        munmap(exchange, sizeof *exchange) == 0)
        return;
    exchange->next = pool->free;
    pool->free = exchange;
    pool->free_count++;
}

void exchanges_destroy(struct exchanges *pool)
{
    for (struct exchange *e; (e = pool->free) != NULL;) {
        pool->free = e->next;
        munmap(e, sizeof *e);
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

/* ---- Answers ---- */

enum { ANSWER_MAX = RESPONSE_MAX + EXCHANGE_COPY_MAX + 64 };

bool exchange_has_room(const struct exchange *exchange)
{
    return EXCHANGE_OUT_MAX - (exchange->out_end - exchange->out_start) >=
           ANSWER_MAX;
}

bool exchange_make_room(struct exchange *e)
{
    if (!exchange_has_room(e))
        return false;
    if (EXCHANGE_OUT_MAX - e->out_end < ANSWER_MAX) {
        memmove(e->out, e->out + e->out_start, e->out_end - e->out_start);
        e->out_end -= e->out_start;
        e->out_start = 0;
    }
    return true;
}

void exchange_put_text(struct exchange *e, struct text text)
{
    assert(EXCHANGE_OUT_MAX - e->out_end >= text.length);
    memcpy(e->out + e->out_end, text.at, text.length);
    e->out_end += (uint32_t)text.length;
}

void exchange_put(struct exchange *e, struct response answer, const char *date)
{
    if (answer.body.length > EXCHANGE_COPY_MAX) {
        assert(answer.body.at == e->body);
        answer.apart = (int64_t)answer.body.length;
        if (!answer.head_only)
            e->rest = answer.body;
        answer.body.length = 0;
    }
    int length = response_write(&answer, date, e->out + e->out_end,
                                EXCHANGE_OUT_MAX - e->out_end);
    assert(length > 0); /* the caller has made room */
    e->out_end += (uint32_t)length;
    if (e->rest.length == 0)
        forget(e);
}

bool exchange_is_apart(const struct exchange *e)
{
    return e->rest.length > 0 || e->file_left > 0;
}

struct output exchange_output(const struct exchange *e)
{
    struct output output = {.file = -1};

    if (e->out_end > 0) {
        output.bytes = e->out + e->out_start;
        output.count = e->out_end - e->out_start;
        output.more = exchange_is_apart(e);
    } else if (e->rest.length > 0) {
        output.bytes = e->rest.at;
        output.count = e->rest.length;
    } else if (e->file_left > 0) {
        output.count = (size_t)e->file_left;
        output.file = e->file;
        output.offset = e->file_at;
    }
    return output;
}

void exchange_sent(struct exchange *e, size_t sent)
{
    e->taken += sent;
    if (e->out_end > 0) {
        e->out_start += (uint32_t)sent;
        assert(e->out_start <= e->out_end);
        if (e->out_start == e->out_end)
            e->out_start = e->out_end = 0;
    } else if (e->rest.length > 0) {
        assert(sent <= e->rest.length);
        e->rest.at += sent;
        e->rest.length -= sent;
        if (e->rest.length == 0)
            forget(e);
    } else {
        assert((int64_t)sent <= e->file_left);
        e->file_at += (int64_t)sent;
        e->file_left -= (int64_t)sent;
        if (e->file_left == 0)
            close_file(e);
    }
}
