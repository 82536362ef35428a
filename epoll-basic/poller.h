/* SPDX-License-Identifier: MIT
 *
 * poller.h - who may read now, who may write? One call that waits for many
 * descriptors at once: Linux's epoll, in the words of mio.
 *
 * A descriptor is registered once, with a token that comes back in its events
 * (token.h) and with an interest (interest.h). From then on poller_wait()
 * gives events (event.h) in batches. The bargain has three clauses:
 *
 *   1. Edge-triggered is the default: after an event read or write until
 *      EAGAIN, or the rest is never told of.
 *   2. An event may be spurious. Descriptors are therefore non-blocking, and
 *      EAGAIN after an event is no error.
 *   3. Deregister before close. close() alone leaves the entry alive as long
 *      as a dup() or a forked child has the same open file, and then neither
 *      its events nor the entry can be got rid of.
 *
 * Any thread may call any function, also while others wait: what is registered
 * then counts at once. Of several that wait, one gets an event. Descriptors
 * stay the caller's.
 *
 * Read with: mio, `Poll` and `Registry`; epoll(7).
 */
#ifndef POLLER_H
#define POLLER_H

#include <stdint.h>

#include "event.h"
#include "interest.h"
#include "token.h"

struct poller {
    int epoll_fd; /* itself a descriptor, that polls as readable */
};

/* As a time-out: wait as long as it takes. */
#define POLLER_FOREVER INT64_C(-1)

/* -EMFILE, -ENFILE: no descriptor left; -ENOMEM. */
int poller_open(struct poller *poller);

/* Forgets all registrations. No thread may be inside. */
void poller_close(struct poller *poller);

/* Reports fd from now on; if it is ready already, there is an event for that.
 * -EEXIST: it is registered; -EBADF: it is not open; -EPERM: it is always
 * ready, as files and folders are; -EINVAL: an interest in nothing, or the
 * poller itself; -ENOSPC, -ENOMEM: too many. */
int poller_register(const struct poller *poller, int fd, struct token token,
                    unsigned interest);

/* Replaces token and interest; nothing of the old ones stays. Readiness is
 * looked at anew, so that what is ready now gives an event now. -ENOENT: it is
 * not registered; else as poller_register(). */
int poller_reregister(const struct poller *poller, int fd, struct token token,
                      unsigned interest);

/* No later wait reports fd, even if it is ready now. A batch already handed
 * out may still hold its event: there the token tells. -ENOENT, -EBADF. */
int poller_deregister(const struct poller *poller, int fd);

/* Waits until something is ready, but at most timeout_ns nanoseconds, rounded
 * up to whole milliseconds; 0 does not wait, a negative one has no end. Gives
 * the number of events written to events, at most capacity (1 or more); 0: the
 * time is up. What did not fit comes first in the waits that follow.
 *
 * A signal does not end the wait: a handler that wants that calls waker_wake()
 * (waker.h). -EINVAL: no room for an event. */
int poller_wait(const struct poller *poller, struct event *events, int capacity,
                int64_t timeout_ns);

#endif
