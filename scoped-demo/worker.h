/* SPDX-License-Identifier: MIT
 *
 * worker.h - a worker of a pool: what join, scope and parallel are made of.
 *
 * It takes its own tasks first; with none left it steals another worker's; with
 * none anywhere it looks a few times more and then sleeps, and costs nothing
 * until it is woken.
 *
 * All but worker_wake() and crew_wake_idle() is called on the worker's own thread.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deque.h"

/* Those who steal from each other. */
struct crew {
    unsigned count; /* fixed by pool_new() */
    struct worker *worker;
    atomic_uint sleepers; /* sleep words that do not say AWAKE */
};

enum { WORKER_SPARES = 64 };

struct worker {
    /* Tasks of join(): pushed and taken back by frames that know the top. */
    _Alignas(64) struct deque *joins; /* a line of its own for each worker */
    /* Tasks of scopes: they stay when the frame that spawned them goes, so their
     * top is kept here; those from the floor on were spawned since the worker's
     * innermost scope began. All three are the owner's. */
    struct deque *spawns;
    struct task *spawn_top, *spawn_floor;

    struct crew *crew; /* fixed by worker_init() */
    unsigned id;

    /* Its own: whom it stole from last, how often; tasks that it put on the heap,
     * and the memory of some that have run, for the next ones. */
    unsigned victim;
    size_t steals, allocations;
    unsigned spares;
    void *spare[WORKER_SPARES];

    _Atomic uint32_t sleep; /* AWAKE, or how it sleeps: a futex (worker.c) */
};

static inline struct worker *worker_of(struct task *top)
{
    return deque_of(top)->worker;
}

/* From 0 to pool_size() - 1. */
static inline unsigned worker_id(struct task *top)
{
    return worker_of(top)->id;
}

/* The crew's worker number id, awake and without tasks; joins and spawns are its
 * deques. worker_destroy() frees what it keeps, when its thread has ended. */
void worker_init(struct worker *w, struct crew *crew, unsigned id,
                 struct deque *joins, struct deque *spawns);
void worker_destroy(struct worker *w);

/* Answers those who ask, out of the deque that *top was just pushed to, and wakes
 * one if it sleeps. False: there was no room for *top, which then is no task. */
bool worker_answer(struct task *top);

/* Whether the youngest task, *top, is the worker's again, to be run. Meanwhile
 * answers those who ask. False: it was stolen; await it, and deque_forget(). */
bool worker_take_back(struct task *top);

/* Whether slots are taken of tasks that the worker itself spawned into its
 * innermost scope. */
static inline bool worker_has_spawned(const struct worker *w)
{
    return w->spawn_top > w->spawn_floor;
}

/* Runs the youngest of them, or only frees its slot if it was stolen. */
void worker_run_spawned(struct task *top);

/* Helps until over(what) says true: runs tasks, first those that the worker
 * itself spawned into its innermost scope, then the likely victim's (or NULL),
 * then anybody's; and sleeps when there are none. Who makes it true calls
 * worker_wake(). */
void worker_await(struct task *top, struct worker *likely,
                  bool (*over)(void *what), void *what);

/* The same, for a worker that has no frame to return to. Who makes it true may
 * call crew_wake_idle(). */
void worker_idle(struct task *top, bool (*over)(void *what), void *what);

/* Wakes w if it sleeps; else w will look once more before it does. */
void worker_wake(struct worker *w);

/* Wakes one that sleeps in worker_idle(). False: none does. */
bool crew_wake_idle(struct crew *crew);

#endif
