/* SPDX-License-Identifier: MIT
 *
 * timers.h - who is to be woken when, the earliest first; at equal deadlines in
 * the order of their coming.
 *
 * A binary heap in one array. Adding and cancelling cost O(log n), looking at
 * the earliest O(1). Deadlines are nanoseconds on any clock that the caller
 * likes: nothing here looks at one.
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

/* Adds one. *place is the caller's, starts as TIMER_NONE, and is kept up to date
 * until the timer is due or cancelled, when it is TIMER_NONE again: only its
 * address may not change. -ENOMEM. */
int timers_add(struct timers *timers, int64_t deadline, void *who,
               uint32_t *place);

/* Cancels the one that *place tells of, if there is one. */
void timers_cancel(struct timers *timers, uint32_t *place);

/* The earliest deadline, INT64_MAX if there is none. */
int64_t timers_earliest(const struct timers *timers);

/* Takes out the earliest one, if its deadline is not after now, and gives its
 * who; NULL if none is due. */
void *timers_take_due(struct timers *timers, int64_t now);

/* Frees the array; all zero again. */
void timers_destroy(struct timers *timers);

#endif
