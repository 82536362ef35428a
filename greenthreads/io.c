/* SPDX-License-Identifier: MIT
 *
 * io.c - an epoll instance, and who waits for each descriptor.
 *
 * Each descriptor is registered once, edge-triggered, in both directions. That is
 * enough: a green thread parks only after the system call has said EAGAIN, and
 * whatever arrives after that is a new edge. Edges nobody waits for are
 * forgotten: who comes later tries first.
 *
 * All events of one epoll_wait() are handled before any green thread runs. So no
 * event can be left over for a descriptor that has been closed since.
 *
 * A read from TCP that gave less than was asked for has emptied the socket, so
 * the next one parks at once: that saves one system call in three where a peer
 * asks and waits. Nothing is missed by it. What comes after the read is a new
 * edge; what came before, but gave no byte (the end, a reset, an urgent mark,
 * where a read stops short), was either reported with EPOLLRDHUP, EPOLLHUP,
 * EPOLLERR or EPOLLPRI, after which a short read tells no more, or its edge is
 * still to be reported. Pipes, terminals and other sockets stop short for
 * reasons of their own: there each read tries first.
 */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "util.h"

enum { FAIRNESS = 64 };

enum direction { READING, WRITING };

struct wait { /* lives in the frame of who waits */
    struct thread *thread;
    bool closed;
};

struct source {
    bool adopted, socket;
    bool short_is_empty;  /* TCP, and nothing but data so far */
    bool empty;           /* nothing to read before the next event */
    struct wait *wait[2]; /* by direction; NULL: nobody */
};

struct io {
    struct runtime_driver driver; /* first: the runtime knows only this */
    struct runtime *rt;
    int epoll_fd;
    struct source *source; /* by descriptor; moves when it grows */
    int room;
    unsigned calls; /* ever; modulo FAIRNESS */
};

/* ---- The driver ---- */

static void wake(struct io *io, const struct source *source, enum direction d)
{
    if (source->wait[d] != NULL)
        runtime_wake(io->rt, source->wait[d]->thread);
}

/* Milliseconds until deadline, rounded up: rounded down, the last of them would
 * be spent looking again and again. -1 is for ever. */
static int milliseconds_until(int64_t deadline)
{
    if (deadline == RUNTIME_NEVER)
        return -1;
    int64_t now = now_ns();
    if (deadline <= now)
        return 0;
    int64_t left = deadline - now;
    int64_t ms = left / 1000000 + (left % 1000000 != 0);
    return ms < 1000000 ? (int)ms : 1000000; /* it will be called again */
}

static int wait_for_events(struct runtime_driver *driver, int64_t deadline)
{
    struct io *io = (struct io *)driver;
    struct epoll_event events[256];
    int timeout = deadline == 0 ? 0 : milliseconds_until(deadline);
    int count = epoll_wait(io->epoll_fd, events, 256, timeout);

    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        const uint32_t both = EPOLLHUP | EPOLLERR; /* always reported */
        const uint32_t more_than_data = EPOLLRDHUP | EPOLLPRI | both;
        struct source *source = &io->source[events[i].data.fd];
        if (events[i].events & more_than_data)
            source->short_is_empty = false;
        if (events[i].events & (EPOLLIN | more_than_data)) {
            source->empty = false;
            wake(io, source, READING);
        }
        if (events[i].events & (EPOLLOUT | both))
            wake(io, source, WRITING);
    }
    return 0;
}

static void free_io(struct runtime_driver *driver)
{
    struct io *io = (struct io *)driver;

    close(io->epoll_fd);
    free(io->source);
    free(io);
}

static int new_io(struct runtime *rt)
{
    struct io *io = calloc(1, sizeof *io);
    if (io == NULL)
        return -ENOMEM;
    io->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (io->epoll_fd < 0) {
        int rc = -errno;
        free(io);
        return rc;
    }
    io->rt = rt;
    io->driver.wait = wait_for_events;
    io->driver.free = free_io;
    int rc = runtime_set_driver(rt, (struct runtime_driver *)io);
    if (rc < 0)
        free_io((struct runtime_driver *)io);
    return rc;
}

/* ---- Descriptors ---- */

static bool is_ours(const struct runtime_driver *driver)
{
    return driver != NULL && driver->wait == wait_for_events;
}

/* The runtime's driver, which is ours. */
static struct io *io_of(const struct runtime *rt)
{
    return (struct io *)runtime_driver(rt);
}

/* fd's entry if it was adopted, else NULL. */
static struct source *find(const struct runtime *rt, int fd)
{
    const struct io *io = io_of(rt);
    bool known = is_ours(runtime_driver(rt)) && fd >= 0 && fd < io->room;
    return known && io->source[fd].adopted ? &io->source[fd] : NULL;
}

static int make_room(struct io *io, int fd)
{
    if (fd < io->room)
        return 0;
    int room = fd < 32 ? 64 : 2 * fd;
    struct source *source =
        reallocarray(io->source, (size_t)room, sizeof *source);
    if (source == NULL)
        return -ENOMEM;
    for (int i = io->room; i < room; i++)
        source[i] = (struct source){.adopted = false};
    io->source = source;
    io->room = room;
    return 0;
}

/* The protocol of a socket; -1: it is none. */
static int protocol_of(int fd)
{
    int protocol;
    socklen_t size = sizeof protocol;
    int rc = getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
    return rc == 0 ? protocol : -1;
}

