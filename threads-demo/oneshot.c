/* SPDX-License-Identifier: MIT
 *
 * oneshot.c - one word tells how far the one value is.
 *
 *   EMPTY -> WRITING -> READY     sent; WRITING belongs to the sender
 *   EMPTY -> WRITING -> HUNG_UP   there will be none
 *
 * SLEEPING is a bit beside the first two: the receiver sleeps on the word, so
 * the sender's last change needs a system call. Without it there is none.
 *
 * Read with: Rust Atomics and Locks, ch. 5, whose seven steps end about here.
 */
#include "oneshot.h"

#include <string.h>

#include "futex.h"
#include "util.h"

enum { EMPTY, WRITING, READY, HUNG_UP, SLEEPING = 4 };

void oneshot_init(struct oneshot *o, void *place, size_t value_size)
{
    o->place = place;
    o->value_size = value_size;
    atomic_init(&o->state, EMPTY);
}

/* EMPTY to WRITING, whoever sleeps. */
static int claim(struct oneshot *o)
{
    /* relaxed: gives the right to write; the other side learns by finish(). */
    uint32_t seen = atomic_load_explicit(&o->state, memory_order_relaxed);

    do
        if ((seen & ~(uint32_t)SLEEPING) != EMPTY)
            return -EALREADY;
    while (!atomic_compare_exchange_weak_explicit(
        &o->state, &seen, seen | WRITING, memory_order_relaxed,
        memory_order_relaxed));
    return 0;
}

static void finish(struct oneshot *o, uint32_t state)
{
    /* release, "finished": the value is in its place. The last touch of *o: the
     * wake-up goes by the address alone. */
    if (atomic_exchange_explicit(&o->state, state, memory_order_release) &
        SLEEPING)
        futex_wake(&o->state, 1);
}

int oneshot_send(struct oneshot *o, const void *value)
{
    int rc = claim(o);
    if (rc == 0) {
        memcpy(o->place, value, o->value_size);
        finish(o, READY);
    }
    return rc;
}

int oneshot_hang_up(struct oneshot *o)
{
    int rc = claim(o);
    if (rc == 0)
        finish(o, HUNG_UP);
    return rc;
}

int oneshot_recv(struct oneshot *o)
{
    return oneshot_recv_until(o, NEVER);
}

int oneshot_recv_until(struct oneshot *o, int64_t deadline)
{
    int late = 0;

    for (;;) {
        /* acquire, pairs with "finished". */
        uint32_t seen = atomic_load_explicit(&o->state, memory_order_acquire);
        if (seen == READY)
            return 0;
        if (seen == HUNG_UP)
            return -EPIPE;
        if (late < 0)
            return late;
        /* relaxed, both: says nothing but "wake me". */
        if ((seen & SLEEPING) != 0 ||
            atomic_compare_exchange_weak_explicit(
                &o->state, &seen, seen | SLEEPING, memory_order_relaxed,
                memory_order_relaxed))
            late = futex_wait(&o->state, seen | SLEEPING, deadline);
    }
}
