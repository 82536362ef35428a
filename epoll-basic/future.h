/* SPDX-License-Identifier: MIT
 *
 * future.h - something that will be there later, as a state machine that others
 * push on: a function to poll it, and the struct around it as its state.
 *
 *     struct ten {
 *         struct future future;    first, so that the one is the other
 *         ...                      what must survive from poll to poll
 *         int result;              valid once it is ready
 *     };
 *
 * That is what a compiler makes of `async`: each await is a state, each local
 * that lives across one a member, and the body a switch that goes on where it
 * stopped. The contract:
 *
 *   1. A future is lazy: nothing happens until it is polled.
 *   2. A poll never blocks. FUTURE_PENDING: the future has stored the waker of
 *      this poll, the newest, and will wake it once polling again is worth the
 *      while; not before, and not never. It may be polled too often: a wake is
 *      a hint. FUTURE_READY comes once, and ends it: it is not polled again.
 *   3. Until its first poll it may be copied elsewhere (and the old one
 *      forgotten); from then on it stays where it is, as others may point to it.
 *   4. Its owner drops it once, at any time: not polled yet, pending or ready.
 *      That is all there is to cancelling: it lets go of what it holds, and is
 *      not polled any more. Results stay readable.
 *
 * One thread at a time polls or drops a future; not always the same.
 *
 * Read with: the async book, "The Future Trait"; Futures Explained in 200
 * Lines; Writing an OS in Rust, "Async/Await".
 */
#ifndef FUTURE_H
#define FUTURE_H

#include "task_waker.h"

enum progress { FUTURE_PENDING, FUTURE_READY };

struct future {
    enum progress (*poll)(struct future *future,
                          const struct task_waker *waker);
    void (*drop)(struct future *future); /* NULL: it holds nothing */
};

static inline enum progress future_poll(struct future *future,
                                        const struct task_waker *waker)
{
    return future->poll(future, waker);
}

/* NULL is let pass. */
static inline void future_drop(struct future *future)
{
    if (future != NULL && future->drop != NULL)
        future->drop(future);
}

/* ---- Futures made of futures. They take over the children, which lie where
 * the caller put them (often in one struct with their parent: no allocation),
 * and drop each as soon as it is ready, or when they are dropped themselves.
 * Every poll polls each child that is left. ---- */

/* Ready when both are. */
struct future_join {
    struct future future;
    struct future *left, *right; /* NULL: ready, and dropped */
};
struct future_join future_join(struct future *left, struct future *right);

/* Ready when one is; the other is dropped half done. If both could be, it is
 * the left one: that is asked first. */
struct future_select {
    struct future future;
    struct future *left, *right;
    struct future *winner; /* the one that was ready, dropped too by now */
};
struct future_select future_select(struct future *left, struct future *right);

/* When the first is ready, next() makes the second from its result; NULL: there
 * is nothing more to do. Ready when the second is. next() finds its arguments
 * around self, which is a member of the caller's struct, or in first. */
struct future_and_then {
    struct future future;
    struct future *first; /* NULL: over, the second is under way */
    struct future *second;
    struct future *(*next)(struct future_and_then *self, struct future *first);
};
struct future_and_then future_and_then(
    struct future *first,
    struct future *(*next)(struct future_and_then *self, struct future *first));

#endif
