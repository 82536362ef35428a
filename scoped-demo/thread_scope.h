/* SPDX-License-Identifier: MIT
 *
 * thread_scope.h - plain threads that borrow the caller's frame, joined before
 * it dies.
 *
 * pthread_create() alone lets a function return while its thread still reads
 * the function's variables. A thread scope closes that hole by its shape: the
 * threads are started inside a body, and the call that runs the body joins what
 * is left of them before it returns. What lies in the frame of the caller of
 * thread_scope_run(), the threads may therefore use. No pool is needed, and each
 * thread costs a thread: some 10 us and a stack.
 *
 * Only the thread that called thread_scope_run() calls the functions below; a
 * thread that wants children opens a scope of its own.
 *
 * Read with: crossbeam's documentation of scoped threads; Rust Cookbook,
 * "Spawn a short-lived thread".
 */
#ifndef THREAD_SCOPE_H
#define THREAD_SCOPE_H

struct thread_scope;  /* lives in the frame of thread_scope_run() */
struct scoped_thread; /* the scope's, good until the scope ends */

/* Runs body(scope, arg) in this thread, then waits for each thread that was not
 * joined by hand. 0, or an error: the body's, else that of the first thread, in
 * the order of spawning, that nobody joined by hand. */
int thread_scope_run(int (*body)(struct thread_scope *ts, void *arg),
                     void *arg);

/* Starts a thread that runs run(arg), which gives 0 or a negative errno. *out,
 * unless out is NULL, is for thread_scope_join(). -ENOMEM, -EAGAIN: there is no
 * such thread, and the others run on; the caller decides whether that is an
 * error of the body. */
int thread_scope_spawn(struct thread_scope *ts, struct scoped_thread **out,
                       int (*run)(void *arg), void *arg);

/* Waits for the thread's end and gives its result, which is then no longer the
 * scope's concern. It may be called again, and says the same. */
int thread_scope_join(struct scoped_thread *thread);

#endif
