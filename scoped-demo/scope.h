/* SPDX-License-Identifier: MIT
 *
 * scope.h - any number of tasks, all ended before the scope returns.
 *
 * Where join() has two halves, a scope has as many tasks as its body, and they
 * themselves, care to spawn. They may use what lies in the frame that called
 * scope_run(), since that frame cannot die before they have. The price: a task
 * outlives the frame it was spawned in, so each takes a piece of the heap.
 *
 * Tasks begin in no promised order: a worker takes its own youngest first
 * (LIFO), thieves take the oldest. In a FIFO scope, whoever comes takes the
 * oldest that has not begun, for a lock taken at each task.
 *
 * Read with: Rayon's documentation of scope and scope_fifo.
 */
#ifndef SCOPE_H
#define SCOPE_H

struct scope; /* lives in the frame of scope_run() */
struct task;

/* Runs body(top, scope, arg) here, and returns when it and all tasks spawned
 * into the scope have ended, even if some fail. 0, or the error that came first
 * in time, be it the body's or a task's (each gives 0 or a negative errno).
 * While tasks are under way elsewhere, the worker runs other tasks or sleeps. */
int scope_run(struct task *top,
              int (*body)(struct task *top, struct scope *s, void *arg),
              void *arg);

/* The same, but its tasks begin in the order in which they were spawned. */
int scope_run_fifo(struct task *top,
                   int (*body)(struct task *top, struct scope *s, void *arg),
                   void *arg);

/* Adds a task: run(top, s, arg), on some worker of the pool, sooner or later.
 * The body and the tasks of s call it, each with the top it was handed. arg is
 * borrowed until the task has ended. If the worker has DEQUE_CAPACITY tasks
 * waiting, another one of them, or this one, has run when this returns. -ENOMEM: there will be no such
 * task, and the scope goes on; the caller decides whether that is an error. */
int scope_spawn(struct scope *s, struct task *top,
                int (*run)(struct task *top, struct scope *s, void *arg),
                void *arg);

/* The error that scope_run() will give, or 0 as long as there is none: for
 * tasks that would stop early when a sibling has failed. */
int scope_error(struct scope *s);

#endif
