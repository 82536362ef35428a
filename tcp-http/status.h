/* SPDX-License-Identifier: MIT
 *
 * status.h - what the server has done so far, as /status tells it.
 *
 * Each thread counts in a struct of its own, so that counting costs an addition
 * and no two processors fight for a cache line; who asks adds them up. The sums
 * are of numbers that were true a moment ago, not all of the same moment.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_MAX = 512 /* bytes of its text, more than it ever has */ };

enum counter {
    COUNT_ACCEPTED,  /* connections */
    COUNT_CLOSED,    /* of those */
    COUNT_REQUESTS,  /* answered, for better or worse */
    COUNT_ERRORS,    /* of those: with a status from 400 on */
    COUNT_TIMED_OUT, /* connections whose client was too slow */
    COUNT_SLEEPING,  /* requests that sleep just now */
    COUNT_EXCHANGES, /* buffers lent just now */
    COUNT_WAKES,     /* of the loop */
    COUNTERS
};

/* One thread's. On cache lines of its own. */
struct counters {
    _Alignas(64) _Atomic uint64_t of[COUNTERS];
};

/* For the thread that owns them alone: nobody else writes, so no addition is
 * lost. relaxed: a number publishes nothing but itself. */
static inline void count_to(struct counters *counters, enum counter which,
                            uint64_t value)
{
    atomic_store_explicit(&counters->of[which], value, memory_order_relaxed);
}

static inline uint64_t count_of(const struct counters *counters,
                                enum counter which)
{
    /* relaxed: pairs with nothing; it is a number of a moment ago. */
    return atomic_load_explicit(&counters->of[which], memory_order_relaxed);
}

static inline void count(struct counters *counters, enum counter which)
{
    count_to(counters, which, count_of(counters, which) + 1);
}

/* All threads' counters as one JSON object and a line end. Gives its length. */
size_t status_write(const struct counters *counters, size_t threads,
                    char text[STATUS_MAX]);

#endif
