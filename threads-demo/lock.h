/* SPDX-License-Identifier: MIT
 *
 * lock.h - two locks made by hand: one that sleeps on a futex, one that spins.
 *
 * Both need no destroying and are not recursive. Unlock them in the thread that
 * locked them. Who takes one may free its memory, even while the owner before is
 * still on its way out of the release.
 *
 * Read with: Rust Atomics and Locks, ch. 4 and 9; Ulrich Drepper, "Futexes Are
 * Tricky"; OSTEP, ch. 28.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct futex_lock {
    _Atomic uint32_t state;        /* lock.c knows the three */
    _Atomic uint32_t system_calls; /* made by this lock so far */
};

void futex_lock_init(struct futex_lock *lock);
void futex_lock_acquire(struct futex_lock *lock); /* blocks */
bool futex_lock_try(struct futex_lock *lock);
void futex_lock_release(struct futex_lock *lock);

/* How many system calls locking has cost: 0 while nobody had to wait. */
unsigned futex_lock_system_calls(struct futex_lock *lock);

/* Never sleeps: for a few instructions between threads that all have a CPU. */
struct spin_lock {
    _Atomic bool taken;
};

void spin_lock_init(struct spin_lock *lock);
void spin_lock_acquire(struct spin_lock *lock);
bool spin_lock_try(struct spin_lock *lock);
void spin_lock_release(struct spin_lock *lock);

#endif
