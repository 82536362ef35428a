/* SPDX-License-Identifier: MIT
 *
 * echo_clients.c - a client as a task: connects, says something, hears it, again
 * and again, and leaves.
 */
#include "../demo.h"
#include "../tcp.h"
#include "echo.h"

enum { ROUNDS = 100, LENGTH = 48 };

struct client {
    struct future future;
    struct echo *echo;
    long number;
    enum { CONNECTS, AWAITS_ANSWER, SPEAKS, HEARS, AWAITS_ECHO } state;
    int fd; /* -1 before the first poll */
    struct token source;
    struct reactor_ready ready;
    int round;
    size_t heard;
    char said[LENGTH], echo_of_it[LENGTH];
};

static void fail(int rc, const char *what)
{
    error(EXIT_FAILURE, -rc, "%s", what);
}

static void connect_it(struct client *self)
{
    self->fd = tcp_open();
    if (self->fd < 0)
        fail(self->fd, "open a socket");
    int rc = reactor_register(self->echo->reactor, self->fd, &self->source);
    if (rc < 0)
        fail(rc, "watch a socket");
    self->ready = reactor_writable(self->echo->reactor, self->source);
    rc = tcp_connect(self->fd, &self->echo->address);
    if (rc < 0 && rc != -EINPROGRESS)
        fail(rc, "connect");
    self->state = AWAITS_ANSWER;
}

/* The event may be spurious: then the leaf is made anew, and asked again. */
static void hear_answer(struct client *self)
{
    struct sockaddr_in own, peer;

    self->ready = reactor_writable(self->echo->reactor, self->source);
    int rc = tcp_connected(self->fd, &own, &peer);
    if (rc < 0 && rc != -EINPROGRESS)
        fail(rc, "connect");
    self->state = rc == 0 ? SPEAKS : AWAITS_ANSWER;
}

static void speak(struct client *self)
{
    snprintf(self->said, LENGTH, "client %ld, round %d", self->number,
             self->round);
    /* A socket that is empty takes so little in one go. */
    ssize_t count = tcp_write(self->fd, self->said, LENGTH);
    if (count != LENGTH)
        fail(count < 0 ? (int)count : -EIO, "write to the server");
    self->heard = 0;
    self->state = HEARS;
}

static void hear(struct client *self)
{
    self->ready = reactor_readable(self->echo->reactor, self->source);
    ssize_t count = tcp_read(self->fd, self->echo_of_it + self->heard,
                             LENGTH - self->heard);
    if (count == -EAGAIN) {
        self->state = AWAITS_ECHO;
        return;
    }
    if (count <= 0)
        fail(count < 0 ? (int)count : -ECONNRESET, "read from the server");
    self->heard += (size_t)count;
    if (self->heard < LENGTH)
        return;
    if (memcmp(self->said, self->echo_of_it, LENGTH) != 0)
        fail(-EBADMSG, "hear what was said");
    atomic_fetch_add_explicit(&self->echo->came_back, LENGTH,
                              memory_order_relaxed);
    self->round++;
    self->state = SPEAKS;
}

static enum progress poll_client(struct future *future,
                                 const struct task_waker *waker)
{
    struct client *self = (struct client *)future;

    while (self->round < ROUNDS) {
        switch (self->state) {
        case CONNECTS:
            connect_it(self);
            break;
        case AWAITS_ANSWER:
            if (future_poll(&self->ready.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            hear_answer(self);
            break;
        case SPEAKS:
            speak(self);
            break;
        case HEARS:
            hear(self);
            break;
        case AWAITS_ECHO:
            if (future_poll(&self->ready.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            self->state = HEARS;
            break;
        }
    }
    if (atomic_fetch_sub_explicit(&self->echo->clients_left, 1,
                                  memory_order_relaxed) == 1)
        executor_stop(self->echo->executor);
    return FUTURE_READY;
}

static void drop_client(struct future *future)
{
    struct client *self = (struct client *)future;

    if (self->fd < 0)
        return;
    future_drop(&self->ready.future);
    must(reactor_deregister(self->echo->reactor, self->source));
    close(self->fd);
}

int echo_clients(struct echo *echo, long clients)
{
    int rc = 0;

    atomic_store_explicit(&echo->clients_left, clients, memory_order_relaxed);
    for (long i = 1; rc == 0 && i <= clients; i++) {
        const struct client client = {.future = {poll_client, drop_client},
                                      .echo = echo,
                                      .number = i,
                                      .fd = -1};
        rc = executor_spawn(echo->executor, &client.future, sizeof client);
    }
    return rc;
}
