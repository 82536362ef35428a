/* SPDX-License-Identifier: MIT
 *
 * connection.h - one client's state machine: bytes and time in, bytes and wishes
 * out.
 *
 * It knows no socket and no epoll, and its clock is what it is told. Whoever owns
 * the socket carries bytes between the two and does what the connection wishes:
 *
 *     READ    receive into connection_room(), then call connection_received(),
 *             or connection_ended() at the end of input
 *     WRITE   send what connection_output() gives, then call connection_sent()
 *     LINGER  all is said, but the client may still be sending: shut down the
 *             sending side, once, and go on receiving as for READ; it is thrown
 *             away. (To close with input unread would be a reset, which can
 *             overtake the last answer.)
 *     CLOSE   all is over: connection_destroy(), and close
 *     none    it sleeps
 *
 * and calls connection_timed_out() when connection_due() has come. LINGER and
 * CLOSE come alone. Answers leave in the order of their requests. Memory is
 * bounded: while the client does not take its answers, READ is not wished for.
 *
 * Nothing here blocks (but files.h for the disk) or fails: where memory is
 * missing, the wish is CLOSE. One thread at a time per connection, and per struct
 * shared. Read with: RFC 9112, 9 "Connection Management".
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"
#include "files.h"
#include "response.h"
#include "status.h"
#include "timeouts.h"

enum {
    CONNECTION_BODY_MAX = 1 << 20,    /* a longer body is refused: 413 */
    CONNECTION_SLEEPERS_MAX = 1024,   /* one more is refused: 503 */
    CONNECTION_WRITE_STEP = 64 << 10, /* who takes this much has time again */
    CONNECTION_DISCARD_MAX = 4 << 20  /* bytes thrown away before the cut */
};

enum connection_wish {
    CONNECTION_READ = 1,
    CONNECTION_WRITE = 2,
    CONNECTION_LINGER = 4,
    CONNECTION_CLOSE = 8
};

enum connection_state {
    STATE_IDLE,   /* no byte of a request is here */
    STATE_HEAD,   /* some of its head is */
    STATE_BODY,   /* its head is, and some of its body perhaps */
    STATE_SLEEP,  /* all of it is, and the answer is due later */
    STATE_SEND,   /* the answer is larger than the buffer, and on its way */
    STATE_LAST,   /* the last answer is on its way */
    STATE_LINGER, /* it is sent, and the client may be sending still */
    STATE_CLOSED
};

/* What all connections of one thread share. Its owner keeps the first lines up to
 * date, before it calls anything; the rest is set at the start. */
struct shared {
    int64_t now;   /* nanoseconds, as now_ns() counts them */
    time_t second; /* of the calendar, and the same as text */
    char date[RESPONSE_DATE_SIZE];
    bool draining; /* every answer is the last on its connection */

    int64_t patience[TIMEOUT_KINDS]; /* nanoseconds (SLEEP's is not used) */
    struct counters *all;            /* of all threads: borrowed, for /status */
    size_t threads;
    struct files *files;       /* borrowed; NULL: there are none to show */
    struct counters *counters; /* of this one: an element of all */

    struct exchanges
        exchanges; /* zero at the start, exchanges_destroy() after */
};

/* The layout is here so that an owner can keep it in a struct of its own; only
 * connection.c looks inside. */
struct connection {
    struct shared *shared;     /* borrowed */
    struct exchange *exchange; /* NULL while nothing is under way */
    int64_t due;               /* when what we wait for must have come */
    uint32_t discarded;        /* LINGER: bytes thrown away */
    uint8_t state, waits;      /* enum connection_state, timeout_kind */
    bool ended;                /* the client will send no more */
    bool renewed;              /* what we wait for is a new one of its kind */
};

/* Limits that suit a server in the open: 60 s idle, 10 for a head, 30 for a
 * body, 30 for each CONNECTION_WRITE_STEP of answers, 2 to linger. Counters of
 * one thread. Time is left at zero. */
void shared_init(struct shared *shared, struct counters *counters);

void connection_init(struct connection *c, struct shared *shared);

/* Gives back what it has borrowed. */
void connection_destroy(struct connection *c);

/* What the connection wants now: enum connection_wish, or-ed. */
unsigned connection_wishes(const struct connection *c);

/* Until when it waits for what; INT64_MAX once it is closed. */
int64_t connection_due(const struct connection *c, enum timeout_kind *what);
void connection_timed_out(struct connection *c);

/* Where the next bytes from the client go, and for how many there is room: not 0
 * while READ or LINGER is wished for, unless there is no memory (the wish is then
 * CLOSE). Good until the next call, which tells how many came, 0 if none did. */
char *connection_room(struct connection *c, size_t *room);
void connection_received(struct connection *c, size_t received);

/* The client has shut down its side. Requests that came whole are still
 * answered, for it may well be reading. */
void connection_ended(struct connection *c);

/* What is to be sent next. Good until the next call, which tells how many bytes of it went. */
struct output connection_output(const struct connection *c);
void connection_sent(struct connection *c, size_t sent);

/* To be called once shared->draining has become true: a connection without a
 * request ends; one that has a request under way does so after its answer, which
 * says "Connection: close". */
void connection_finish(struct connection *c);

/* "IDLE" and so on. */
const char *connection_state_name(enum connection_state state);

#endif
