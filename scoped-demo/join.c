/* SPDX-License-Identifier: MIT
 *
 * join.c - the half of join() that runs only when a thief came.
 *
 * What the thief and the owner share is the slot, in the owner's deque. So the
 * thief writes the result, gives the slot back and then wakes the owner without
 * touching a frame that the owner, awake already, may have left.
 */
#include "join.h"

static void give_back(struct task *self)
{
    struct worker *owner = worker_of(self);

    task_give_back(self);
    worker_wake(owner);
}

void join_call_job(struct task *self, struct task *top)
{
    self->word.number = self->run.job(top, self->word.pointer);
    give_back(self);
}

void join_call_number(struct task *self, struct task *top)
{
    self->word.number = self->run.number(top, self->word.number);
    give_back(self);
}

static bool is_back(void *task)
{
    return task_is_back(task);
}

/* The thief first: what it can spare is part of what we wait for. What we run
 * meanwhile uses the slots above. */
void join_await(struct task *top)
{
    /* relaxed: a hint whom to help, no more. NULL: the thief is not so far yet. */
    worker_await(top + 1,
                 atomic_load_explicit(&top->thief, memory_order_relaxed),
                 is_back, top);
    deque_forget(top);
}
