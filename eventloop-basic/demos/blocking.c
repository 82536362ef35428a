/* SPDX-License-Identifier: MIT
 *
 * blocking.c - a job blocks on the pool until the loop has ticked three times.
 *
 * Try: eventloop-basic blocking
 * Read with: Tokio's documentation, "CPU-bound tasks and blocking code".
 */
#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

enum { TICKS = 3, TICK_MS = 10 };

struct story {
    struct stage stage; /* a loop, and Ctrl-C as one of its events */
    uv_timer_t timer;
    uv_sem_t ticked;              /* one more at each tick */
    int ticks, answer;            /* the loop's; the job's, until joined */
    uv_thread_t on_pool, on_loop; /* where the job ran, where it was joined */
};

static void tick(uv_timer_t *timer)
{
    struct story *story = timer->data;
    trace("loop", "ticks: %d", ++story->ticks);
    uv_sem_post(&story->ticked);
}

static int work(void *argument)
{
    struct story *story = argument;
    story->on_pool = uv_thread_self();
    trace("pool", "runs the job, on thread 0x%lx", story->on_pool);
    for (int i = 0; i < TICKS; i++)
        uv_sem_wait(&story->ticked); /* on the loop's thread: for ever */
    story->answer = 6 * 7;
    trace("pool", "has seen %d ticks, and ends the job", TICKS);
    return 0;
}

static void joined(struct task *task, int rc)
{
    struct story *story = task->argument;
    must(rc);
    story->on_loop = uv_thread_self();
    trace("loop", "gets %d, on thread 0x%lx", story->answer, story->on_loop);
    CLOSE(&story->timer); /* or it keeps the loop up */
}

static void interrupted(void *argument)
{
    struct story *story = argument;
    CLOSE(&story->timer);
    for (int i = 0; i < TICKS; i++) /* or the job would wait for ever */
        uv_sem_post(&story->ticked);
}

int blocking_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "A job blocks, a timer ticks meanwhile."};
    struct story s = {.ticks = 0};
    struct task task;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "blocking: the job, or the timer, does not end\n");
    stage_open(&s.stage, interrupted, &s);
    must(uv_sem_init(&s.ticked, 0));
    must(uv_timer_init(&s.stage.loop, &s.timer));
    s.timer.data = &s;
    must(uv_timer_start(&s.timer, tick, TICK_MS, TICK_MS));
    trace("loop", "gives a job away, on thread 0x%lx", uv_thread_self());
    must(task_spawn(&task, &s.stage.loop, work, joined, &s));
    stage_run(&s.stage);
    uv_sem_destroy(&s.ticked);
    if (s.answer != 42 || s.ticks < TICKS || s.on_pool == s.on_loop ||
        s.on_loop != uv_thread_self())
        error(EXIT_FAILURE, 0, "the claim does not hold");
    printf("the loop ticked while the job blocked; nothing is left open\n");
    return EXIT_SUCCESS;
}
