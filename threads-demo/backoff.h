/* SPDX-License-Identifier: MIT
 *
 * backoff.h - how to wait for another thread: spin, then yield, then park.
 *
 * Spin: if the other runs on another CPU right now, it will be done within a
 * few hundred nanoseconds, much less than a sleep and a wake-up cost. Yield: if
 * it is ready to run but has no CPU, give it this one. Park: else sleep in the
 * kernel, so that an idle waiter costs nothing. With a single CPU nothing can
 * happen while we spin, so there we park at once.
 *
 *     struct backoff wait = backoff_start(rounds);
 *     while (!done())
 *         if (!backoff_again(&wait))
 *             park until done;
 *
 * Read with: Rust Atomics and Locks, ch. 4 and 9; crossbeam's Backoff.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <sched.h>
#include <stdbool.h>

enum { BACKOFF_SPINS = 128, BACKOFF_YIELDS = 16 };

struct backoff {
    unsigned left; /* rounds to go; the last BACKOFF_YIELDS of them yield */
};

/* Rounds worth waiting before parking: 0 if the calling thread may use one CPU
 * only. A system call: ask once, when the shared thing is made. */
unsigned backoff_rounds(void);

static inline struct backoff backoff_start(unsigned rounds)
{
    return (struct backoff){.left = rounds};
}

/* A moment's wait that leaves the other hyper-thread the core. */
static inline void backoff_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Waits a moment; false: that was long enough, park. */
static inline bool backoff_again(struct backoff *b)
{
    if (b->left == 0)
        return false;
    if (b->left-- > BACKOFF_YIELDS)
        backoff_pause();
    else
        sched_yield();
    return true;
}

/* For the few steps in which another thread is known to be at work: never
 * parks, spins first and then yields for ever. */
static inline void backoff_for_a_step(struct backoff *b)
{
    if (!backoff_again(b))
        sched_yield();
}

#endif
