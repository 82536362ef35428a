/* SPDX-License-Identifier: MIT
 *
 * scope.c - heap tasks and a latch that counts them.
 *
 * The latch begins at one, for the body; each task is counted before anyone can
 * see it, by someone who is counted. So the count cannot touch zero before all
 * is done, and a task's drop is the last it does with the scope.
 */
#include "scope.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "worker.h"

struct scope {
    struct latch latch;
    atomic_int error; /* 0 until the first */
};

struct spawned {
    int (*run)(struct worker *w, struct scope *s, void *arg);
    void *arg;
    struct scope *scope;
};

static void keep_first_error(struct scope *s, int rc)
{
    int none = 0;

    /* relaxed twice: who wins is all that matters, and scope_run() reads it
     * after the latch, which orders all that came before each drop. */
    if (rc != 0)
        atomic_compare_exchange_strong_explicit(
            &s->error, &none, rc, memory_order_relaxed, memory_order_relaxed);
}

static void run_spawned(struct worker *w, void *arg)
{
    struct spawned task = *(struct spawned *)arg;

    free(arg);
    keep_first_error(task.scope, task.run(w, task.scope, task.arg));
    latch_drop(&task.scope->latch); /* the scope may be gone now */
}

int scope_run(struct worker *w,
              int (*body)(struct worker *w, struct scope *s, void *arg),
              void *arg)
{
    struct scope s;

    latch_init(&s.latch, w, 1);
    atomic_init(&s.error, 0);
    keep_first_error(&s, body(w, &s, arg));
    latch_drop(&s.latch);
    worker_await(w, &s.latch);
    /* relaxed: worker_await() saw the latch open. */
    return atomic_load_explicit(&s.error, memory_order_relaxed);
}

int scope_spawn(struct scope *s, struct worker *w,
                int (*run)(struct worker *w, struct scope *s, void *arg),
                void *arg)
{
    struct spawned *spawned = malloc(sizeof *spawned);
    if (spawned == NULL)
        return -ENOMEM;

    *spawned = (struct spawned){run, arg, s};
    latch_add(&s->latch);
    if (!worker_push(w, (struct task){run_spawned, spawned}))
        run_spawned(w, spawned);
    return 0;
}
