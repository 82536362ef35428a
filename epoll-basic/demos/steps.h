/* SPDX-License-Identifier: MIT
 *
 * steps.h - what `bench` repeats. The first three are told of an eventfd that
 * was just written, and read it: the same three system calls but for the wait.
 */
#ifndef STEPS_H
#define STEPS_H

enum step {
    STEP_RAW,        /* epoll_wait(2) */
    STEP_POLLER,     /* poller_wait() */
    STEP_POLL,       /* poll(2), given the list anew each time */
    STEP_WAKE,       /* waker_wake(), poller_wait(); nothing is read */
    STEP_REREGISTER, /* one epoll_ctl(2) */
    STEP_REGISTER,   /* deregister and register: two */
};

/* So many times one step. 0 or a negative errno. */
int repeat_step(enum step step, long times);

#endif
