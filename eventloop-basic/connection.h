/* SPDX-License-Identifier: MIT
 *
 * connection.h - one socket of a loop: it is read into a buffer that all share,
 * and has one queue of writes, which is bounded.
 *
 * What a server does with it is a protocol: a few functions that libuv's events
 * are turned into. A connection is closed in one place and ends in one place:
 * whoever asks for the end, the peer, an error, a full queue or you, the
 * protocol's closed() comes once, last, and its memory goes with it.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored: the other
 * end may just have gone.
 *
 * Read with: the libuv guide, "Networking"; Tokio's tutorial, "I/O".
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct connection;

struct protocol {
    size_t size;        /* of a connection: a struct that begins with one */
    size_t queue_limit; /* bytes of memory that unsent writes may take */

    /* Accepted or connected: reading begins after this, unless it pauses. */
    void (*opened)(struct connection *c);
    /* Bytes, valid until this returns. */
    void (*received)(struct connection *c, const char *bytes, size_t count);
    /* The peer has sent its last byte. NULL: that is the end. */
    void (*ended)(struct connection *c);
    /* The queue of writes is empty again. NULL: as well. */
    void (*drained)(struct connection *c);
    /* 0, or the error that was the reason. NULL: as well. */
    void (*closed)(struct connection *c, int why);
};

/* The connections of one loop that share a buffer. In the caller's memory. */
struct connections {
    uv_loop_t *loop;
    void *owner; /* whoever the protocol serves */
    struct connection *first;
    long open;                                 /* until their closed() */
    void (*one_gone)(struct connections *all); /* after it; or NULL */
    char buffer[64 * 1024];
};

/* The fields are connection.c's, but for all, and the list in it. */
struct connection {
    union { /* first: a handle's address is its connection's */
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    union {
        uv_connect_t connect;
        uv_shutdown_t finish;
    } request;
    const struct protocol *protocol;
    struct connections *all;
    struct connection *next, *previous;
    size_t queued;    /* memory of the writes under way */
    size_t discarded; /* bytes read since it was dismissed */
    int why;
    bool finishing, dismissed, closes_when_drained;
};

void connections_init(struct connections *all, uv_loop_t *loop, void *owner);

/* Memory (zeroed but for the connection) and a handle, not yet connected: TCP,
 * or a pipe, that is a Unix socket. NULL: no memory. */
struct connection *connection_new(struct connections *all,
                                  const struct protocol *protocol, bool pipe);

/* One of the two, once, and the connection is opened. If it fails, it is closed:
 * closed() will come with the error. */
void connection_accept(struct connection *c, uv_stream_t *listener);
void connection_connect(struct connection *c, const struct sockaddr *address);

/* What the socket takes goes at once; the rest is copied and waits. 0, or the
 * error, with which it is then being closed: -ENOBUFS, the queue is full, for
 * the peer does not read. -EPIPE: it closes, or has finished, already. */
int connection_send(struct connection *c, const char *bytes, size_t count);

/* Memory of what waits to be sent; 0: all is with the kernel. */
size_t connection_queued(const struct connection *c);

/* Stop and go on reading: backpressure. */
void connection_pause(struct connection *c);
void connection_resume(struct connection *c);

/* Half-close: after what is queued, the peer is told that no more comes. */
void connection_finish(struct connection *c);

/* A polite end: what was sent last is to be read. Closing a socket with unread
 * input would throw it away, so this half-closes, and discards what comes until
 * the peer has ended too, or has sent more than is decent. received() and
 * ended() are called no more. */
void connection_dismiss(struct connection *c);

/* The end, now, or as soon as the queue is empty; only the first call counts.
 * Closing never calls back at once. */
void connection_close(struct connection *c, int why);
void connection_close_when_drained(struct connection *c);

/* Neither closing nor dismissed: received() may go on. */
bool connection_is_open(const struct connection *c);

#endif
