/* SPDX-License-Identifier: MIT
 *
 * maximum.h - the greatest of many numbers, by divide and conquer, five times
 * over: the same three lines, with other words between the halves; only OpenMP
 * wants to cut for itself.
 *
 * A slice of more than `leaf` numbers is cut in two; the halves are searched,
 * one after the other or at once, and the greater of the two answers is the
 * answer. The halves lie in the frame that cut them, which is what all of this
 * directory is about: they must have ended before it does.
 *
 * Read with: Rust Cookbook, "Spawn a short-lived thread".
 */
#ifndef MAXIMUM_H
#define MAXIMUM_H

#include <stddef.h>

struct task;

struct slice {
    const int *numbers; /* borrowed */
    size_t count;
    size_t leaf; /* so many, or a single one, are no more cut */
    /* Unless NULL, told of each leaf before it is searched, on the thread that
     * searches it; top is NULL if that is no worker. */
    void (*tell)(struct task *top, const int *numbers, size_t count);
    int max; /* the result */
};

/* Each takes a struct slice * and sets its max: 0, or -ENODATA: it is empty.
 * They have the shape of pool_run() and join(). _join and _scope run on a
 * worker; the others run on any thread and take NULL for top. */
int maximum_serial(struct task *top, void *slice);
int maximum_join(struct task *top, void *slice);
int maximum_scope(struct task *top, void *slice);   /* -ENOMEM */
int maximum_threads(struct task *top, void *slice); /* -ENOMEM, -EAGAIN */
int maximum_openmp(struct task *top, void *slice);

/* Without dividing: one loop over all, the judge of the others. */
int maximum_loop(struct task *top, void *slice);

#endif
