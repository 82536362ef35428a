/* SPDX-License-Identifier: MIT
 *
 * waker.c - an eventfd, registered for its edges, and a flag in front of it.
 *
 * Each write to an eventfd adds to its counter, and is an edge also when the
 * counter was not 0. So nobody needs to read the counter; it only grows. After
 * 2^64 - 2 writes it is full: then it is emptied first.
 *
 * Every access to the flag is an exchange, and exchanges of one variable stand
 * in one order. A wake that finds the flag raised has the next reset after it
 * in this order, and that reset sees what was put before the wake. A plain
 * load in its place could be done before the put has left the processor's
 * store buffer: it would see a flag that is about to fall, and the reset's
 * thread an empty queue.
 *
 * Read with: mio, `sys/unix/waker/eventfd.rs`; eventfd(2).
 */
#include "waker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "util.h"

int waker_open(struct waker *waker, const struct poller *poller,
               struct token token)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    int rc = poller_register(poller, fd, token, INTEREST_READABLE);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    waker->poller = poller;
    waker->event_fd = fd;
    atomic_init(&waker->pending, false);
    return 0;
}

void waker_close(struct waker *waker)
{
    must(poller_deregister(waker->poller, waker->event_fd));
    close(waker->event_fd);
    waker->event_fd = -1;
}

static void make_an_edge(int event_fd)
{
    int kept = errno; /* a signal handler must leave it as it was */
    eventfd_t count;

    while (eventfd_write(event_fd, 1) < 0) {
        /* Full: empty it, or see that someone else has. */
        if (errno == EAGAIN)
            (void)eventfd_read(event_fd, &count);
        else if (errno != EINTR)
            must(-errno);
    }
    errno = kept;
}

void waker_wake(struct waker *waker)
{
    /* release, "there is something to take"; pairs with waker_reset(), also
     * over other wakes in between: they are exchanges too. */
    if (!atomic_exchange_explicit(&waker->pending, true, memory_order_release))
        make_an_edge(waker->event_fd);
}

void waker_reset(struct waker *waker)
{
    /* acquire, pairs with "there is something to take" in waker_wake(). */
    (void)atomic_exchange_explicit(&waker->pending, false,
                                   memory_order_acquire);
}
