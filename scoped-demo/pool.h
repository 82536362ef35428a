/* SPDX-License-Identifier: MIT
 *
 * pool.h - workers that share out tasks by stealing.
 *
 * Each worker is a thread with deques of its own; worker.h says how it lives.
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

#include <stddef.h>

struct pool;
struct task;

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

/* The three in one: a pool for this job alone. What run gives, or what pool_new()
 * gives if it fails. */
int pool_once(unsigned workers, int (*run)(struct task *top, void *arg),
              void *arg);

#endif
