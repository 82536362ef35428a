/* SPDX-License-Identifier: MIT
 *
 * asker.h - one connection of a load client, without its socket: which requests
 * are out, since when, and what the answers' bytes say.
 *
 * All requests are the same. Several may be out at once (pipelined): answers come
 * in the order of the questions. Bodies are counted and thrown away.
 *
 * Pure but for the buffer, which asker_init() allocates; one thread at a time.
 */
#ifndef ASKER_H
#define ASKER_H

#include "answer.h"
#include "chunked.h"
#include "histogram.h"

struct tally {                /* all zero at the start */
    struct histogram latency; /* nanoseconds, one for each answer */
    uint64_t failures;        /* answers among them with a status over 399 */
    uint64_t bytes;           /* received */
};

struct asker {
    struct text batch;    /* borrowed: depth requests, one behind the other */
    unsigned depth;       /* so many may be out at once */
    unsigned out, oldest; /* requests out; since[oldest] is the first one's */
    int64_t *since;       /* [depth], in a ring */
    size_t owed; /* bytes of requests not yet sent: batch's last ones */

    enum { IN_ANSWER_HEAD, IN_ANSWER_BODY } state;
    struct answer answer;
    int64_t left;
    struct chunked chunked;
    bool has_answered; /* on this connection */
    bool must_close;   /* the last answer said so */
    size_t count;      /* bytes of a head that is not yet whole */
    char *bytes;
};

/* -ENOMEM. */
int asker_init(struct asker *a, struct text batch, unsigned depth);
void asker_destroy(struct asker *a);

/* One more request, whose time runs from since on. There must be room: out is
 * below depth. */
void asker_ask(struct asker *a, int64_t since);

/* What is to be sent; and how many bytes of it were. */
struct text asker_output(const struct asker *a);
void asker_sent(struct asker *a, size_t count);

/* Where to receive to; and that count bytes have come, at this time: the answers
 * in it go into the tally. 0; -EPROTO: it is no answer, or none was asked for. */
char *asker_room(struct asker *a, size_t *room);
int asker_received(struct asker *a, size_t count, int64_t now,
                   struct tally *tally);

/* The connection has ended. True if that is no failure: an answer had come, and
 * whole. What is out is then to be asked again, on a new connection. */
bool asker_ended(struct asker *a, int64_t now, struct tally *tally);

#endif
