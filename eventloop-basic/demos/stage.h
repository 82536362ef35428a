/* SPDX-License-Identifier: MIT
 *
 * stage.h - what every story's loop needs: SIGINT and SIGTERM as events, and
 * the check at the end that nothing is left open.
 *
 * At the first signal stop() is called and asks for the end of all there is. A
 * story with nothing but plain handles (timers, idlers, ...) gives none: each is
 * closed for it, as stage_close_all() does. What is freed in a close callback
 * must be closed by its owner before, and a job on the pool must be let go.
 *
 * To test each moment and not a few by chance: with EVENTLOOP_INTERRUPT=N in
 * the environment, a story's n-th wait is interrupted by a SIGINT, whichever
 * of its loops it is.
 */
#ifndef STAGE_H
#define STAGE_H

#include <uv.h>

struct stage {
    uv_loop_t loop;
    void (*stop)(void *argument); /* or NULL: stage_close_all() */
    void *argument;
    int stopped_by; /* the signal's number, or 0 */
    uv_signal_t interrupted, told_to_stop;
    uv_prepare_t before_wait;
    long interrupt_at; /* this wait of the story; 0: none */
};

/* Makes the loop; a failure ends the program. */
void stage_open(struct stage *stage, void (*stop)(void *argument),
                void *argument);

/* A handle of the story is open and wants to be closed: does so, once. */
void stage_close_handle(uv_handle_t *handle);
#define CLOSE(handle) stage_close_handle((uv_handle_t *)(handle))

/* Closes every handle of the story that is not closing yet, without a callback;
 * the stage still hears of signals. */
void stage_close_all(struct stage *stage);

/* Runs the loop until nothing is left, and closes it, which must give 0. If a
 * signal came, a story is not told: the program ends with status 1. */
void stage_run(struct stage *stage);

/* The two halves of it. A server is meant to end by a signal: it needs only the
 * first, as does a thread that is not main's. */
void stage_serve(struct stage *stage);
void stage_exit_if_stopped(const struct stage *stage);

#endif
