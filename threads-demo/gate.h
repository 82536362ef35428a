/* SPDX-License-Identifier: MIT
 *
 * gate.h - where threads sleep until a lock-free structure lets them through.
 *
 * The structure's fast path must not pay for sleepers that are not there. So
 * gate_open() is a store and a load of a word that hardly ever changes, and who
 * goes to sleep pays for both sides: it announces itself, makes every thread of
 * the process pass a barrier (membarrier(2)), looks once more, and sleeps. A
 * thread that opened the gate before its barrier is seen by that look; one that
 * opens it afterwards sees the announcement.
 *
 * Read with: Rust Atomics and Locks, ch. 8 and 9; membarrier(2).
 */
#ifndef GATE_H
#define GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct gate_waiter; /* gate.c: on the stack of the thread that sleeps */

struct gate {
    bool strong; /* one CPU, or no membarrier: both sides pay */

    /* Sleepers in the list, and GATE_SHUT. Written with the lock held, read
     * without it. */
    _Atomic unsigned waiting;

    pthread_mutex_t lock; /* guards the list: the oldest sleeper is first */
    TAILQ_HEAD(gate_list, gate_waiter) list;
};

enum { GATE_SHUT = 1 << 30 };

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* Runs attempt(arg) until it says something else than -EAGAIN, and gives that;
 * between attempts it sleeps until gate_wake_*(). -ETIMEDOUT: not by the
 * deadline (a moment of now_ns(), or NEVER).
 *
 * -EAGAIN must mean that there was nothing at some moment of the attempt. If it
 * meant "the next thing is not quite ready" one wake-up would be spent on it, and
 * the thing behind it, ready and announced, would find everybody asleep. */
int gate_await(struct gate *gate, int (*attempt)(void *arg), void *arg,
               int64_t deadline);

/* Wakes the thread that has slept longest (false: there was none), or all. */
bool gate_wake_one(struct gate *gate);
void gate_wake_all(struct gate *gate);

/* From now on gate_open() is always true. On return every other thread either
 * has made what it opened visible to us, or will see true. */
void gate_shut(struct gate *gate);

/* Stores value in *word, which lets an attempt succeed. True: someone sleeps at
 * the gate or it is shut; then the caller has to do something about it. */
static inline bool gate_open(struct gate *gate, _Atomic size_t *word,
                             size_t value)
{
    /* release, pairs with the acquire with which attempts read the word. */
    atomic_store_explicit(word, value, memory_order_release);
    if (__builtin_expect(gate->strong, 0))
        /* Writes what was there: two writes to one word have an order. If ours
         * is later than the announcement in gate.c we see it; if ours is first,
         * acq_rel there and here shows our *word to the look that follows. */
        return atomic_fetch_or_explicit(&gate->waiting, 0,
                                        memory_order_acq_rel) != 0;
    /* The compiler must keep store and load apart; the processor may swap them,
     * and the membarrier of gate.c is what makes that harmless. */
    atomic_signal_fence(memory_order_seq_cst);
    /* relaxed: only says whether to look under the lock. */
    return atomic_load_explicit(&gate->waiting, memory_order_relaxed) != 0;
}

#endif
