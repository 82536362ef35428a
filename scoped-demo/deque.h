/* SPDX-License-Identifier: MIT
 *
 * deque.h - a worker's own tasks, in a line with two ends.
 *
 * The owner pushes and pops at one end, so it goes on with what it put there
 * last, which is still in its cache (LIFO). Thieves steal at the other end, so
 * they get what has waited longest (FIFO): in divide and conquer that is the
 * biggest piece, and one theft is work for a long while.
 *
 * A task is copied in and out: the deque allocates nothing and owns nothing. It
 * has a fixed size; when it is full the owner runs the task itself, which is
 * what it would have come to anyway.
 *
 * Nothing here blocks but for the moment a lock is held.
 *
 * Read with: Rayon's documentation of join; Chase and Lev, "Dynamic Circular
 * Work-Stealing Deque" (2005), for the form without a lock.
 */
#ifndef DEQUE_H
#define DEQUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct worker; /* pool.h: who runs a task is told to it */

struct task {
    void (*run)(struct worker *w, void *arg);
    void *arg; /* borrowed: whoever made the task keeps it alive */
};

enum { DEQUE_CAPACITY = 1024 }; /* a power of two */

/* In the open because it lies inside its worker, without a pointer between. */
struct deque {
    pthread_mutex_t lock; /* guards everything below */
    size_t top, bottom;
    struct task slot[DEQUE_CAPACITY];
};

/* An empty deque in the caller's memory. */
void deque_init(struct deque *d);
/* To be called when no thread uses it any more; tasks in it are forgotten. */
void deque_destroy(struct deque *d);

/* The owner's: puts task at the bottom. False: full, and not taken. */
bool deque_push(struct deque *d, struct task task);

/* The owner's: takes the youngest task. False: empty, *out is untouched. */
bool deque_pop(struct deque *d, struct task *out);

/* Any thread's: takes the oldest task. False: empty, *out is untouched. */
bool deque_steal(struct deque *d, struct task *out);

/* Any thread's: whether there was a task at some moment during the call. */
bool deque_has_task(struct deque *d);

#endif
