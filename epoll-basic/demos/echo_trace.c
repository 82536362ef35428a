/* SPDX-License-Identifier: MIT
 *
 * echo_trace.c - reactor --trace: one task waits for one byte, and each of the
 * three that take part says what it does. The executor knows the task and no
 * descriptor, the reactor a descriptor and no task; all they share is a waker.
 *
 * Read with: Futures Explained in 200 Lines, "Futures in Rust".
 */
#include <sys/socket.h>

#include "../demo.h"
#include "../tcp.h"
#include "echo.h"

struct scene {
    struct reactor *reactor;
    struct driver told;       /* in front of the reactor's */
    struct task_waker tasks;  /* what the traced waker stands before */
    int fds[2], polls, wakes; /* fds[1]: the peer's */
};

/* ---- A waker in front of the task's own ---- */

static void traced_clone(void *whom)
{
    (void)whom;
    trace("waker", "is cloned: the reactor keeps it");
}

static void traced_wake(void *whom)
{
    struct scene *scene = whom;

    trace("waker", "wakes: the task goes into the executor's queue");
    scene->wakes++;
    task_waker_wake(&scene->tasks);
}

static void traced_wake_by_ref(void *whom)
{
    traced_wake(whom); /* happens not: the reactor uses its waker up */
}

static void traced_drop(void *whom)
{
    (void)whom;
    trace("waker", "is dropped");
}

static const struct task_waker_table traced_table = {
    traced_clone, traced_wake, traced_wake_by_ref, traced_drop};

/* ---- The task ---- */

struct reader {
    struct future future;
    struct scene *scene;
    struct token source;
    struct reactor_ready ready;
};

static enum progress poll_reader(struct future *future,
                                 const struct task_waker *waker)
{
    struct reader *self = (struct reader *)future;
    struct scene *scene = self->scene;
    const struct task_waker traced = {&traced_table, scene};
    char byte;

    trace("executor", "polls the task, for the %s time",
          scene->polls++ == 0 ? "first" : "second");
    self->ready = reactor_readable(scene->reactor, self->source);
    ssize_t count = tcp_read(scene->fds[0], &byte, 1);
    trace("task",
          count == 1 ? "reads a byte: ready" : "reads nothing: asks the leaf");
    if (count == 1)
        return FUTURE_READY;
    task_waker_store(&scene->tasks, waker);
    enum progress progress = future_poll(&self->ready.future, &traced);
    trace("leaf", progress == FUTURE_PENDING ? "pending" : "ready");
    return progress;
}

static void drop_reader(struct future *future)
{
    struct reader *self = (struct reader *)future;

    trace("executor", "drops the task");
    must(reactor_deregister(self->scene->reactor, self->source));
}

/* ---- The driver: says so, and then waits ---- */

static int tell_and_wait(struct driver *driver, bool may_block)
{
    struct scene *scene =
        (struct scene *)((char *)driver - offsetof(struct scene, told));
    struct driver *reactor = reactor_driver(scene->reactor);

    trace("executor", "has nobody to poll: waits in the reactor");
    if (write(scene->fds[1], "x", 1) == 1)
        trace("peer", "writes a byte");
    int rc = reactor->wait(reactor, may_block);
    trace("executor", "is back");
    return rc;
}

static void need_no_unpark(struct driver *driver)
{
    (void)driver; /* there is one thread */
}

int echo_trace(void)
{
    struct scene scene = {.told = {tell_and_wait, need_no_unpark}};
    struct reader reader = {.future = {poll_reader, drop_reader},
                            .scene = &scene};
    struct executor *executor = NULL;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   scene.fds) < 0)
        error(EXIT_FAILURE, errno, "make a pair of sockets");
    int rc = reactor_new(&scene.reactor);
    if (rc == 0)
        rc = executor_new(&executor, &scene.told, 0);
    if (rc == 0)
        rc = reactor_register(scene.reactor, scene.fds[0], &reader.source);
    if (rc == 0)
        rc = executor_spawn(executor, &reader.future, sizeof reader);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a reactor");
    must(executor_run(executor));
    executor_free(executor);
    reactor_free(scene.reactor);
    close(scene.fds[0]);
    close(scene.fds[1]);
    printf("%d polls, %d wake\n", scene.polls, scene.wakes);
    return scene.polls == 2 && scene.wakes == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
