/* SPDX-License-Identifier: MIT
 *
 * worker.h - what join and scope are made of: tasks offered to thieves, and a
 * wait that helps.
 *
 * A `struct worker *` is what every function in a pool is handed (pool.h). Where
 * not said otherwise, only that worker's own thread uses it.
 *
 * Nothing here fails, and nothing is allocated.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "deque.h"

struct worker;

/* From 0 to pool_size() - 1. */
unsigned worker_id(const struct worker *w);

/* A countdown that one worker waits for, in that worker's frame. */
struct latch {
    _Atomic size_t pending;
    struct worker *owner; /* who waits */
};

void latch_init(struct latch *latch, struct worker *owner, size_t pending);

/* One more to wait for. Only while the caller itself is still counted, or is
 * the owner. */
void latch_add(struct latch *latch);

/* One less; what the caller did before is then seen by the owner. The latch
 * may be gone before this returns: the caller must not touch it again. A
 * worker of the owner's pool calls it. */
void latch_drop(struct latch *latch);

bool latch_is_open(struct latch *latch); /* none pending */

/* Puts a task into w's deque and wakes a worker that sleeps. False: the deque
 * is full and the task was not taken; run it. */
bool worker_push(struct worker *w, struct task task);

/* Takes back w's youngest task. False: there is none. */
bool worker_pop(struct worker *w, struct task *out);

/* Returns when the latch, which is w's, is open. Until then w runs tasks, its
 * own first, and sleeps when there are none. */
void worker_await(struct worker *w, struct latch *latch);

#endif
