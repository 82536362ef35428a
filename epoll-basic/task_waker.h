/* SPDX-License-Identifier: MIT
 *
 * task_waker.h - whom a future tells that polling it again is worth the while.
 *
 * Two words: who is to be told, and a table of functions that know how. That is
 * all the three parties know of each other: the executor makes the waker, the
 * future stores it, and whoever sees the event (a reactor, another thread) uses
 * it. (waker.h, below all this, ends a wait; this one chooses a task.)
 *
 * A waker is owned, as memory is: each clone ends in one wake or one drop, and
 * until then whom it tells stays alive, though perhaps no longer interested.
 * The functions here keep the books: what they took away is empty afterwards.
 *
 * clone and drop may be called under a lock of the future's: they must not call
 * back. wake is never called under a lock.
 *
 * Read with: Futures Explained in 200 Lines, "Waker and Context";
 * std::task::RawWakerVTable.
 */
#ifndef TASK_WAKER_H
#define TASK_WAKER_H

#include <stdbool.h>
#include <stddef.h>

struct task_waker_table {
    void (*clone)(void *whom);       /* one owner more */
    void (*wake)(void *whom);        /* tells, and one owner less */
    void (*wake_by_ref)(void *whom); /* tells */
    void (*drop)(void *whom);        /* one owner less */
};

struct task_waker {
    const struct task_waker_table *table; /* NULL: tells nobody */
    void *whom;
};

static inline struct task_waker task_waker_clone(const struct task_waker *waker)
{
    if (waker->table != NULL)
        waker->table->clone(waker->whom);
    return *waker;
}

/* Moves the waker out of where it was stored: now it is the caller's. */
static inline struct task_waker task_waker_take(struct task_waker *waker)
{
    struct task_waker taken = *waker;

    *waker = (struct task_waker){.table = NULL};
    return taken;
}

static inline void task_waker_wake(struct task_waker *waker)
{
    struct task_waker taken = task_waker_take(waker);

    if (taken.table != NULL)
        taken.table->wake(taken.whom);
}

static inline void task_waker_wake_by_ref(const struct task_waker *waker)
{
    if (waker->table != NULL)
        waker->table->wake_by_ref(waker->whom);
}

static inline void task_waker_drop(struct task_waker *waker)
{
    struct task_waker taken = task_waker_take(waker);

    if (taken.table != NULL)
        taken.table->drop(taken.whom);
}

static inline bool task_waker_same(const struct task_waker *a,
                                   const struct task_waker *b)
{
    return a->table == b->table && a->whom == b->whom;
}

/* Stores the newest waker in place of the last one: what a future does at every
 * poll that ends in "pending", since it may have moved to another task. Costs
 * nothing if it has not. */
static inline void task_waker_store(struct task_waker *place,
                                    const struct task_waker *newest)
{
    if (task_waker_same(place, newest))
        return;
    struct task_waker last = *place;
    *place = task_waker_clone(newest);
    task_waker_drop(&last);
}

#endif
