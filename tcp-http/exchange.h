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

#include <stdbool.h>
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
    EXCHANGE_COPY_MAX = 4096,    /* a longer body is not copied there */
    EXCHANGE_KEPT = 64           /* a pool keeps no more that nobody uses */
};

/* The upper half is connection.c's to use, the lower this module's.
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

/* ---- Answers, one behind the other ---- */

/* Whether there is room for one more, or can be made. Then one may be put, and a
 * text of up to 64 bytes in front of it. */
bool exchange_has_room(const struct exchange *exchange);
bool exchange_make_room(struct exchange *exchange);
void exchange_put_text(struct exchange *exchange, struct text text);

/* A body of over EXCHANGE_COPY_MAX bytes must be the kept bytes: it is not copied,
 * but sent from where it is. Forgets the kept bytes otherwise. */
void exchange_put(struct exchange *exchange, struct response answer,
                  const char *date);

/* Whether the last answer is still to be sent from where it is, kept bytes or a
 * file. Another may not be put before that is done. */
bool exchange_is_apart(const struct exchange *exchange);

/* What is to be sent next: count bytes at bytes, or, if bytes is NULL, count
 * bytes of a file from offset on (for sendfile(2); if it has so many no more, the
 * connection must be closed, as a promise is broken). */
struct output {
    const char *bytes;
    size_t count; /* 0 if there is nothing to send */
    int file;
    int64_t offset;
    bool more; /* and more will follow at once (MSG_MORE) */
};

/* Good until the next call. So many bytes of it went. */
struct output exchange_output(const struct exchange *exchange);
void exchange_sent(struct exchange *exchange, size_t sent);

#endif
