/* SPDX-License-Identifier: MIT
 *
 * timeouts.h - who is due, and when: one list for each kind of patience.
 *
 * All who wait for the same thing wait equally long, so a list in order of
 * coming is also in order of ending: who comes goes to the back, who is due
 * stands in front, and nothing is ever sorted. Setting, clearing and asking take
 * constant time, however many wait. (Sleepers alone choose how long. They look
 * for their place from the back, and their number is limited.)
 *
 * No clock: times are what the caller says they are. One thread at a time.
 */
#ifndef TIMEOUTS_H
#define TIMEOUTS_H

#include <stdint.h>
#include <sys/queue.h>

enum timeout_kind {
    TIMEOUT_IDLE,   /* for a request to begin */
    TIMEOUT_HEAD,   /* for the whole of its head */
    TIMEOUT_BODY,   /* and of its body */
    TIMEOUT_WRITE,  /* for the client to take some of its answers */
    TIMEOUT_LINGER, /* for it to close after the last */
    TIMEOUT_SLEEP,  /* as long as it has asked for */
    TIMEOUT_KINDS
};

/* To be a member of whoever waits. All zero: it waits for nothing. */
struct timeout {
    TAILQ_ENTRY(timeout) link;
    int64_t due;
    uint8_t kind, waits;
};

TAILQ_HEAD(timeout_list, timeout);

struct timeouts {
    struct timeout_list list[TIMEOUT_KINDS]; /* earliest due first */
};

void timeouts_init(struct timeouts *timeouts);

/* It waits for this from now on, and for nothing else. */
void timeouts_set(struct timeouts *timeouts, struct timeout *timeout,
                  enum timeout_kind kind, int64_t due);
void timeouts_clear(struct timeouts *timeouts, struct timeout *timeout);

/* When the first of all is due; INT64_MAX if nobody waits. */
int64_t timeouts_next(const struct timeouts *timeouts);

/* Takes out one that is due at this time, NULL if none is. */
struct timeout *timeouts_take(struct timeouts *timeouts, int64_t now);

#endif
