/* SPDX-License-Identifier: MIT
 *
 * deque.c - one lock, one ring.
 *
 * Invariant, whenever the lock is free: the tasks are slot[top], slot[top + 1],
 * ... slot[bottom - 1] (indices modulo the capacity), top the oldest, and
 * bottom - top <= DEQUE_CAPACITY. The two counters may wrap round: only their
 * difference counts, and the capacity divides what they wrap at.
 *
 * The lock makes every operation one step, so owner and thief cannot both get
 * the last task. It is also what pool.c's proof that no one oversleeps leans on.
 */
#include "deque.h"

#include <assert.h>

#include "util.h"

static_assert((DEQUE_CAPACITY & (DEQUE_CAPACITY - 1)) == 0,
              "the counters may only wrap at a multiple of the capacity");

void deque_init(struct deque *d)
{
    must(pthread_mutex_init(&d->lock, NULL));
    d->top = d->bottom = 0;
}

void deque_destroy(struct deque *d)
{
    must(pthread_mutex_destroy(&d->lock));
}

bool deque_push(struct deque *d, struct task task)
{
    must(pthread_mutex_lock(&d->lock));
    bool room = d->bottom - d->top < DEQUE_CAPACITY;
    if (room)
        d->slot[d->bottom++ % DEQUE_CAPACITY] = task;
    must(pthread_mutex_unlock(&d->lock));
    return room;
}

bool deque_pop(struct deque *d, struct task *out)
{
    must(pthread_mutex_lock(&d->lock));
    bool found = d->bottom != d->top;
    if (found)
        *out = d->slot[--d->bottom % DEQUE_CAPACITY];
    must(pthread_mutex_unlock(&d->lock));
    return found;
}

bool deque_steal(struct deque *d, struct task *out)
{
    must(pthread_mutex_lock(&d->lock));
    bool found = d->bottom != d->top;
    if (found)
        *out = d->slot[d->top++ % DEQUE_CAPACITY];
    must(pthread_mutex_unlock(&d->lock));
    return found;
}

bool deque_has_task(struct deque *d)
{
    must(pthread_mutex_lock(&d->lock));
    bool found = d->bottom != d->top;
    must(pthread_mutex_unlock(&d->lock));
    return found;
}
