/* SPDX-License-Identifier: MIT
 *
 * executor.c - a queue of tasks that are worth polling, and who polls them.
 *
 * A task's state is three bits:
 *
 *                  wake             its turn            pending
 *     0 (waits) ----------> QUEUED ----------> POLLING ----------> 0
 *                             ^                   |  wake, pending
 *                             |                   v
 *                             +---------- POLLING | QUEUED
 *
 * and DONE, once it was ready or dropped. Who turns 0 into QUEUED puts it into
 * the queue, and nobody else does: so it stands there at most once, and at most
 * one thread polls it. A wake in the middle of a poll cannot know whether the
 * poll saw what it is about; it leaves the bit, and the poller puts the task
 * back into the queue.
 *
 * Who is counted by whom: a task's memory by its wakers, and by the executor
 * until it is done; the executor's memory by its owner and by the memory of
 * tasks. So a late waker finds both. Only the owner's part ends with
 * executor_free(): then the queue is closed.
 *
 * Sleeping: one thread may be in the driver, the others wait for the condition.
 * Who puts a task into the queue rouses one of those, or else the driver's.
 *
 * Read with: tokio, "Making the Tokio scheduler 10x faster"; Rust Atomics and
 * Locks, ch. 6 (counting).
 */
#include "executor.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "util.h"

enum { QUEUED = 1 << 0, POLLING = 1 << 1, DONE = 1 << 2 };

struct task {
    atomic_uint state;
    atomic_uint owners; /* wakers, and the executor until it is done */
    struct executor *executor;
    struct task *behind; /* in the queue */

    struct task *next, **link; /* among the living; *link is this one */
    alignas(max_align_t) unsigned char future[]; /* of its real size */
};

struct executor {
    struct driver *driver;
    unsigned budget;
    atomic_size_t owners; /* tasks in memory, and who called executor_new() */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t roused;
    struct task *first, **last; /* the queue; *last is its end, a NULL */
    struct task *living;        /* not done */
    size_t waiting;             /* threads, for the condition */
    bool driving, driver_waits; /* a thread is in the driver; it may block */
    pthread_t driving_thread;   /* if driving */
    bool closed;                /* by executor_free() */
    int failure;                /* of the driver, or executor_stop() */
};

int executor_new(struct executor **out, struct driver *driver, unsigned budget)
{
    struct executor *ex = calloc(1, sizeof *ex);
    if (ex == NULL)
        return -ENOMEM;
    must(pthread_mutex_init(&ex->lock, NULL));
    must(pthread_cond_init(&ex->roused, NULL));
    ex->driver = driver;
    ex->budget = budget > 0 ? budget : EXECUTOR_BUDGET;
    ex->last = &ex->first;
    atomic_init(&ex->owners, 1);
    *out = ex;
    return 0;
}

/* ---- Counting ---- */

static void executor_disown(struct executor *ex)
{
    /* acq_rel, "used for the last time" by all others, before it is freed. */
    if (atomic_fetch_sub_explicit(&ex->owners, 1, memory_order_acq_rel) > 1)
        return;
    must(pthread_cond_destroy(&ex->roused));
    must(pthread_mutex_destroy(&ex->lock));
    free(ex);
}

static void task_own(void *whom)
{
    struct task *task = whom;

    /* relaxed: who clones has a waker, so the count is not 0 and need not tell
     * anybody anything. */
    atomic_fetch_add_explicit(&task->owners, 1, memory_order_relaxed);
}

static void task_disown(void *whom)
{
    struct task *task = whom;

    /* acq_rel, "used for the last time" by all others, before it is freed. */
    if (atomic_fetch_sub_explicit(&task->owners, 1, memory_order_acq_rel) > 1)
        return;
    struct executor *ex = task->executor;
    free(task);
    executor_disown(ex);
}

/* ---- The queue; under the lock ---- */

/* Whoever sleeps and could poll a task. The thread in the driver looks at the
 * queue anyhow when it comes back, so that it need not rouse itself. */
static void rouse_one(struct executor *ex)
{
    if (ex->waiting > 0) {
        must(pthread_cond_signal(&ex->roused));
    } else if (ex->driver_waits &&
               !pthread_equal(ex->driving_thread, pthread_self())) {
        ex->driver_waits = false; /* once is enough */
        ex->driver->unpark(ex->driver);
    }
}

static void append(struct executor *ex, struct task *task)
{
    task->behind = NULL;
    *ex->last = task;
    ex->last = &task->behind;
    rouse_one(ex);
}

static struct task *take_first(struct executor *ex)
{
    struct task *task = ex->first;

    if (task != NULL) {
        ex->first = task->behind;
        if (ex->first == NULL)
            ex->last = &ex->first;
    }
    return task;
}

/* ---- Waking ---- */

/* The caller has turned its state to QUEUED, and has a waker or polls it: it is
 * there. */
static void enqueue(struct task *task)
{
    struct executor *ex = task->executor;

    must(pthread_mutex_lock(&ex->lock));
    if (!ex->closed) /* else nobody will take it, and others are freed */
        append(ex, task);
    must(pthread_mutex_unlock(&ex->lock));
}

static void task_wake_by_ref(void *whom)
{
    struct task *task = whom;

    /* release, "worth a poll"; pairs with poll_task(), also over other wakes
     * that come between: they are read-modify-writes too. */
    if (atomic_fetch_or_explicit(&task->state, QUEUED, memory_order_release) ==
        0)
        enqueue(task);
}

static void task_wake(void *whom)
{
    task_wake_by_ref(whom);
    task_disown(whom);
}

