/* SPDX-License-Identifier: MIT
 *
 * waker.c - an eventfd, registered for its edges.
 *
 * Each write to an eventfd adds to its counter, and is an edge also when the
 * counter was not 0. Being edge-triggered, the entry goes to the ready list
 * once, however many writes there were since the last wait, and leaves it with
 * the wait that reports it. So nobody needs to read the counter; it only
 * grows. After 2^64 - 2 wakes it is full: then it is emptied first.
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
    *waker = (struct waker){.poller = poller, .event_fd = fd};
    return 0;
}

void waker_close(struct waker *waker)
{
    must(poller_deregister(waker->poller, waker->event_fd));
    close(waker->event_fd);
    waker->event_fd = -1;
}

void waker_wake(const struct waker *waker)
{
    int kept = errno; /* a signal handler must leave it as it was */
    eventfd_t count;

    while (eventfd_write(waker->event_fd, 1) < 0) {
        /* Full: empty it, or see that someone else has. */
        if (errno == EAGAIN)
            (void)eventfd_read(waker->event_fd, &count);
        else if (errno != EINTR)
            must(-errno);
    }
    errno = kept;
}
