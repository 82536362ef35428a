/* SPDX-License-Identifier: MIT
 *
 * task.h - work that leaves the loop, and the two ways its result comes back:
 * the task is joined (its done callback), or it sends a value before it ends
 * (a one-shot channel).
 *
 * A loop belongs to the thread that runs it. A call into it from another
 * thread is a data race, so every function here is for the loop's thread only,
 * but for the two a sender may call from anywhere: oneshot_send() and
 * oneshot_drop_sender().
 *
 * Who owns what. libuv knows two kinds of things, and neither may be freed
 * while libuv still points at it:
 * - A request (uv_work_t, uv_write_t) is libuv's from the call that starts it
 *   until its callback, which comes exactly once, cancelled or not. In that
 *   callback it is yours again.
 * - A handle (uv_timer_t, uv_tcp_t, uv_async_t) is libuv's from its _init
 *   until its close callback: uv_close() only asks, and may be called once.
 * A loop that still has either is not closed: uv_loop_close() says UV_EBUSY.
 *
 * Read with: Tokio's documentation, task::spawn_blocking, task::JoinHandle,
 * sync::oneshot; the libuv guide, "Threads".
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* ---- A job on the pool: spawn_blocking and its join handle ---- */

/* In the caller's memory, which must stay where it is until done is called.
 * It needs no preparation. The fields are task.c's. */
struct task {
    uv_work_t request;
    int (*job)(void *argument);
    void (*done)(struct task *task, int rc);
    void *argument;
    int rc; /* the pool thread's while the job runs, then the loop's */
    bool under_way;
};

/* Runs job(argument) on a thread of libuv's pool (four of them, unless
 * UV_THREADPOOL_SIZE says otherwise; all loops and all file requests share
 * them). The job may block and must not touch the loop. Does not block; the
 * task is libuv's until done is called, once, on the loop's thread, with what
 * job returned (0 or a negative errno), or -ECANCELED if it never ran. From
 * then on *argument holds what the job left there, and the task may be
 * spawned anew or freed, in done itself too. -EINVAL: job is NULL. */
int task_spawn(struct task *task, uv_loop_t *loop, int (*job)(void *argument),
               void (*done)(struct task *task, int rc), void *argument);

/* Takes back a job that still waits for a thread: 0, it will not run, and done
 * comes with -ECANCELED. -EBUSY: too late, it runs or has ended; no thread can
 * be stopped from outside, so the job goes on and done comes as if nothing had
 * been said. For a task that was spawned at least once. */
int task_cancel(struct task *task);

/* ---- One value, once, from any thread to the loop ---- */

struct oneshot; /* task.c alone sees the lock */

/* A channel for one value of value_size bytes, with two ends. The sender ends
 * by one call of oneshot_send() or oneshot_drop_sender(); the receiver by
 * being told: received(argument, 0, value), or received(argument, -EPIPE,
 * NULL) when the sender let go without a value. It is called on the loop's
 * thread, at most once, never from inside a call made here; value is valid
 * until it returns and aligned for any type, and the oneshot is then gone for
 * the receiver. Until then it keeps the loop alive. -EINVAL: a size of 0;
 * -ENOMEM. */
int oneshot_new(struct oneshot **out, uv_loop_t *loop, size_t value_size,
                void (*received)(void *argument, int rc, const void *value),
                void *argument);

/* The receiver gives up before it was told; received is never called. */
void oneshot_close(struct oneshot *oneshot);

/* Any thread; copies *value. The sender's end is gone, whatever the result.
 * -EPIPE: the receiver has given up. 0 does not promise that it still listens
 * when the value arrives. Does not block. */
int oneshot_send(struct oneshot *oneshot, const void *value);

/* Any thread: there will be no value. */
void oneshot_drop_sender(struct oneshot *oneshot);

#endif
