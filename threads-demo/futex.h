/* SPDX-License-Identifier: MIT
 *
 * futex.h - the one system call below every lock and every wait: sleep while a
 * word holds a value, wake who sleeps on it.
 *
 * The kernel compares the word and goes to sleep in one step, so a waker that
 * changes the word first and wakes afterwards is never missed.
 *
 * Read with: futex(2); Rust Atomics and Locks, ch. 8.
 */
#ifndef FUTEX_H
#define FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* A deadline is a moment of now_ns(), absolute: a wait that is interrupted and
 * taken up again does not grow. */
#define NEVER INT64_MAX

/* Sleeps while *word == expected, at most until the deadline. 0: woken, or the
 * word had another value, or for no reason: look at the word again. -ETIMEDOUT:
 * the deadline has passed. */
int futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline);

/* Wakes up to `most` threads that sleep on the word. Touches only its address:
 * the memory may be gone already. */
void futex_wake(_Atomic uint32_t *word, int most);

#endif
