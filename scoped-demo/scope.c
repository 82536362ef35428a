/* SPDX-License-Identifier: MIT
 *
 * scope.c - heap tasks, and a count of those that have not ended.
 *
 * The count is in two parts. `mine` is the owner's alone, who in the common case
 * spawns a task and runs it too, and so should pay for no atomic addition;
 * `others` is everyone else's. What has not ended is their sum, and each part
 * alone may be negative: a task may be spawned here and end there. Before the
 * owner waits it adds its part to the others', and from then on whoever brings
 * that to zero ends the scope, and wakes the owner.
 *
 * Nobody takes zero for the end too early: whoever adds a task is one that has
 * not ended itself. And whoever drops out does not touch the scope again, which
 * from then on may be gone: the owner to be woken is read before, and a worker
 * lives as long as the pool.
 */
#include "scope.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "util.h"
#include "worker.h"

struct spawned {
    int (*run)(struct task *top, struct scope *s, void *arg);
    void *arg;
    struct scope *scope;
    struct spawned *next; /* in the queue of a FIFO scope */
};

struct queue {
    pthread_mutex_t lock; /* guards the list, the oldest first */
    struct spawned *first, **last;
};

struct scope {
    struct worker *owner; /* whose frame it lies in */
    long mine;            /* the owner's */
    atomic_long others;
    atomic_int error;    /* 0 until the first */
    struct queue *queue; /* of a FIFO scope, or NULL */
};

/* ---- Counting ---- */

static void add(struct scope *s, struct worker *w)
{
    if (w == s->owner)
        s->mine++;
    else
        /* relaxed: the caller is counted, so nobody can see the end meanwhile. */
        atomic_fetch_add_explicit(&s->others, 1, memory_order_relaxed);
}

static void drop(struct scope *s, struct worker *w)
{
    struct worker *owner = s->owner; /* after the drop it is too late */

    if (w == owner)
        s->mine--;
    /* seq_cst, "one has ended", pairs with is_over(): release, so that what the
     * task did is seen, and in one order with falling asleep (worker.c). */
    else if (atomic_fetch_sub_explicit(&s->others, 1, memory_order_seq_cst) ==
             1)
        worker_wake(owner);
}

static bool is_over(void *scope)
{
    struct scope *s = scope;

    if (s->mine != 0) {
        /* relaxed: the sum stays as it was, and the load below is strict. */
        atomic_fetch_add_explicit(&s->others, s->mine, memory_order_relaxed);
        s->mine = 0;
    }
    /* seq_cst, pairs with "one has ended". */
    return atomic_load_explicit(&s->others, memory_order_seq_cst) == 0;
}

/* ---- Errors ---- */

static void keep_first_error(struct scope *s, int rc)
{
    int none = 0;

    /* relaxed twice: who wins is all that matters, and scope_run() reads it
     * after the count, which orders all that came before each drop. */
    if (rc != 0)
        atomic_compare_exchange_strong_explicit(
            &s->error, &none, rc, memory_order_relaxed, memory_order_relaxed);
}

int scope_error(struct scope *s)
{
    /* relaxed: an early word; nothing else is read by it. */
    return atomic_load_explicit(&s->error, memory_order_relaxed);
}

/* ---- The heap ---- */

/* One that the worker kept, or else a new one. NULL: there is no memory. */
static struct spawned *allocate(struct worker *w)
{
    return w->spares > 0 ? w->spare[--w->spares]
                         : malloc(sizeof(struct spawned));
}

static void release(struct worker *w, struct spawned *spawned)
{
    if (w->spares < WORKER_SPARES)
        w->spare[w->spares++] = spawned;
    else
        free(spawned);
}

/* ---- Tasks ---- */

static void put_in_queue(struct queue *q, struct spawned *spawned)
{
    must(pthread_mutex_lock(&q->lock));
    spawned->next = NULL;
    *q->last = spawned;
    q->last = &spawned->next;
    must(pthread_mutex_unlock(&q->lock));
}

static struct spawned *take_from_queue(struct queue *q)
{
    must(pthread_mutex_lock(&q->lock));
    struct spawned *oldest = q->first;
    q->first = oldest->next;
    if (q->first == NULL)
        q->last = &q->first;
    must(pthread_mutex_unlock(&q->lock));
    return oldest;
}

static void run_spawned(struct task *top, void *arg)
{
    struct worker *w = worker_of(top);
    struct spawned task = *(struct spawned *)arg;

    release(w, arg);
    keep_first_error(task.scope, task.run(top, task.scope, task.arg));
    drop(task.scope, w); /* the scope may be gone now */
}

/* Of a FIFO scope, a task in a deque says only that one may begin, and the oldest
 * does. There are as many of the one as of the other. */
static void run_oldest(struct task *top, void *queue)
{
    run_spawned(top, take_from_queue(queue));
}

static void offer(struct task *top, void (*run)(struct task *top, void *arg),
                  void *arg)
{
    struct worker *w = worker_of(top);
    struct task *task;

    for (;;) {
        task = w->spawn_top;
        task->run.spawned = run;
        task->word.pointer = arg;
        if (deque_push(task) || worker_answer(task)) {
            w->spawn_top = task + 1;
            return;
        }
        if (!worker_has_spawned(w)) {
            run(top, arg);
            return;
        }
        worker_run_spawned(top); /* that makes room */
    }
}

int scope_spawn(struct scope *s, struct task *top,
                int (*run)(struct task *top, struct scope *s, void *arg),
                void *arg)
{
    struct worker *w = worker_of(top);
    struct spawned *spawned = allocate(w);
    if (spawned == NULL)
        return -ENOMEM;

    *spawned = (struct spawned){.run = run, .arg = arg, .scope = s};
    w->allocations++;
    add(s, w);
    if (s->queue == NULL) {
        offer(top, run_spawned, spawned);
    } else {
        put_in_queue(s->queue, spawned);
        offer(top, run_oldest, s->queue);
    }
    return 0;
}

static int run_scope(struct task *top, struct queue *queue,
                     int (*body)(struct task *top, struct scope *s, void *arg),
                     void *arg)
{
    struct worker *w = worker_of(top);
    struct task *floor = w->spawn_floor;
    struct scope s = {.owner = w, .queue = queue};

    w->spawn_floor = w->spawn_top;
    keep_first_error(&s, body(top, &s, arg));
    while (worker_has_spawned(w))
        worker_run_spawned(top);
    if (!is_over(&s))
        worker_await(top, NULL, is_over, &s);
    w->spawn_floor = floor;
    return scope_error(&s);
}

int scope_run(struct task *top,
              int (*body)(struct task *top, struct scope *s, void *arg),
              void *arg)
{
    return run_scope(top, NULL, body, arg);
}

int scope_run_fifo(struct task *top,
                   int (*body)(struct task *top, struct scope *s, void *arg),
                   void *arg)
{
    struct queue queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

    queue.last = &queue.first;
    int rc = run_scope(top, &queue, body, arg);
    must(pthread_mutex_destroy(&queue.lock));
    return rc;
}
