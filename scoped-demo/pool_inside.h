/* SPDX-License-Identifier: MIT
 *
 * pool_inside.h - what pool.c and worker.c share and nobody else sees: who may
 * touch which field, and when.
 */
#ifndef POOL_INSIDE_H
#define POOL_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "deque.h"
#include "pool.h"
#include "worker.h"

enum { CACHE_LINE = 64 };

struct worker {
    _Alignas(CACHE_LINE) struct deque deque;

    struct pool *pool; /* fixed by pool_new() */
    unsigned id;
    pthread_t thread;

    unsigned victim; /* its own: whom it stole from last */

    pthread_cond_t wake; /* the rest is guarded by the pool's lock */
    bool asleep;
    bool in_frame; /* asleep: below it lie the frames of what it waits for */
};

/* A job from outside. It lies in the frame of its pool_run(). */
struct root {
    int (*run)(struct worker *w, void *arg);
    void *arg;
    int rc;
    bool done;
    struct root *next;
};

struct pool {
    unsigned count;       /* fixed by pool_new() */
    atomic_uint sleepers; /* changes under the lock, is read without it */

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t root_done;
    struct root *first, **last; /* roots that wait, in their order */
    bool stopping;

    struct worker worker[];
};

/* A worker's life, from pthread_create() to the order to stop; arg is the worker. */
void *worker_live(void *arg);

/* With the pool's lock held: wakes w if it sleeps; wakes one sleeper, for a task
 * any, for a root one that has no frames below. */
void worker_wake(struct worker *w);
void worker_wake_one(struct pool *pool, bool for_root);

#endif
