/* SPDX-License-Identifier: MIT
 *
 * gate.c - a list of sleepers, and the barrier that keeps it off the fast path.
 *
 * No wake-up is lost. Say A makes something available and then reads `waiting`;
 * B writes `waiting`, passes the barrier and then looks. Without the barrier
 * both could miss the other, because a processor may let a load overtake the
 * store before it. The barrier forbids it: if A's load came before it, so did
 * A's store, and B's look finds it; if it came after it, it reads B's write.
 *
 * No wake-up is wasted, as long as an attempt that says -EAGAIN means it: there
 * was nothing, not even half of it. Who is woken looks before it goes away, even
 * when its time is up; who finds something by its own look but had been chosen
 * already passes the wake-up on.
 *
 * Read with: membarrier(2), which gives this very example.
 */
#include "gate.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu.h"
#include "futex.h"
#include "parker.h"
#include "util.h"

struct gate_waiter {
    TAILQ_ENTRY(gate_waiter) link; /* guarded by the gate's lock */
    bool queued;                   /* guarded too; false: chosen, or gone */
    struct parker parker;
};

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

void gate_init(struct gate *gate)
{
    /* On one CPU a locked write is cheap, as nobody else has the line. The
     * process must ask once for barriers; asking again is harmless. */
    gate->strong = cpu_count() == 1 ||
                   membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0;
    atomic_init(&gate->waiting, 0);
    must(pthread_mutex_init(&gate->lock, NULL));
    TAILQ_INIT(&gate->list);
}

void gate_destroy(struct gate *gate)
{
    must(pthread_mutex_destroy(&gate->lock));
}

/* After a write to `waiting`: no thread can any longer have missed it and still
 * keep from us what it did before. */
static void pass_barrier(struct gate *gate)
{
    if (!gate->strong)
        must(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0 ? 0 : errno);
}

static void enter(struct gate *gate, struct gate_waiter *w)
{
    parker_init(&w->parker);
    must(pthread_mutex_lock(&gate->lock));
    TAILQ_INSERT_TAIL(&gate->list, w, link);
    w->queued = true;
    /* acq_rel, the announcement: pairs with the fetch_or in gate_open(). */
    atomic_fetch_add_explicit(&gate->waiting, 1, memory_order_acq_rel);
    must(pthread_mutex_unlock(&gate->lock));
    pass_barrier(gate);
}

/* Takes w off the list. With the lock held. */
static void take_off(struct gate *gate, struct gate_waiter *w)
{
    TAILQ_REMOVE(&gate->list, w, link);
    w->queued = false;
    /* relaxed: who reads the old number takes the lock in vain. */
    atomic_fetch_sub_explicit(&gate->waiting, 1, memory_order_relaxed);
}

/* For a waiter that goes without having been woken. True: it had been chosen all
 * the same; its token is on the way, and with it the waker has done with *w. */
static bool leave(struct gate *gate, struct gate_waiter *w)
{
    must(pthread_mutex_lock(&gate->lock));
    bool chosen = !w->queued;
    if (!chosen)
        take_off(gate, w);
    must(pthread_mutex_unlock(&gate->lock));
    if (chosen)
        parker_park(&w->parker);
    return chosen;
}

int gate_await(struct gate *gate, int (*attempt)(void *arg), void *arg,
               int64_t deadline)
{
    for (;;) {
        struct gate_waiter w;
        enter(gate, &w);
        int rc = attempt(arg); /* the look after the announcement */
        if (rc != -EAGAIN) {
            if (leave(gate, &w))
                gate_wake_one(gate); /* we did not need it */
            return rc;
        }
        bool late = parker_park_until(&w.parker, deadline) < 0;
        if (late)
            leave(gate, &w);
        rc = attempt(arg); /* chosen or not: what is there may be taken */
        if (rc != -EAGAIN)
            return rc;
        if (late)
            return -ETIMEDOUT;
    }
}

bool gate_wake_one(struct gate *gate)
{
    must(pthread_mutex_lock(&gate->lock));
    struct gate_waiter *w = TAILQ_FIRST(&gate->list);
    if (w != NULL)
        take_off(gate, w);
    must(pthread_mutex_unlock(&gate->lock));
    if (w != NULL)
        parker_unpark(&w->parker); /* *w stays until it has this token */
    return w != NULL;
}

void gate_wake_all(struct gate *gate)
{
    while (gate_wake_one(gate))
        ;
}

void gate_shut(struct gate *gate)
{
    must(pthread_mutex_lock(&gate->lock));
    /* acq_rel, as the announcement in enter(). */
    atomic_fetch_or_explicit(&gate->waiting, GATE_SHUT, memory_order_acq_rel);
    must(pthread_mutex_unlock(&gate->lock));
    pass_barrier(gate);
}
