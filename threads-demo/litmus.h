/* SPDX-License-Identifier: MIT
 *
 * litmus.h - two threads act on two variables in the same nanoseconds, many times
 * over. What each of them loaded says in which orders the processor (and the
 * compiler) let their stores and loads take effect.
 *
 * Read with: Rust Atomics and Locks, ch. 3; Maranget, Sarkar, Sewell, "A Tutorial
 * Introduction to the ARM and POWER Relaxed Memory Models".
 */
#ifndef LITMUS_H
#define LITMUS_H

#include <stdatomic.h>

enum { LITMUS_RUNS = 20000 };

/* One meeting. All 0 before it; each variable lies on a cache line of its own. */
struct litmus_run {
    _Alignas(64) _Atomic int x;
    _Alignas(64) _Atomic int y;
    _Alignas(64) int left, right; /* what the two have loaded: 0 or 1 */
};

/* What one of the two does, in the order it is given. */
typedef void litmus_side(struct litmus_run *run, int order);

/* Lets both sides act LITMUS_RUNS times, each from a CPU of its own if there are
 * two. seen[a][b]: how often left was a and right was b. -ENOMEM; -EAGAIN: no
 * more threads. */
int litmus_count(long seen[2][2], litmus_side *left, litmus_side *right,
                 int order);

#endif
