/* SPDX-License-Identifier: MIT
 *
 * join.c - offer B, run A, take B back.
 *
 * The deque's order does the thinking. Thieves take the oldest first, so if B
 * was stolen, all below it was too, and what lies in the deque then is younger
 * than B: tasks that A spawned into a scope further out. If B was not stolen,
 * it is met on the way down, below those.
 */
#include "join.h"

#include "worker.h"

/* B, in the frame of join(). */
struct half {
    int (*run)(struct worker *w, void *arg);
    void *arg;
    int rc;
    struct latch done;
};

static void run_half(struct worker *w, void *arg)
{
    struct half *half = arg;

    half->rc = half->run(w, half->arg);
    latch_drop(&half->done); /* half may be gone now */
}

static int take_back(struct worker *w, struct half *b)
{
    struct task task;

    while (worker_pop(w, &task)) {
        if (task.arg == b)
            return b->run(w, b->arg); /* nobody waits: no need of the latch */
        task.run(w, task.arg);
    }
    worker_await(w, &b->done);
    return b->rc;
}

int join(struct worker *w, int (*a)(struct worker *w, void *arg), void *a_arg,
         int (*b)(struct worker *w, void *arg), void *b_arg)
{
    struct half half = {.run = b, .arg = b_arg};

    latch_init(&half.done, w, 1);
    bool offered = worker_push(w, (struct task){run_half, &half});
    int a_rc = a(w, a_arg);
    int b_rc = offered ? take_back(w, &half) : b(w, b_arg);
    return a_rc != 0 ? a_rc : b_rc;
}
