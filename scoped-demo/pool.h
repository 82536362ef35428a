/* SPDX-License-Identifier: MIT
 *
 * pool.h - workers that share out tasks by stealing.
 *
 * Each worker is a thread with a deque of its own. It takes its own tasks
 * first; with none left it steals another worker's; with none anywhere it looks
 * a few times more and then sleeps, and costs nothing until it is woken.
 *
 * A thread outside enters by pool_run(): its job starts on some worker. From
 * there on every function is told which worker it runs on, and hands that on to
 * join() and scope_run(), which is all that most code needs from here. A
 * `struct worker *` is good on that worker's own thread only.
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

struct pool;
struct worker;

enum { POOL_MOST_WORKERS = 1024 };

/* Starts so many workers, or with 0 as many as there are CPUs that this process
 * may use (sched_getaffinity(2)). Pools know nothing of each other, and there
 * may be several. -EINVAL: more than POOL_MOST_WORKERS; -ENOMEM; -EAGAIN:
 * a thread could not be started (those that were are gone again). */
int pool_new(struct pool **out, unsigned workers);

/* Stops the workers and waits for their threads. No pool_run() may be under
 * way. NULL is fine. */
void pool_free(struct pool *pool);

unsigned pool_size(const struct pool *pool);

/* Runs run(worker, arg) on a worker and blocks until it has returned; its
 * result is the result. Any thread outside the pool may call it, many at once
 * (each job starts when a worker is free); a worker of another pool may, and is
 * then blocked as well. -EDEADLK: the caller is a worker of this very pool,
 * which would wait for itself: it has join() and scope_run(). */
int pool_run(struct pool *pool, int (*run)(struct worker *w, void *arg),
             void *arg);

#endif
