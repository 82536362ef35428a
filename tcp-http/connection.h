/* SPDX-License-Identifier: MIT
 *
 * connection.h - one client's state machine: bytes in, bytes and wishes out.
 *
 * It knows no socket and no epoll. Whoever owns the socket carries bytes between
 * the two and does what the connection wishes for:
 *
 *     READ    put what comes into connection_room(), then call
 *             connection_received(), or connection_ended() at the end of input
 *     WRITE   send what connection_output() gives, then call connection_sent()
 *     LINGER  all is said, but the client may still be sending: shut down the
 *             sending side, read and throw away, and close at the end of input
 *     CLOSE   all is said and all is read: close
 *
 * There is always a wish; LINGER and CLOSE come alone and are final. Answers
 * leave in the order of their requests. Memory is fixed: while the client does
 * not take its answers, READ is not wished for.
 *
 * Nothing here blocks, allocates or fails. One thread at a time per connection.
 * Read with: RFC 9112, 9 "Connection Management".
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"
#include "response.h"

enum {
    CONNECTION_BODY_MAX = 1 << 20, /* a longer body is refused: 413 */
    CONNECTION_OUT_MAX = 8192      /* bytes of answers that may wait */
};

enum connection_wish {
    CONNECTION_READ = 1,
    CONNECTION_WRITE = 2,
    CONNECTION_LINGER = 4,
    CONNECTION_CLOSE = 8
};

/* The layout is here so that an owner can keep it in a struct of its own; only
 * connection.c looks inside. */
struct connection {
    const char *date; /* borrowed: the text of the Date field, kept up by the
                       * owner (response_date()) */
    enum { IN_HEAD, IN_BODY, AFTER_LAST } state;
    bool ended;     /* the client will send no more */
    bool finishing; /* the request under way is the last */
    struct request request;
    struct response answer; /* IN_BODY: goes out when the body is through */
    int64_t body_left;      /* IN_BODY: bytes of it still to come */
    size_t in_start, in_count, out_start, out_count;
    char in[REQUEST_HEAD_MAX], out[CONNECTION_OUT_MAX];
};

void connection_init(struct connection *c, const char *date);

/* What the connection wants now: enum connection_wish, or-ed. */
unsigned connection_wishes(const struct connection *c);

/* Where the next bytes from the client go, and for how many there is room; not
 * 0 while READ is wished for. Good until the next call. */
char *connection_room(struct connection *c, size_t *room);
void connection_received(struct connection *c, size_t count);

/* The client has shut down its side. Requests that came whole are still
 * answered, for it may well be reading. */
void connection_ended(struct connection *c);

/* The bytes to send next (*count is 0 if there are none), and how many of them
 * went. Good until the next call. */
const char *connection_output(const struct connection *c, size_t *count);
void connection_sent(struct connection *c, size_t count);

/* The server is closing: a request under way is finished and answered with
 * "Connection: close"; a connection without one ends. */
void connection_finish(struct connection *c);

#endif
