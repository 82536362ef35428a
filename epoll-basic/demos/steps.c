/* SPDX-License-Identifier: MIT
 *
 * steps.c - the steps of `bench`, on one poller with one waker: its eventfd is
 * the descriptor to wait for, and is registered for its edges.
 */
#include "steps.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../util.h"
#include "../waker.h"

/* Gives the number of events: 1. */
static int wait_by(enum step step, const struct waker *w)
{
    struct pollfd list = {.fd = w->event_fd, .events = POLLIN};
    struct epoll_event raw;
    struct event event;

    if (step == STEP_RAW)
        return epoll_wait(w->poller->epoll_fd, &raw, 1, -1);
    if (step == STEP_POLL)
        return poll(&list, 1, -1);
    return poller_wait(w->poller, &event, 1, POLLER_FOREVER);
}

static int take(enum step step, struct waker *w)
{
    const struct token token = token_first(1);
    eventfd_t count;

    switch (step) {
    case STEP_REGISTER:
        must(poller_deregister(w->poller, w->event_fd));
        return poller_register(w->poller, w->event_fd, token,
                               INTEREST_READABLE);
    case STEP_REREGISTER:
        return poller_reregister(w->poller, w->event_fd, token,
                                 INTEREST_READABLE);
    case STEP_WAKE:
        waker_reset(w);
        waker_wake(w);
        return wait_by(step, w) - 1;
    default:
        must(eventfd_write(w->event_fd, 1));
        must(wait_by(step, w) - 1);
        return eventfd_read(w->event_fd, &count);
    }
}

int repeat_step(enum step step, long times)
{
    struct poller poller;
    struct waker waker;

    int rc = poller_open(&poller);
    if (rc < 0)
        return rc;
    rc = waker_open(&waker, &poller, token_first(1));
    if (rc == 0) {
        while (rc == 0 && times-- > 0)
            rc = take(step, &waker);
        waker_close(&waker);
    }
    poller_close(&poller);
    return rc;
}
