/* SPDX-License-Identifier: MIT
 *
 * reactor.h - one poller for all futures: they leave their wakers here, and are
 * woken when a descriptor is ready or a time has come. It is an executor's
 * driver, and knows nothing of tasks.
 *
 * The leaves, in which every tree of awaits ends, are three: readable, writable,
 * timer. How to read, in a poll function:
 *
 *     START:  self->wait = reactor_readable(reactor, source);
 *             read(2). Some bytes: go on. -EAGAIN: to
 *     WAIT:   poll self->wait; pending: so are we. Ready: to START.
 *
 * The leaf is made before the read: it is ready once an event has come since it
 * was made. So an event between the read and the poll is not lost, and no bit
 * has to be cleared. After a short read or write of a stream one need not see
 * EAGAIN: the rest makes a new event, and the end of the stream leaves the leaf
 * ready for ever.
 *
 * Any thread may call anything; reactor_wait() by one at a time.
 *
 * Read with: the async book, "Executors and System IO"; Futures Explained in
 * 200 Lines, "Reactor".
 */
#ifndef REACTOR_H
#define REACTOR_H

#include "executor.h"
#include "poller.h"

struct reactor;

/* -EMFILE, -ENFILE, -ENOMEM. */
int reactor_new(struct reactor **out);

/* Every source must have been deregistered, no leaf may be pending, and no
 * executor may use it. NULL is let pass. */
void reactor_free(struct reactor *reactor);

/* For executor_new(). */
struct driver *reactor_driver(struct reactor *reactor);

/* Watches fd, a non-blocking descriptor, for both directions. *out names it
 * in the leaves; of those at most one may be pending in each direction, else
 * only the newest is woken. Errors as poller_register(). */
int reactor_register(struct reactor *reactor, int fd, struct token *out);

/* Forgets it; call it before close(2). Leaves that are pending or come later are
 * ready with -ECANCELED. -ENOENT: there is no such source. */
int reactor_deregister(struct reactor *reactor, struct token token);

/* ---- Leaves ---- */

struct reactor_ready {
    struct future future;
    struct reactor *reactor;
    struct token source;
    unsigned way;  /* reading or writing */
    uint32_t seen; /* events before it was made */
    bool waits;    /* its waker is with the source, or a newer leaf's */
    int rc;        /* once ready: 0, or -ECANCELED if there is no such source */
};

/* Ready when a read (or accept) is worth trying. */
struct reactor_ready reactor_readable(struct reactor *reactor,
                                      struct token source);

/* Ready when a write (or asking what became of a connect) is. */
struct reactor_ready reactor_writable(struct reactor *reactor,
                                      struct token source);

struct reactor_timer {
    struct future future;
    struct reactor *reactor;
    int64_t deadline;
    struct task_waker waker;
    uint32_t place; /* among the timers: it must not move while it waits */
    bool added;
    int rc; /* once ready: 0, or -ENOMEM: then at once */
};

/* Ready when now_ns() has reached the deadline. */
struct reactor_timer reactor_timer(struct reactor *reactor, int64_t deadline);

#endif
