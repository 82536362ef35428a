/* SPDX-License-Identifier: MIT
 *
 * worker.c - latches, sleeping and waking, victims, a worker's life.
 *
 * Why no worker oversleeps. A worker that wants to sleep takes the pool's lock,
 * counts itself a sleeper, and only then looks once more at everything that
 * could end its sleep; if there is nothing it waits, which gives the lock back.
 *
 *   a task    The pusher first puts it into a deque, then reads the number of
 *             sleepers. Both it and the sleeper held that deque's lock. If the
 *             pusher was first, the sleeper saw the task; if the sleeper was,
 *             the pusher sees it counted, takes the pool's lock, and wakes one.
 *   a latch   Its last drop comes first, then the dropper takes the pool's lock
 *             and wakes the owner. If the owner had the lock before, it is
 *             asleep by now and is woken; if after, it saw the latch open.
 *   a root    (a job from outside) and the order to stop change only under the
 *             pool's lock.
 *
 * No worker sleeps while its own deque has a task, so what was pushed is run
 * even if all others sleep: being woken is a matter of speed, never of hanging.
 *
 * Locks are taken in this order: the pool's, then a deque's.
 */
#include "worker.h"

#include <sched.h>

#include "pool_inside.h"
#include "util.h"

enum { ROUNDS_BEFORE_SLEEP = 16 }; /* looks around before going to sleep */

/* ---- Latches ---- */

void latch_init(struct latch *latch, struct worker *owner, size_t pending)
{
    atomic_init(&latch->pending, pending);
    latch->owner = owner;
}

void latch_add(struct latch *latch)
{
    /* relaxed: the caller is counted, so nobody can see 0 meanwhile. */
    atomic_fetch_add_explicit(&latch->pending, 1, memory_order_relaxed);
}

bool latch_is_open(struct latch *latch)
{
    /* acquire, pairs with "one has ended" of every latch_drop(). */
    return atomic_load_explicit(&latch->pending, memory_order_acquire) == 0;
}

/* ---- Sleeping and waking, with the pool's lock held ---- */

static void set_asleep(struct worker *w, bool asleep)
{
    w->asleep = asleep;
    /* relaxed: the lock orders the writers, and for the reader see
     * worker_push(). */
    if (asleep)
        atomic_fetch_add_explicit(&w->pool->sleepers, 1, memory_order_relaxed);
    else
        atomic_fetch_sub_explicit(&w->pool->sleepers, 1, memory_order_relaxed);
}

void worker_wake(struct worker *w)
{
    if (!w->asleep)
        return;
    set_asleep(w, false);
    must(pthread_cond_signal(&w->wake));
}

void worker_wake_one(struct pool *pool, bool for_root)
{
    for (unsigned i = 0; i < pool->count; i++) {
        struct worker *w = &pool->worker[i];
        if (w->asleep && !(for_root && w->in_frame)) {
            worker_wake(w);
            return;
        }
    }
}

static bool any_task(struct pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++)
        if (deque_has_task(&pool->worker[i].deque))
            return true;
    return false;
}

/* What no other worker can see to: with a latch its opening, without one a
 * root, or the order to stop. */
static bool is_called(struct worker *w, struct latch *latch)
{
    if (latch != NULL)
        return latch_is_open(latch);
    return w->pool->first != NULL || w->pool->stopping;
}

/* Sleeps until it is called, or there may be a task. */
static void sleep_until_woken(struct worker *w, struct latch *latch)
{
    w->in_frame = latch != NULL;
    set_asleep(w, true);
    if (is_called(w, latch) || any_task(w->pool))
        set_asleep(w, false);
    while (w->asleep)
        must(pthread_cond_wait(&w->wake, &w->pool->lock));
    /* It may have been woken for a task and called besides: another's turn. */
    if (is_called(w, latch) && any_task(w->pool))
        worker_wake_one(w->pool, false);
}

void latch_drop(struct latch *latch)
{
    struct worker *owner = latch->owner; /* after the drop it is too late */

    /* release, "one has ended", pairs with latch_is_open(). */
    if (atomic_fetch_sub_explicit(&latch->pending, 1, memory_order_release) > 1)
        return;
    /* From here on the owner may have returned, and the latch's frame with it.
     * The owner's struct lives as long as the pool. */
    must(pthread_mutex_lock(&owner->pool->lock));
    worker_wake(owner);
    must(pthread_mutex_unlock(&owner->pool->lock));
}

/* ---- Tasks ---- */

bool worker_push(struct worker *w, struct task task)
{
    struct pool *pool = w->pool;

    if (!deque_push(&w->deque, task))
        return false;
    /* relaxed: the deque's lock orders it with set_asleep(), as told above. */
    if (atomic_load_explicit(&pool->sleepers, memory_order_relaxed) > 0) {
        must(pthread_mutex_lock(&pool->lock));
        worker_wake_one(pool, false);
        must(pthread_mutex_unlock(&pool->lock));
    }
    return true;
}

bool worker_pop(struct worker *w, struct task *out)
{
    return deque_pop(&w->deque, out);
}

/* From every other worker in turn, beginning with the last lucky one. */
static bool steal(struct worker *w, struct task *out)
{
    struct pool *pool = w->pool;

    for (unsigned i = 0; i < pool->count; i++) {
        unsigned victim = (w->victim + i) % pool->count;
        if (victim != w->id && deque_steal(&pool->worker[victim].deque, out)) {
            w->victim = victim;
            return true;
        }
    }
    return false;
}

static bool run_a_task(struct worker *w)
{
    struct task task;

    if (!worker_pop(w, &task) && !steal(w, &task))
        return false;
    task.run(w, task.arg);
    return true;
}

void worker_await(struct worker *w, struct latch *latch)
{
    for (int idle = 0; !latch_is_open(latch);) {
        if (run_a_task(w)) {
            idle = 0;
        } else if (idle < ROUNDS_BEFORE_SLEEP) {
            idle++;
            sched_yield();
        } else {
            must(pthread_mutex_lock(&w->pool->lock));
            sleep_until_woken(w, latch);
            must(pthread_mutex_unlock(&w->pool->lock));
        }
    }
}

unsigned worker_id(const struct worker *w)
{
    return w->id;
}

/* ---- A worker's life ---- */

/* The next job from outside; sleeps when there is none and nothing to steal.
 * False: the pool stops. *out is NULL if only a task may have come. */
static bool await_root(struct worker *w, struct root **out)
{
    struct pool *pool = w->pool;

    must(pthread_mutex_lock(&pool->lock));
    sleep_until_woken(w, NULL);
    *out = pool->first;
    if (*out != NULL) {
        pool->first = (*out)->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
    }
    bool go_on = *out != NULL || !pool->stopping;
    must(pthread_mutex_unlock(&pool->lock));
    return go_on;
}

static void run_root(struct worker *w, struct root *root)
{
    int rc = root->run(w, root->arg);

    must(pthread_mutex_lock(&w->pool->lock));
    root->rc = rc;
    root->done = true; /* unlocked, the frame that root lies in may go */
    must(pthread_cond_broadcast(&w->pool->root_done));
    must(pthread_mutex_unlock(&w->pool->lock));
}

void *worker_live(void *arg)
{
    struct worker *self = arg;
    struct root *root;

    for (int idle = 0;;) {
        if (run_a_task(self)) {
            idle = 0;
        } else if (idle < ROUNDS_BEFORE_SLEEP) {
            idle++;
            sched_yield();
        } else {
            if (!await_root(self, &root))
                return NULL;
            if (root != NULL)
                run_root(self, root);
            idle = 0;
        }
    }
}
