/* SPDX-License-Identifier: MIT
 *
 * join.h - two halves, perhaps at the same time, both done on return.
 *
 * join() puts B where thieves can find it, runs A, and then takes B back and
 * runs it; only if a thief came meanwhile did the two run at once. So it costs
 * little where there is nothing to gain, and code that may run in parallel need
 * not know whether it does. Nothing is allocated: B waits in a slot of the
 * worker's deque, and what it points to lies in the frame of the caller, which
 * is why join() never returns before both have ended.
 *
 * It is inline so that the compiler sees which functions the halves are. Then
 * calling them costs no more than it would without join(), and B's argument is
 * still in a register when nobody has come for it.
 *
 * Read with: Rayon's documentation of join; Cilk's "work first" principle.
 */
#ifndef JOIN_H
#define JOIN_H

#include "worker.h"

/* How a thief runs each kind of B, and how the owner waits until it has. */
void join_call_job(struct task *self, struct task *top);
void join_call_number(struct task *self, struct task *top);
void join_await(struct task *top);

/* Whether *top is offered to thieves. False: there is no room. */
static inline bool join_offer(struct task *top)
{
    return __builtin_expect(deque_push(top), 1) || worker_answer(top);
}

/* Whether *top is still here, to be run. False: a thief has it. */
static inline bool join_take_back(struct task *top)
{
    return __builtin_expect(deque_pop(top), 1) || worker_take_back(top);
}

/* Runs a(top, a_arg) here and b(top, b_arg) here or on a thief, and returns when
 * both have ended: both always run, though one fails. 0, or the first error in
 * the order of the text: a's, else b's (each gives 0 or a negative errno). While
 * a thief has b, the worker runs other tasks or sleeps. */
static inline __attribute__((always_inline)) int
join(struct task *top, int (*a)(struct task *top, void *arg), void *a_arg,
     int (*b)(struct task *top, void *arg), void *b_arg)
{
    int a_rc, b_rc;

    top->call = join_call_job;
    top->run.job = b;
    top->word.pointer = b_arg;
    if (!join_offer(top)) {
        a_rc = a(top, a_arg);
        b_rc = b(top, b_arg);
        return a_rc != 0 ? a_rc : b_rc;
    }
    a_rc = a(top + 1, a_arg);
    if (join_take_back(top)) {
        b_rc = b(top, b_arg);
    } else {
        join_await(top);
        b_rc = (int)top->word.number;
    }
    return a_rc != 0 ? a_rc : b_rc;
}

struct numbers {
    long a, b;
};

/* The same for functions from a number to a number: what each gives. */
static inline __attribute__((always_inline)) struct numbers
join_numbers(struct task *top, long (*a)(struct task *top, long arg),
             long a_arg, long (*b)(struct task *top, long arg), long b_arg)
{
    struct numbers result;

    top->call = join_call_number;
    top->run.number = b;
    top->word.number = b_arg;
    if (!join_offer(top)) {
        result.a = a(top, a_arg);
        result.b = b(top, b_arg);
        return result;
    }
    result.a = a(top + 1, a_arg);
    if (join_take_back(top)) {
        result.b = b(top, b_arg);
    } else {
        join_await(top);
        result.b = top->word.number;
    }
    return result;
}

#endif
