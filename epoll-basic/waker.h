/* SPDX-License-Identifier: MIT
 *
 * waker.h - ends another thread's poller_wait(), from any thread and from any
 * signal handler.
 *
 * Wakes merge: however many there were before a wait, it reports one event,
 * with the waker's token, and only the first of them was a system call. So a
 * wake carries no number and no data. Who has something to tell
 *
 *   1. puts it where both threads may look (a queue and its lock);
 *   2. calls waker_wake();
 *
 * and who gets the event
 *
 *   1. calls waker_reset(): from now on wakes count anew;
 *   2. takes all that is there.
 *
 * In this order on both sides no wake is lost: what is put before a wake that
 * merged is there to be taken, and a wake after the reset is a new event. The
 * event may find that all has been taken before: then it was spurious.
 *
 * Read with: mio, `Waker`; libuv, `async.c`; eventfd(2).
 */
#ifndef WAKER_H
#define WAKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "poller.h"

struct waker {
    const struct poller *poller; /* borrowed: outlives the waker */
    int event_fd;
    atomic_bool pending; /* a wake since the last reset */
};

/* A waker for who waits at poller; its events carry token. One is enough for
 * any number of threads. -EMFILE, -ENFILE, -ENOMEM, -ENOSPC. */
int waker_open(struct waker *waker, const struct poller *poller,
               struct token token);

/* No thread may be about to wake. */
void waker_close(struct waker *waker);

/* Never blocks, leaves errno alone. One system call, or none if a wake is
 * pending already. */
void waker_wake(struct waker *waker);

/* After each event of the waker, before looking for what it was about: until
 * then every wake merges into this one. Only who waits may call it. */
void waker_reset(struct waker *waker);

#endif
