/* SPDX-License-Identifier: MIT
 *
 * stage.c - one loop, two signals, and an orderly end.
 *
 * The signals' handles are unref'd: they alone do not keep the loop going.
 */
#include "stage.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../demo.h"

void stage_close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_if_of_story(uv_handle_t *handle, void *argument)
{
    struct stage *stage = argument;

    if (handle != (uv_handle_t *)&stage->interrupted &&
        handle != (uv_handle_t *)&stage->told_to_stop &&
        handle != (uv_handle_t *)&stage->before_wait)
        stage_close_handle(handle);
}

void stage_close_all(struct stage *stage)
{
    uv_walk(&stage->loop, close_if_of_story, stage);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct stage *stage = signal->data;

    if (stage->stopped_by != 0)
        return; /* it is ending already */
    stage->stopped_by = number;
    if (stage->stop != NULL)
        stage->stop(stage->argument);
    else
        stage_close_all(stage);
}

static void count_wait(uv_prepare_t *prepare)
{
    static atomic_long waits; /* by all loops, on whatever threads */
    const struct stage *stage = prepare->data;

    /* relaxed: a count, nothing is read through it */
    if (atomic_fetch_add_explicit(&waits, 1, memory_order_relaxed) + 1 ==
        stage->interrupt_at)
        must(raise(SIGINT));
}

static void listen_to(struct stage *stage, uv_signal_t *handle, int number)
{
    must(uv_signal_init(&stage->loop, handle));
    handle->data = stage;
    must(uv_signal_start(handle, on_signal, number));
    uv_unref((uv_handle_t *)handle);
}

void stage_open(struct stage *stage, void (*stop)(void *argument),
                void *argument)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet */
    const char *interrupt = getenv("EVENTLOOP_INTERRUPT");

    signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error, no death */
    *stage = (struct stage){.stop = stop, .argument = argument};
    int rc = uv_loop_init(&stage->loop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make an event loop");
    listen_to(stage, &stage->interrupted, SIGINT);
    listen_to(stage, &stage->told_to_stop, SIGTERM);
    must(uv_prepare_init(&stage->loop, &stage->before_wait));
    stage->before_wait.data = stage;
    uv_unref((uv_handle_t *)&stage->before_wait);
    if (interrupt != NULL &&
        parse_count(interrupt, 1, 1000000, &stage->interrupt_at) == 0)
        must(uv_prepare_start(&stage->before_wait, count_wait));
}

void stage_serve(struct stage *stage)
{
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    CLOSE(&stage->interrupted);
    CLOSE(&stage->told_to_stop);
    CLOSE(&stage->before_wait);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&stage->loop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "close the loop");
}

void stage_exit_if_stopped(const struct stage *stage)
{
    if (stage->stopped_by != 0)
        error(EXIT_FAILURE, 0,
              "interrupted; the loop closed with nothing left");
}

void stage_run(struct stage *stage)
{
    stage_serve(stage);
    stage_exit_if_stopped(stage);
}
