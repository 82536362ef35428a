/* SPDX-License-Identifier: MIT
 *
 * pool.h - workers that share out tasks by stealing.
 *
 * Each worker is a thread with deques of its own. It takes its own tasks first;
 * with none left it steals another worker's; with none anywhere it looks a few
 * times more and then sleeps, and costs nothing until it is woken.
 *
 * A thread outside enters by pool_run(): its job starts on some worker. From
 * there on every function is handed `top`, the place for the next task of the
 * worker it runs on, and hands that on to join(), scope_run() and the rest. It
 * also says who one is: worker_of(top). A top is good on its own worker's thread
 * only, and only as long as the call that it was handed to.
 *
 * The rule of every such pool: a task must not block on something that only
 * another task will do, and hold no lock across join() or scope_run(). A worker
 * that waits there helps, that is, it runs whatever task it finds, on top of
 * the frames it already has.
 *
 * Read with: Rayon's documentation (crate page, FAQ, ThreadPool).
 */
#ifndef POOL_H
#define POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "deque.h"

struct pool;

enum { POOL_MOST_WORKERS = 1024 };

/* Starts so many workers. 0 stands for the number in the environment variable
 * SCOPED_DEMO_THREADS, or without it for as many as there are CPUs that this
 * process may use (sched_getaffinity(2)). Pools know nothing of each other, and
 * there may be several. -EINVAL: more than POOL_MOST_WORKERS, or the variable
 * holds no such number; -ENOMEM; -EAGAIN: a thread could not be started (those
 * that were are gone again). */
int pool_new(struct pool **out, unsigned workers);

/* Stops the workers and waits for their threads. No pool_run() may be under
 * way. NULL is fine. */
void pool_free(struct pool *pool);

unsigned pool_size(const struct pool *pool);

/* What has happened in it since it was made: tasks that the worker stole, and
 * tasks that were put on the heap (scope.h). Only while no job is in the pool. */
size_t pool_steals(const struct pool *pool, unsigned worker);
size_t pool_allocations(const struct pool *pool);

/* Runs run(top, arg) on a worker and blocks until it has returned; its result is
 * the result. Any thread outside the pool may call it, many at once (each job
 * starts when a worker is free); a worker of another pool may, and is then
 * blocked as well. -EDEADLK: the caller is a worker of this very pool, which
 * would wait for itself: it has join() and scope_run(). */
int pool_run(struct pool *pool, int (*run)(struct task *top, void *arg),
             void *arg);

/* ---- What join, scope and parallel are made of ---- */

enum { WORKER_SPARES = 64 };

struct worker {
    /* Tasks of join(): pushed and taken back by frames that know the top. */
    _Alignas(64) struct deque *joins; /* a line of its own for each worker */
    /* Tasks of scopes: they stay when the frame that spawned them goes, so their
     * top is kept here; those from the floor on were spawned since the worker's
     * innermost scope began. All three are the owner's. */
    struct deque *spawns;
    struct task *spawn_top, *spawn_floor;

    struct pool *pool; /* fixed by pool_new() */
    unsigned id;
    pthread_t thread;

    /* Its own: whom it stole from last, how often; tasks that it put on the heap,
     * and the memory of some that have run, for the next ones. */
    unsigned victim;
    size_t steals, allocations;
    unsigned spares;
    void *spare[WORKER_SPARES];

    _Atomic uint32_t sleep; /* AWAKE, or how it sleeps: a futex (pool.c) */
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

/* Wakes w if it sleeps; else w will look once more before it does. */
void worker_wake(struct worker *w);

#endif
