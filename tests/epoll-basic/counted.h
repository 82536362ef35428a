/* SPDX-License-Identifier: MIT
 *
 * counted.h - for tests of futures: a waker that counts what is done with it,
 * and a future that is ready when it is told to be.
 */
#ifndef COUNTED_H
#define COUNTED_H

#include "future.h"

/* ---- A waker made by hand ---- */

struct counts {
    int owners, wakes;
};

static inline void count_clone(void *whom)
{
    ((struct counts *)whom)->owners++;
}

static inline void count_wake_by_ref(void *whom)
{
    ((struct counts *)whom)->wakes++;
}

static inline void count_drop(void *whom)
{
    ((struct counts *)whom)->owners--;
}

static inline void count_wake(void *whom)
{
    count_wake_by_ref(whom);
    count_drop(whom);
}

static const struct task_waker_table count_table = {
    count_clone, count_wake, count_wake_by_ref, count_drop};

/* Lent: counts nothing until it is cloned. */
static inline struct task_waker counting_waker(struct counts *counts)
{
    return (struct task_waker){&count_table, counts};
}

/* ---- A future that is pending so many times ---- */

struct script {
    struct future future;
    int pending; /* so many polls more */
    int *polls, *drops;
    struct task_waker waker; /* the newest */
};

static inline enum progress poll_script(struct future *future,
                                        const struct task_waker *waker)
{
    struct script *self = (struct script *)future;

    ++*self->polls;
    if (self->pending-- == 0)
        return FUTURE_READY;
    task_waker_store(&self->waker, waker);
    return FUTURE_PENDING;
}

static inline void drop_script(struct future *future)
{
    struct script *self = (struct script *)future;

    ++*self->drops;
    task_waker_drop(&self->waker);
}

static inline struct script script(int pending, int *polls, int *drops)
{
    return (struct script){.future = {poll_script, drop_script},
                           .pending = pending,
                           .polls = polls,
                           .drops = drops};
}

#endif
