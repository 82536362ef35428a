/* SPDX-License-Identifier: MIT
 *
 * executor.h - polls futures to their end: each is a task, and a task is polled
 * when it is new, and then once for each time it was woken.
 *
 * Wakes of a task that waits for its turn already merge into one: a bit of the
 * task says that it is queued. Tasks and executor are counted: a waker may come
 * from any thread, after its task is over, even after executor_free(), and then
 * does nothing.
 *
 * Several threads may run one executor: a task is still polled by one at a time,
 * and one of the threads waits in the driver for the others.
 *
 * Read with: the async book, "Build an Executor"; Futures Explained in 200
 * Lines; Writing an OS in Rust, "Executor with Waker Support".
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "future.h"

struct executor;

/* What the executor does when no task is ready, and now and then if some are.
 * It wakes the tasks for which something has happened: reactor.h has one. */
struct driver {
    /* Wakes those whose time has come; if may_block, waits for the first. A
     * negative errno ends executor_run(). One thread at a time is inside. */
    int (*wait)(struct driver *driver, bool may_block);

    /* Ends the wait of another thread, or the one that it is about to begin. */
    void (*unpark)(struct driver *driver);
};

/* Tasks polled between two looks at the driver, if nothing else is said. */
enum { EXECUTOR_BUDGET = 64 };

/* An executor without tasks. The driver is borrowed and outlives it; NULL: all
 * wakes come from other threads. budget: after so many polls it looks at the
 * driver, though more tasks are ready; 0 for EXECUTOR_BUDGET. -ENOMEM. */
int executor_new(struct executor **out, struct driver *driver, unsigned budget);

/* Drops the tasks that are left, here and now. No thread may be in the other
 * functions, but wakers may be used at any time. NULL is let pass. */
void executor_free(struct executor *executor);

/* Makes a task of a future that was not polled yet, by copying its size bytes:
 * it moves into the task, which drops it. Any thread may spawn, tasks too.
 * -ENOMEM: not spawned, still the caller's. -ECANCELED: so too, the executor is
 * being freed. */
int executor_spawn(struct executor *executor, const struct future *future,
                   size_t size);

/* Polls what is ready and waits for more, until no task is left. Several
 * threads may run it; all return. If the driver fails: what it reported, now
 * and ever after. */
int executor_run(struct executor *executor);

/* Ends the run though tasks are left: executor_run() returns -ECANCELED, now and
 * ever after, in each thread when the poll that it is at is over. Any thread may
 * call it, tasks too. executor_free() then drops what is left. */
void executor_stop(struct executor *executor);

/* Polls those who are ready now, each once, and waits for nothing: how many it
 * were. */
size_t executor_run_ready(struct executor *executor);

#endif
