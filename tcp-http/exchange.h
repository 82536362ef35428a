/* SPDX-License-Identifier: MIT
 *
 * exchange.h - what a connection needs while a request is under way, lent by a
 * pool: the parser's progress, the bytes received, the bytes to be sent.
 *
 * Most of ten thousand clients are silent at any time. A silent one has no
 * exchange, and costs what struct connection does. The one given back last is
 * lent first: it is still in the cache.
 *
 * One thread at a time per pool.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "chunked.h"
#include "request.h"
#include "response.h"
#include "site.h"

enum {
    EXCHANGE_IN_MAX =
        REQUEST_HEAD_MAX + 4096, /* behind a head, room for body */
    EXCHANGE_OUT_MAX = 16384,    /* bytes of answers that may wait */
    EXCHANGE_KEPT = 64           /* a pool keeps no more that nobody uses */
};

/* For connection.c alone.
 *
 *     in:   | used | head | body, read and dropped or kept in body | to be read |
 *                  start                                           read       end
 *     out:  | sent | to be sent |         then rest, then the file
 *                  out_start    out_end
 */
struct exchange {
    struct exchange *next; /* in the pool */

    uint32_t start, read, end;
    struct request request;
    struct page page;       /* what it asked for; from here on in a body only */
    struct chunked chunked; /* a chunked body; or else */
    int64_t left;           /* so many bytes of it are still to come */
    char *body;             /* the kept part: owned, or NULL */
    size_t body_count, body_room;

    uint32_t out_start, out_end;
    size_t taken;     /* by the client, since its patience was renewed */
    struct text rest; /* of an answer: what did not fit into out. In body */
    int file;         /* owned; -1 if there is none */
    int64_t file_at, file_left;

    char in[EXCHANGE_IN_MAX], out[EXCHANGE_OUT_MAX];
};

struct exchanges {
    struct exchange *free;
    size_t free_count, lent;
};

/* NULL: no memory. A lent one has nothing in it. */
struct exchange *exchange_borrow(struct exchanges *pool);

/* What it owns is freed. NULL is taken. */
void exchange_return(struct exchanges *pool, struct exchange *exchange);

/* Frees what nobody uses. */
void exchanges_destroy(struct exchanges *pool);

/* Keeps these bytes behind those it has kept in body. -ENOMEM. */
int exchange_keep(struct exchange *exchange, struct text bytes);

/* Forgets the kept bytes. */
void exchange_forget(struct exchange *exchange);

#endif
