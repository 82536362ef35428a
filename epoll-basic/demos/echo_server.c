/* SPDX-License-Identifier: MIT
 *
 * echo_server.c - three tasks written out: one accepts, one serves (there is one
 * for each connection), one waits for a signal. Each `case` ends where an await
 * would stand; `break` goes on with the next state, without a new poll.
 *
 * Read with: tokio, "I/O"; the async book, "Executors and System IO".
 */
#include <netinet/tcp.h>
#include <sys/signalfd.h>

#include "../demo.h"
#include "../tcp.h"
#include "echo.h"

/* ---- One connection ---- */

enum {
    PIECE = 4096,
    PIECES_A_TURN = 16, /* then others have their turn: a sender that is
                           always ahead must not keep us */
};

struct connection {
    struct future future;
    struct echo *echo;
    int fd;
    struct token source;
    enum { READS, AWAITS_BYTES, WRITES, AWAITS_ROOM } state;
    struct reactor_ready bytes, room;
    size_t filled, written;
    char piece[PIECE];
};

/* After a short read there is no more; or there is, and an event for it. */
static void after_writing(struct connection *self)
{
    self->state = self->filled < PIECE ? AWAITS_BYTES : READS;
}

static enum progress poll_connection(struct future *future,
                                     const struct task_waker *waker)
{
    struct connection *self = (struct connection *)future;
    struct reactor *reactor = self->echo->reactor;
    int pieces = 0;
    ssize_t count;

    for (;;) {
        switch (self->state) {
        case READS:
            if (pieces++ == PIECES_A_TURN) {
                task_waker_wake_by_ref(waker);
                return FUTURE_PENDING;
            }
            self->bytes = reactor_readable(reactor, self->source);
            count = tcp_read(self->fd, self->piece, PIECE);
            if (count == 0 || (count < 0 && count != -EAGAIN))
                return FUTURE_READY; /* the end, or the peer has gone */
            self->filled = count > 0 ? (size_t)count : 0;
            self->written = 0;
            self->state = count > 0 ? WRITES : AWAITS_BYTES;
            break;
        case AWAITS_BYTES:
            if (future_poll(&self->bytes.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            self->state = READS;
            break;
        case WRITES:
            self->room = reactor_writable(reactor, self->source);
            count = tcp_write(self->fd, self->piece + self->written,
                              self->filled - self->written);
            if (count < 0 && count != -EAGAIN)
                return FUTURE_READY;
            self->written += count > 0 ? (size_t)count : 0;
            if (count < 0)
                self->state = AWAITS_ROOM;
            else if (self->written == self->filled)
                after_writing(self);
            break;
        case AWAITS_ROOM:
            if (future_poll(&self->room.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            self->state = WRITES;
            break;
        }
    }
}

/* At its end, or in the middle if the executor is stopped. */
static void drop_connection(struct future *future)
{
    struct connection *self = (struct connection *)future;

    future_drop(&self->bytes.future);
    future_drop(&self->room.future);
    must(reactor_deregister(self->echo->reactor, self->source));
    close(self->fd);
}

/* A fresh one, before its first poll, owns nothing but its descriptor. */
static int welcome(struct echo *echo, int fd)
{
    struct connection connection = {
        .future = {poll_connection, drop_connection}, .echo = echo, .fd = fd};
    const int on = 1;

    /* An answer is not held back for an ACK. */
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    int rc = reactor_register(echo->reactor, fd, &connection.source);
    if (rc < 0)
        return rc;
    /* To be polled and dropped before it ever waited, it has two leaves. */
    connection.bytes = reactor_readable(echo->reactor, connection.source);
    connection.room = reactor_writable(echo->reactor, connection.source);
    rc = executor_spawn(echo->executor, &connection.future, sizeof connection);
    if (rc < 0)
        must(reactor_deregister(echo->reactor, connection.source));
    return rc;
}

/* ---- Who accepts ---- */

struct acceptor {
    struct future future;
    struct echo *echo;
    struct token source;
    enum { ACCEPTS, AWAITS_GUEST, RESTS } state;
    struct reactor_ready guest;
    struct reactor_timer rest;
    bool complained;
};

/* No descriptor, or no memory, for a guest who stays in the backlog: no event
 * will tell of him again, so look once more in a while. */
static void rest(struct acceptor *self, int why)
{
    if (!self->complained)
        error(0, why, "accept: tries again every 0.1 s");
    self->complained = true;
    self->rest = reactor_timer(self->echo->reactor, now_ns() + 100000000);
    self->state = RESTS;
}

static enum progress poll_acceptor(struct future *future,
                                   const struct task_waker *waker)
{
    struct acceptor *self = (struct acceptor *)future;
    struct sockaddr_in peer;

    for (;;) {
        switch (self->state) {
        case ACCEPTS:
            self->guest = reactor_readable(self->echo->reactor, self->source);
            int fd = tcp_accept(self->echo->listener, &peer);
            int rc = fd < 0 ? fd : welcome(self->echo, fd);
            if (rc == 0) {
                atomic_fetch_add_explicit(&self->echo->served, 1,
                                          memory_order_relaxed);
                break;
            }
            if (fd >= 0)
                close(fd);
            if (rc == -EAGAIN)
                self->state = AWAITS_GUEST;
            else
                rest(self, -rc);
            break;
        case AWAITS_GUEST:
            if (future_poll(&self->guest.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            self->state = ACCEPTS;
            break;
        case RESTS:
            if (future_poll(&self->rest.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            if (self->rest.rc < 0) /* without a rest it would ask for ever */
                error(EXIT_FAILURE, -self->rest.rc, "wait for a timer");
            future_drop(&self->rest.future);
            self->state = ACCEPTS;
            break;
        }
    }
}

static void drop_acceptor(struct future *future)
{
    struct acceptor *self = (struct acceptor *)future;

    future_drop(&self->guest.future);
    if (self->state == RESTS)
        future_drop(&self->rest.future);
    must(reactor_deregister(self->echo->reactor, self->source));
    close(self->echo->listener);
}

int echo_listen(struct echo *echo)
{
    struct acceptor acceptor = {.future = {poll_acceptor, drop_acceptor},
                                .echo = echo};

    echo->listener = tcp_listen(&echo->address);
    if (echo->listener < 0)
        return echo->listener;
    int rc = reactor_register(echo->reactor, echo->listener, &acceptor.source);
    if (rc < 0)
        return rc;
    acceptor.guest = reactor_readable(echo->reactor, acceptor.source);
    return executor_spawn(echo->executor, &acceptor.future, sizeof acceptor);
}

/* ---- Who waits for a signal ---- */

struct signal_wait {
    struct future future;
    struct echo *echo;
    int fd;
    struct token source;
    struct reactor_ready signal;
};

static enum progress poll_signal(struct future *future,
                                 const struct task_waker *waker)
{
    struct signal_wait *self = (struct signal_wait *)future;

    if (future_poll(&self->signal.future, waker) == FUTURE_PENDING)
        return FUTURE_PENDING;
    executor_stop(self->echo->executor);
    return FUTURE_READY;
}

static void drop_signal(struct future *future)
{
    struct signal_wait *self = (struct signal_wait *)future;

    future_drop(&self->signal.future);
    must(reactor_deregister(self->echo->reactor, self->source));
    close(self->fd);
}

int echo_stop_on_signal(struct echo *echo)
{
    struct signal_wait wait = {.future = {poll_signal, drop_signal},
                               .echo = echo};
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    wait.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (wait.fd < 0)
        return -errno;
    int rc = reactor_register(echo->reactor, wait.fd, &wait.source);
    if (rc < 0)
        return rc;
    wait.signal = reactor_readable(echo->reactor, wait.source);
    return executor_spawn(echo->executor, &wait.future, sizeof wait);
}
