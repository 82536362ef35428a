/* SPDX-License-Identifier: MIT
 *
 * timers.h - who is to be woken when, the earliest first; at equal deadlines in
 * the order of their coming.
 *
 * Deadlines are nanoseconds on any clock that the caller likes: nothing here
 * looks at one, so that a test can say what time it is. A loop asks
 * timers_left() how long poller_wait() may last, and after it takes out what
 * is due. One thread at a time; who shares timers has a lock around them.
 *
 * Read with: The Node Experiment, "Timers".
 */
#ifndef TIMERS_H
#define TIMERS_H

#include <stddef.h>
#include <stdint.h>

enum { TIMER_NONE = 0 };

struct timers { /* all zero: none */
    struct timer *heap;
    size_t count, room;
    uint64_t added; /* ever: tells equal deadlines apart */
};

/* Adds one. *place is the caller's: TIMER_NONE before, then kept up to date
 * until the timer is due or cancelled, when it is TIMER_NONE again. Until then
 * it must stay where it is. -ENOMEM: not added. */
int timers_add(struct timers *timers, int64_t deadline, void *who,
               uint32_t *place);

/* Cancels the one that *place tells of, if there is one. */
void timers_cancel(struct timers *timers, uint32_t *place);

/* The earliest deadline, INT64_MAX if there is none. */
int64_t timers_earliest(const struct timers *timers);

/* Nanoseconds from now to the earliest deadline, as poller_wait() takes them:
 * 0 if it is there already, POLLER_FOREVER if there is none. */
int64_t timers_left(const struct timers *timers, int64_t now);

/* Takes out the earliest one, if its deadline is not after now, and gives its
 * who; NULL if none is due. One that is added meanwhile, for now or earlier, is
 * given too: whoever adds such ones without end is given them without end. */
void *timers_take_due(struct timers *timers, int64_t now);

/* Frees the array; all zero again. The places are not touched. */
void timers_destroy(struct timers *timers);

#endif