static const struct task_waker_table task_table = {
    .clone = task_own,
    .wake = task_wake,
    .wake_by_ref = task_wake_by_ref,
    .drop = task_disown,
};

/* ---- A task's life ---- */

int executor_spawn(struct executor *ex, const struct future *future,
                   size_t size)
{
    struct task *task = malloc(sizeof *task + size);
    if (task == NULL)
        return -ENOMEM;
    atomic_init(&task->state, QUEUED);
    atomic_init(&task->owners, 1);
    task->executor = ex;
    memcpy(task->future, future, size);

    must(pthread_mutex_lock(&ex->lock));
    if (ex->closed) {
        must(pthread_mutex_unlock(&ex->lock));
        free(task);
        return -ECANCELED;
    }
    /* relaxed: the caller has the executor, so the count is not 0. */
    atomic_fetch_add_explicit(&ex->owners, 1, memory_order_relaxed);
    task->next = ex->living;
    task->link = &ex->living;
    if (task->next != NULL)
        task->next->link = &task->next;
    ex->living = task;
    append(ex, task);
    must(pthread_mutex_unlock(&ex->lock));
    return 0;
}

/* One turn of a task that was taken from the queue. True: it is over; its future
 * was dropped. */
static bool poll_task(struct task *task)
{
    struct future *future = (struct future *)task->future;
    struct task_waker waker = {&task_table, task}; /* lent, not counted */

    /* acquire, pairs with "worth a poll", and with "polled" below. From here on
     * a wake means another turn. */
    atomic_exchange_explicit(&task->state, POLLING, memory_order_acquire);
    if (future_poll(future, &waker) == FUTURE_READY) {
        /* relaxed: it only keeps wakes from queueing; they look at nothing. */
        atomic_store_explicit(&task->state, DONE, memory_order_relaxed);
        future_drop(future);
        return true;
    }
    /* release, "polled": the next turn, perhaps in another thread, finds the
     * future as this one leaves it. */
    unsigned before = atomic_fetch_and_explicit(
        &task->state, ~(unsigned)POLLING, memory_order_release);
    if (before & QUEUED)
        enqueue(task);
    return false;
}

/* Under the lock. */
static void bury(struct task *task)
{
    *task->link = task->next;
    if (task->next != NULL)
        task->next->link = task->link;
    task_disown(task);
}

void executor_free(struct executor *ex)
{
    if (ex == NULL)
        return;
    must(pthread_mutex_lock(&ex->lock));
    ex->closed = true;
    struct task *task = ex->living;
    ex->living = NULL;
    must(pthread_mutex_unlock(&ex->lock));

    while (task != NULL) {
        struct task *next = task->next;
        /* relaxed: as in poll_task(). */
        atomic_store_explicit(&task->state, DONE, memory_order_relaxed);
        future_drop((struct future *)task->future);
        task_disown(task);
        task = next;
    }
    executor_disown(ex);
}

/* ---- Running: under the lock, but for the turns themselves ---- */

/* Lets go of the lock for one turn of task. */
static void give_turn(struct executor *ex, struct task *task)
{
    must(pthread_mutex_unlock(&ex->lock));
    bool over = poll_task(task);
    must(pthread_mutex_lock(&ex->lock));
    if (over)
        bury(task);
}

/* Lets go of the lock while the driver waits, or only looks. */
static void drive(struct executor *ex)
{
    bool may_block = ex->first == NULL;

    ex->driving = true;
    ex->driver_waits = may_block;
    ex->driving_thread = pthread_self();
    must(pthread_mutex_unlock(&ex->lock));
    int rc = ex->driver->wait(ex->driver, may_block);
    must(pthread_mutex_lock(&ex->lock));
    ex->driving = ex->driver_waits = false;
    if (rc < 0)
        ex->failure = rc;
    if (ex->waiting > 0) /* someone else may drive while this one polls */
        must(pthread_cond_signal(&ex->roused));
}

/* When the run is over, all of its threads are told. */
static void rouse_all(struct executor *ex)
{
    must(pthread_cond_broadcast(&ex->roused));
    if (ex->driver_waits) {
        ex->driver_waits = false;
        ex->driver->unpark(ex->driver);
    }
}

int executor_run(struct executor *ex)
{
    unsigned turns = 0; /* since this thread looked at the driver */

    must(pthread_mutex_lock(&ex->lock));
    while (ex->living != NULL && ex->failure == 0) {
        bool may_drive = ex->driver != NULL && !ex->driving;
        struct task *task = NULL;
        if (turns < ex->budget || !may_drive)
            task = take_first(ex);
        if (task != NULL) {
            turns++;
            give_turn(ex, task);
        } else if (may_drive) {
            turns = 0;
            drive(ex);
        } else {
            ex->waiting++;
            must(pthread_cond_wait(&ex->roused, &ex->lock));
            ex->waiting--;
        }
    }
    rouse_all(ex);
    int rc = ex->failure;
    must(pthread_mutex_unlock(&ex->lock));
    return rc;
}

void executor_stop(struct executor *ex)
{
    must(pthread_mutex_lock(&ex->lock));
    if (ex->failure == 0)
        ex->failure = -ECANCELED;
    rouse_all(ex);
    must(pthread_mutex_unlock(&ex->lock));
}

size_t executor_run_ready(struct executor *ex)
{
    size_t ready = 0, polled = 0;

    must(pthread_mutex_lock(&ex->lock));
    for (struct task *task = ex->first; task != NULL; task = task->behind)
        ready++;
    while (polled < ready && ex->first != NULL) {
        give_turn(ex, take_first(ex));
        polled++;
    }
    must(pthread_mutex_unlock(&ex->lock));
    return polled;
}
