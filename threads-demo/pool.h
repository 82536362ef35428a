/* SPDX-License-Identifier: MIT
 *
 * pool.h - a fixed number of threads that run jobs from a bounded queue; the
 * results come out in the order in which the jobs went in.
 *
 * Made of the modules beside it: a channel carries the jobs to the workers, a
 * second one keeps their order, and each job has a oneshot for its result.
 *
 * One thread submits and fetches, or several that agree among themselves.
 *
 * Read with: The Rust Programming Language, ch. 21; Hoverbear, "The Future with
 * Futures"; Rayon, "ThreadPool" (dropping it finishes what was queued).
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

struct pool;

/* A job: gets the argument it was submitted with, gives a result. What both
 * point to is the caller's. */
typedef void *pool_job(void *arg);

/* Starts the workers, threads named worker-1, worker-2, ...; room for `queue` jobs
 * that none has taken yet. -EINVAL: no worker or no queue; -ENOMEM; -EAGAIN: no
 * more threads. */
int pool_new(struct pool **out, size_t workers, size_t queue);

/* Hands a job in; blocks while the queue is full. -ENOMEM: it was not taken. */
int pool_submit(struct pool *pool, pool_job *job, void *arg);

/* Waits for the oldest job not fetched yet and gives its result. -ENOENT: every
 * job has been fetched. */
int pool_fetch(struct pool *pool, void **result);

/* Finishes what is queued, joins the workers. Results not fetched are lost. Takes
 * NULL. */
void pool_free(struct pool *pool);

#endif
