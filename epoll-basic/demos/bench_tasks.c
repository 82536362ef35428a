/* SPDX-License-Identifier: MIT
 *
 * bench_tasks.c - what a task's life, a turn, and a wait for a byte cost.
 */
#include "bench_tasks.h"

#include <sys/socket.h>

#include "../demo.h"
#include "../reactor.h"
#include "../tcp.h"

/* ---- A life ---- */

static enum progress poll_nothing(struct future *future,
                                  const struct task_waker *waker)
{
    (void)future, (void)waker;
    return FUTURE_READY;
}

static int spawn_to_end(long tasks, long batch)
{
    const struct future nothing = {poll_nothing, NULL};
    struct executor *ex;

    int rc = executor_new(&ex, NULL, 0);
    if (rc < 0)
        return rc;
    for (long done = 0; rc == 0 && done < tasks; done += batch) {
        for (long i = 0; rc == 0 && i < batch; i++)
            rc = executor_spawn(ex, &nothing, sizeof nothing);
        if (rc == 0)
            rc = executor_run(ex);
    }
    executor_free(ex);
    return rc;
}

int bench_spawn_to_end(long tasks)
{
    return spawn_to_end(tasks, 1);
}

int bench_spawn_100(long tasks)
{
    return spawn_to_end(tasks, 100);
}

/* ---- A turn ---- */

struct turns {
    struct future future;
    long left;
};

static enum progress poll_turns(struct future *future,
                                const struct task_waker *waker)
{
    struct turns *self = (struct turns *)future;

    if (--self->left == 0)
        return FUTURE_READY;
    task_waker_wake_by_ref(waker);
    return FUTURE_PENDING;
}

int bench_wake_and_poll(long polls)
{
    const struct turns turns = {{poll_turns, NULL}, polls};
    struct executor *ex;

    int rc = executor_new(&ex, NULL, 0);
    if (rc < 0)
        return rc;
    rc = executor_spawn(ex, &turns.future, sizeof turns);
    if (rc == 0)
        rc = executor_run(ex);
    executor_free(ex);
    return rc;
}

/* ---- A byte there and back ---- */

struct player {
    struct future future;
    struct reactor *reactor;
    int fd;
    struct token source;
    bool waits, serves; /* serves: and does not read first */
    struct reactor_ready ready;
    long left; /* rounds */
};

/* A short read, so the leaf made before it tells of the next byte. */
static enum progress poll_player(struct future *future,
                                 const struct task_waker *waker)
{
    struct player *self = (struct player *)future;
    char bytes[8];

    for (;;) {
        if (self->serves)
            (void)tcp_write(self->fd, "x", 1);
        self->serves = false;
        if (self->left == 0)
            return FUTURE_READY;
        if (self->waits &&
            future_poll(&self->ready.future, waker) == FUTURE_PENDING)
            return FUTURE_PENDING;
        self->ready = reactor_readable(self->reactor, self->source);
        self->waits = true;
        self->serves = tcp_read(self->fd, bytes, sizeof bytes) > 0;
        self->left -= self->serves;
    }
}

static int play(struct reactor *reactor, struct executor *ex, const int *fds,
                long rounds)
{
    struct player players[2] = {{.serves = true}, {.serves = false}};
    int rc = 0;

    for (int i = 0; rc == 0 && i < 2; i++) {
        players[i].future.poll = poll_player;
        players[i].reactor = reactor;
        players[i].fd = fds[i];
        players[i].left = rounds;
        rc = reactor_register(reactor, fds[i], &players[i].source);
        if (rc == 0)
            rc = executor_spawn(ex, &players[i].future, sizeof players[i]);
    }
    if (rc == 0)
        rc = executor_run(ex);
    for (int i = 0; i < 2; i++)
        (void)reactor_deregister(reactor, players[i].source);
    return rc;
}

int bench_ping_pong(long rounds)
{
    struct reactor *reactor = NULL;
    struct executor *ex = NULL;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        return -errno;
    int rc = reactor_new(&reactor);
    if (rc == 0)
        rc = executor_new(&ex, reactor_driver(reactor), 0);
    if (rc == 0)
        rc = play(reactor, ex, fds, rounds);
    executor_free(ex);
    reactor_free(reactor);
    close(fds[0]);
    close(fds[1]);
    return rc;
}
