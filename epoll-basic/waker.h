/* SPDX-License-Identifier: MIT
 *
 * waker.h - ends another thread's poller_wait(), from any thread and from any
 * signal handler.
 *
 * Wakes merge: however many there were before a wait, it reports one event,
 * with the waker's token. So a wake carries no number and no data; put those
 * where both threads may look (a queue and its lock), then wake, and after the
 * event take all that is there. A wake after the wait has returned is kept
 * for the next one: none is lost.
 *
 * Read with: mio, `Waker`; eventfd(2).
 */
#ifndef WAKER_H
#define WAKER_H

#include "poller.h"

struct waker {
    const struct poller *poller; /* borrowed: outlives the waker */
    int event_fd;
};

/* A waker for who waits at poller; its events carry token. One is enough for
 * any number of threads. -EMFILE, -ENFILE, -ENOMEM, -ENOSPC. */
int waker_open(struct waker *waker, const struct poller *poller,
               struct token token);

/* No thread may be about to wake. */
void waker_close(struct waker *waker);

/* Never blocks, leaves errno alone. An event is there when it returns; there is
 * nothing to read or to reset after it. Each wake is one system call, also when
 * one is pending already. */
void waker_wake(const struct waker *waker);

#endif
