/* SPDX-License-Identifier: MIT
 *
 * event.h - what the poller reports: for whom, and what is worth trying now.
 *
 * An event is a hint, never a fact: by the time it is handled another thread
 * may have taken the bytes, or it may be spurious. Only the read or the write
 * itself tells. Therefore two questions are enough for a correct program,
 * event_is_readable() and event_is_writable(): a hang-up or an error answers
 * yes to both, since the call will then not block but say what happened. (mio
 * answers no there for a pipe whose writer has died, and a program that asks
 * only for readable never learns of the end.) The other three save a call to
 * those who care.
 *
 * The layout is the kernel's own, so that a batch needs no copying.
 *
 * Read with: mio, `Event`; Linux epoll_ctl(2).
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <sys/epoll.h>

#include "token.h"

struct event {
    struct epoll_event raw; /* packed on x86-64: 12 bytes, not 16 */
};

/* As given to poller_register() or, last, to poller_reregister(). */
static inline struct token event_token(const struct event *event)
{
    return token_unpack(event->raw.data.u64);
}

static inline bool event_has(const struct event *event, uint32_t mask)
{
    return (event->raw.events & mask) != 0;
}

/* A read, or an accept, is worth trying: there is data, the end, or an error. */
static inline bool event_is_readable(const struct event *event)
{
    return event_has(event,
                     EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
}

/* A write is worth trying: there is room, or an error to learn of. */
static inline bool event_is_writable(const struct event *event)
{
    return event_has(event, EPOLLOUT | EPOLLHUP | EPOLLERR);
}

/* No more bytes will arrive; some may still be there to be read. */
static inline bool event_is_read_closed(const struct event *event)
{
    return event_has(event, EPOLLRDHUP | EPOLLHUP);
}

/* Nobody will take what is written. An error beside mere data does not say so:
 * it may be news of a packet (see MSG_ERRQUEUE in recv(2)). */
static inline bool event_is_write_closed(const struct event *event)
{
    return event_has(event, EPOLLHUP) ||
           (event_has(event, EPOLLERR) &&
            (event_has(event, EPOLLOUT) || event->raw.events == EPOLLERR));
}

/* An error waits at the socket: getsockopt(2), SO_ERROR. */
static inline bool event_is_error(const struct event *event)
{
    return event_has(event, EPOLLERR);
}

#endif