int io_adopt(struct runtime *rt, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -errno;
    int rc = runtime_driver(rt) == NULL ? new_io(rt) : 0;
    if (rc == 0 && !is_ours(runtime_driver(rt)))
        rc = -EBUSY;
    if (rc == 0)
        rc = make_room(io_of(rt), fd);
    if (rc < 0)
        return rc;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP |
                                          EPOLLPRI | EPOLLET,
                                .data.fd = fd};
    if (epoll_ctl(io_of(rt)->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return -errno;
    if ((flags & O_NONBLOCK) == 0 &&
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        rc = -errno;
        must(epoll_ctl(io_of(rt)->epoll_fd, EPOLL_CTL_DEL, fd, NULL));
        return rc;
    }
    int protocol = protocol_of(fd);
    io_of(rt)->source[fd] =
        (struct source){.adopted = true,
                        .socket = protocol >= 0,
                        .short_is_empty = protocol == IPPROTO_TCP};
    return 0;
}

int io_close(struct runtime *rt, int fd)
{
    struct io *io = io_of(rt);
    struct source *source = find(rt, fd);
    if (source == NULL)
        return -EBADF;
    for (enum direction d = READING; d <= WRITING; d++) {
        if (source->wait[d] == NULL)
            continue;
        source->wait[d]->closed = true;
        wake(io, source, d);
    }
    *source = (struct source){.adopted = false};
    /* Said aloud, since a copy of fd elsewhere would keep it registered. Refused,
     * it was closed behind our back, and the number may be another's by now. */
    if (epoll_ctl(io->epoll_fd, EPOLL_CTL_DEL, fd, NULL) < 0)
        return -EBADF;
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

/* ---- Waiting ---- */

/* 0: try again. Nobody else waits: check() has looked, and since then the caller
 * has run, or has stood here itself. */
static int wait_until_ready(int fd, enum direction d, int64_t deadline)
{
    struct io *io = io_of(runtime_current());
    struct wait self = {.thread = runtime_self()};

    io->source[fd].wait[d] = &self;
    io->driver.waiting++;
    int rc = runtime_park(deadline);
    io->driver.waiting--;
    if (self.closed)
        return -ECANCELED; /* and fd may be another's by now */
    io->source[fd].wait[d] = NULL;
    return rc;
}

/* Whether the call may be made. One in many lets others run first: a descriptor
 * that is always ready would never park its reader. */
static int check(int fd, enum direction d)
{
    const struct runtime *rt = runtime_current();
    if (rt == NULL)
        return -EPERM;
    if (find(rt, fd) == NULL)
        return -EBADF;
    if (++io_of(rt)->calls % FAIRNESS == 0)
        must(runtime_yield());
    const struct source *source = find(rt, fd); /* still? */
    if (source == NULL)
        return -EBADF;
    return source->wait[d] != NULL ? -EBUSY : 0;
}

/* After a system call that gave -1: 0 if it is to be made again. */
static int settle(int fd, enum direction d, int64_t deadline)
{
    if (errno == EINTR)
        return 0;
    if (errno != EAGAIN)
        return -errno;
    return wait_until_ready(fd, d, deadline);
}

ssize_t io_read(int fd, void *buffer, size_t size, int64_t deadline)
{
    int rc = check(fd, READING);
    if (rc == 0 && io_of(runtime_current())->source[fd].empty)
        rc = wait_until_ready(fd, READING, deadline);
    while (rc == 0) {
        ssize_t count = read(fd, buffer, size);
        if (count >= 0) {
            struct source *source = &io_of(runtime_current())->source[fd];
            source->empty =
                source->short_is_empty && count > 0 && (size_t)count < size;
            return count;
        }
        rc = settle(fd, READING, deadline);
    }
    return rc;
}

/* write(2), but nobody is killed by a socket's SIGPIPE. */
static ssize_t write_some(int fd, const char *bytes, size_t size)
{
    bool socket = io_of(runtime_current())->source[fd].socket;
    return socket ? send(fd, bytes, size, MSG_NOSIGNAL)
                  : write(fd, bytes, size);
}

ssize_t io_write(int fd, const void *buffer, size_t size, int64_t deadline)
{
    size_t written = 0;
    int rc = check(fd, WRITING);
    while (rc == 0) {
        ssize_t count =
            write_some(fd, (const char *)buffer + written, size - written);
        if (count < 0)
            rc = settle(fd, WRITING, deadline);
        else if ((written += (size_t)count) == size)
            break;
    }
    /* Closed is said at once: the next call might meet fd's successor. */
    bool tell = rc == -ECANCELED || (rc < 0 && written == 0);
    return tell ? rc : (ssize_t)written;
}

int io_accept(int fd, int64_t deadline)
{
    int rc = check(fd, READING);
    while (rc == 0) {
        int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer < 0) {
            rc = settle(fd, READING, deadline);
            continue;
        }
        rc = io_adopt(runtime_current(), peer);
        if (rc == 0)
            return peer;
        close(peer);
    }
    return rc;
}

int io_connect(int fd, const struct sockaddr *address, socklen_t length,
               int64_t deadline)
{
    int rc = check(fd, WRITING);
    /* Asked again, connect() tells what has become of the first time. */
    while (rc == 0) {
        if (connect(fd, address, length) == 0)
            return 0;
        if (errno == EINPROGRESS || errno == EALREADY)
            rc = wait_until_ready(fd, WRITING, deadline);
        else if (errno != EINTR)
            rc = -errno;
    }
    return rc;
}
