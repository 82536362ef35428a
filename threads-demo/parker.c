/* SPDX-License-Identifier: MIT
 *
 * parker.c - one word, three states:
 *
 *             unpark                    park
 *    PARKED ---------> TOKEN   TOKEN ---------> EMPTY   (token taken)
 *    EMPTY  ---------> TOKEN   EMPTY ---------> PARKED  (then sleeps)
 *
 * Only the step PARKED -> TOKEN needs the system call that wakes.
 *
 * Read with: Rust Atomics and Locks, ch. 8.
 */
#include "parker.h"

#include <stdbool.h>

#include "futex.h"
#include "util.h"

enum { EMPTY, TOKEN, PARKED };

void parker_init(struct parker *p)
{
    atomic_init(&p->state, EMPTY);
}

void parker_park(struct parker *p)
{
    must(parker_park_until(p, NEVER));
}

/* Replaces TOKEN by EMPTY, or EMPTY by PARKED; false if there was no token. */
static bool take_or_announce(struct parker *p)
{
    uint32_t seen = TOKEN;

    /* acquire, pairs with "token" in parker_unpark(). */
    if (atomic_compare_exchange_strong_explicit(&p->state, &seen, EMPTY,
                                                memory_order_acquire,
                                                memory_order_relaxed))
        return true;
    /* relaxed: says nothing but "wake me"; if the token came just now, the
     * exchange fails and the loop takes it. */
    seen = EMPTY;
    atomic_compare_exchange_strong_explicit(
        &p->state, &seen, PARKED, memory_order_relaxed, memory_order_relaxed);
    return false;
}

int parker_park_until(struct parker *p, int64_t deadline)
{
    int late = 0;

    while (!take_or_announce(p)) {
        if (late < 0) {
            /* acquire, pairs with "token": it may have come this late. */
            uint32_t was = atomic_exchange_explicit(&p->state, EMPTY,
                                                    memory_order_acquire);
            return was == TOKEN ? 0 : -ETIMEDOUT;
        }
        late = futex_wait(&p->state, PARKED, deadline);
    }
    return 0;
}

void parker_unpark(struct parker *p)
{
    /* release, "token": whoever takes it sees all that was done before. */
    if (atomic_exchange_explicit(&p->state, TOKEN, memory_order_release) ==
        PARKED)
        futex_wake(&p->state, 1); /* by address alone: *p may be gone */
}
