/* SPDX-License-Identifier: MIT
 *
 * scope.h - any number of tasks, all ended before the scope returns.
 *
 * Where join() has two halves, a scope has as many tasks as its body, and they
 * themselves, care to spawn. They may use what lies in the frame that called
 * scope_run(), since that frame cannot die before they have. The price: a task
 * outlives the frame it was spawned in, so each takes a piece of the heap.
 *
 * Tasks begin in no promised order: a worker takes its own youngest first,
 * thieves take the oldest.
 *
 * Read with: Rayon's documentation of scope.
 */
#ifndef SCOPE_H
#define SCOPE_H

struct scope; /* lives in the frame of scope_run() */
struct worker;

/* Runs body(w, scope, arg) on w, and returns when it and all tasks spawned into
 * the scope have ended, even if some fail. 0, or the error that came first in
 * time, be it the body's or a task's (each gives 0 or a negative errno). While
 * tasks are under way elsewhere, w runs other tasks or sleeps. To be called on
 * w's own thread. */
int scope_run(struct worker *w,
              int (*body)(struct worker *w, struct scope *s, void *arg),
              void *arg);

/* Adds a task: run(worker, s, arg), on some worker of the pool, sooner or later.
 * The body and the tasks of s call it, each with the worker it runs on. arg is
 * borrowed until the task has ended. If w's deque is full the task has run when
 * this returns. -ENOMEM: there will be no such task, and the scope goes on; the
 * caller decides whether that is an error of its own. */
int scope_spawn(struct scope *s, struct worker *w,
                int (*run)(struct worker *w, struct scope *s, void *arg),
                void *arg);

#endif
