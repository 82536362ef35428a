/* SPDX-License-Identifier: MIT
 *
 * parallel.h - loops, sums and searches over 0 .. count - 1, on top of join.
 *
 * They split by demand: a worker goes through its range in growing chunks, and
 * before each looks whether another worker has asked for work. Only then it cuts
 * the rest in two and offers the right half. So there is no cut-off to be set by
 * hand; with nobody idle a loop is a plain loop, and one whose elements are of
 * very different cost is cut where the cost is. A chunk is at most a sixteenth
 * of what is left, which bounds how long an asker waits.
 *
 * Whatever a function here is given to call, it calls on several workers at once.
 *
 * Read with: Rayon's crate page (parallel iterators); Rust Cookbook, "Data
 * parallelism"; Tzannes and others, "Lazy Binary-Splitting" (2010).
 */
#ifndef PARALLEL_H
#define PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;

/* Calls body(top, arg, from, to) for ranges that together are 0 .. count - 1. */
void parallel_for_each(struct task *top, size_t count,
                       void (*body)(struct task *top, void *arg, size_t from,
                                    size_t to),
                       void *arg);

enum { PARALLEL_LARGEST = 64 };

/* How to make one value of many. Values are of `size` bytes, and copied. */
struct reduction {
    size_t size;          /* at most PARALLEL_LARGEST */
    const void *identity; /* what nothing gives */
    /* Adds the elements from .. to - 1 to *value. */
    void (*fold)(struct task *top, void *value, void *arg, size_t from,
                 size_t to);
    /* Adds *right, which comes from elements further right, to *value. It must
     * be associative; it need not be commutative. */
    void (*combine)(void *value, const void *right);
};

/* Sets *value to the reduction of all elements. */
void parallel_reduce(struct task *top, size_t count,
                     const struct reduction *how, void *arg, void *value);

/* What the searches say when there is none. */
#define PARALLEL_NONE SIZE_MAX

/* The index of an element that matches(arg, index), or PARALLEL_NONE. _any gives
 * whichever is found first in time, and lets the other workers stop; _first the
 * one furthest left, for which only what lies right of a find is left out. */
size_t parallel_find_any(struct task *top, size_t count,
                         bool (*matches)(void *arg, size_t index), void *arg);
size_t parallel_find_first(struct task *top, size_t count,
                           bool (*matches)(void *arg, size_t index), void *arg);

/* Whether some element, or every element, matches; they stop once that is
 * known. Of nothing: none does, and all do. */
bool parallel_any(struct task *top, size_t count,
                  bool (*matches)(void *arg, size_t index), void *arg);
bool parallel_all(struct task *top, size_t count,
                  bool (*matches)(void *arg, size_t index), void *arg);

#endif
