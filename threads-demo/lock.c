/* SPDX-License-Identifier: MIT
 *
 * lock.c - the futex mutex in three states, and the spin lock in three steps.
 *
 *   FREE       nobody has it
 *   TAKEN      somebody has it, nobody sleeps: releasing it is no system call
 *   CONTENDED  somebody has it, somebody may sleep: releasing wakes one
 *
 * A thread that has slept takes the lock as CONTENDED, since it cannot know
 * whether others sleep still. That costs one needless wake at the end of a
 * crowd, and never loses one.
 *
 * Read with: Rust Atomics and Locks, ch. 9; Drepper's mutex 2.
 */
#include "lock.h"

#include "backoff.h"
#include "futex.h"

enum { FREE, TAKEN, CONTENDED, TRIES = 100 };

void futex_lock_init(struct futex_lock *lock)
{
    atomic_init(&lock->state, FREE);
    atomic_init(&lock->system_calls, 0);
}

bool futex_lock_try(struct futex_lock *lock)
{
    uint32_t seen = FREE;

    /* acquire, pairs with "free" in futex_lock_release(). */
    return atomic_compare_exchange_strong_explicit(
        &lock->state, &seen, TAKEN, memory_order_acquire, memory_order_relaxed);
}

/* relaxed: a tally, read when the threads are joined. */
static void count_call(struct futex_lock *lock)
{
    atomic_fetch_add_explicit(&lock->system_calls, 1, memory_order_relaxed);
}

/* The owner may be about to let go: looks for a while, without writing. */
static bool free_soon(struct futex_lock *lock)
{
    for (int i = 0; i < TRIES; i++) {
        /* relaxed: only a hint; the exchange that follows decides. */
        uint32_t seen =
            atomic_load_explicit(&lock->state, memory_order_relaxed);
        if (seen != TAKEN)
            return seen == FREE;
        backoff_pause();
    }
    return false;
}

static __attribute__((noinline)) void acquire_contended(struct futex_lock *lock)
{
    if (free_soon(lock) && futex_lock_try(lock))
        return;
    /* acquire, pairs with "free". */
    while (atomic_exchange_explicit(&lock->state, CONTENDED,
                                    memory_order_acquire) != FREE) {
        count_call(lock);
        futex_wait(&lock->state, CONTENDED, NEVER);
    }
}

void futex_lock_acquire(struct futex_lock *lock)
{
    if (!futex_lock_try(lock))
        acquire_contended(lock);
}

void futex_lock_release(struct futex_lock *lock)
{
    uint32_t seen = TAKEN;

    /* release, "free": who takes it next sees what we did under it. */
    if (atomic_compare_exchange_strong_explicit(&lock->state, &seen, FREE,
                                                memory_order_release,
                                                memory_order_relaxed))
        return;
    /* It is CONTENDED, and stays so while we have it. Counted first: once free,
     * the next owner may have freed its memory; the wake-up needs no more than
     * the address. */
    count_call(lock);
    /* release, "free", as above. */
    atomic_store_explicit(&lock->state, FREE, memory_order_release);
    futex_wake(&lock->state, 1);
}

unsigned futex_lock_system_calls(struct futex_lock *lock)
{
    /* relaxed: see count_call(). */
    return atomic_load_explicit(&lock->system_calls, memory_order_relaxed);
}

/* ---- The spin lock: (1) test and set, (2) test before, (3) pause ---- */

void spin_lock_init(struct spin_lock *lock)
{
    atomic_init(&lock->taken, false);
}

bool spin_lock_try(struct spin_lock *lock)
{
    /* acquire, pairs with "free" in spin_lock_release(). */
    return !atomic_exchange_explicit(&lock->taken, true, memory_order_acquire);
}

void spin_lock_acquire(struct spin_lock *lock)
{
    struct backoff step = backoff_start(BACKOFF_SPINS + BACKOFF_YIELDS);

    while (!spin_lock_try(lock))
        /* relaxed: reading leaves the line with all who look; only when it is
         * free is it worth an exchange, which takes the line away from all. */
        while (atomic_load_explicit(&lock->taken, memory_order_relaxed))
            backoff_for_a_step(&step);
}

void spin_lock_release(struct spin_lock *lock)
{
    /* release, "free": as futex_lock_release(). */
    atomic_store_explicit(&lock->taken, false, memory_order_release);
}
