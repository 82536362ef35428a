/* SPDX-License-Identifier: MIT
 *
 * hog.c - a heart beats every 5 ms, and the worst gap between two beats tells
 * what 60 ms of computing do to everybody else on the loop: done inline, in
 * slices (an idle callback each, and a turn of the loop between), on the pool.
 *
 * Sliced and on the pool the work goes on until the heart has beaten; inline it
 * would go on for ever.
 *
 * Try: eventloop-basic hog
 *      eventloop-basic hog --slice 20000
 * Read with: Tokio's documentation, "CPU-bound tasks and blocking code";
 * Asynchronous Programming in Rust, "IO and blocking".
 */
#include <stdatomic.h>

#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

enum { BEAT_MS = 5, WORK_US = 60000 };
enum how { INLINE, SLICED, POOL };

struct story {
    struct stage stage;
    uv_timer_t heart, begin;
    uv_idle_t slices;
    struct task task;
    enum how how;
    long slice_us;
    int64_t last_beat, worst_gap, worked_us;
    atomic_int beats; /* while the work was under way; pool and loop see it */
    atomic_bool stopped;
    bool working;
};

static int beats(struct story *s)
{
    /* relaxed: a count of its own, nothing else is read through it */
    return atomic_load_explicit(&s->beats, memory_order_relaxed);
}

static void compute(int64_t us)
{
    int64_t end = now_ns() + us * 1000;
    while (now_ns() < end)
        ;
}

static void beat(uv_timer_t *heart)
{
    struct story *s = heart->data;
    int64_t now = now_ns(), gap = now - s->last_beat;
    if (s->last_beat > 0 && gap > s->worst_gap)
        s->worst_gap = gap;
    s->last_beat = now;
    if (s->working) /* relaxed: see beats() */
        atomic_fetch_add_explicit(&s->beats, 1, memory_order_relaxed);
    else if (s->worked_us > 0)
        CLOSE(heart); /* the first beat after the work */
}

static void compute_slice(uv_idle_t *slices)
{
    struct story *s = slices->data;
    compute(s->slice_us);
    s->worked_us += s->slice_us;
    if (s->worked_us < WORK_US || beats(s) == 0)
        return;
    s->working = false;
    CLOSE(slices);
}

static int compute_on_pool(void *argument)
{
    struct story *s = argument;
    /* relaxed: stop() only wants an end, the join orders everything else */
    for (long us = 0; (us < WORK_US || beats(s) == 0) &&
                      !atomic_load_explicit(&s->stopped, memory_order_relaxed);
         us += 1000)
        compute(1000);
    return 0;
}

static void joined(struct task *task, int rc)
{
    struct story *s = task->argument;
    must(rc);
    s->working = false;
    s->worked_us = WORK_US;
}

static void begin(uv_timer_t *timer)
{
    struct story *s = timer->data;
    CLOSE(timer);
    s->working = true;
    if (s->how == SLICED) {
        must(uv_idle_start(&s->slices, compute_slice));
        return;
    }
    CLOSE(&s->slices);
    if (s->how == POOL) {
        must(task_spawn(&s->task, timer->loop, compute_on_pool, joined, s));
        return;
    }
    compute(WORK_US);
    s->worked_us = WORK_US;
    s->working = false;
}

static void stop(void *argument)
{
    struct story *s = argument;
    /* relaxed: see compute_on_pool() */
    atomic_store_explicit(&s->stopped, true, memory_order_relaxed);
    stage_close_all(&s->stage);
}

/* How many beats came while the work was under way. */
static int run(enum how how, const char *name, long slice_us)
{
    struct story s = {.how = how, .slice_us = slice_us};
    stage_open(&s.stage, stop, &s);
    must(uv_timer_init(&s.stage.loop, &s.heart));
    must(uv_timer_init(&s.stage.loop, &s.begin));
    must(uv_idle_init(&s.stage.loop, &s.slices));
    s.heart.data = s.begin.data = s.slices.data = &s;
    must(uv_timer_start(&s.heart, beat, 0, BEAT_MS));
    must(uv_timer_start(&s.begin, begin, BEAT_MS, 0));
    stage_run(&s.stage);
    printf("%-11s worst gap %6.2f ms, the heart %s\n", name,
           (double)s.worst_gap / 1e6, beats(&s) == 0 ? "stands" : "beats on");
    return beats(&s);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 's')
        return unexpected(key, arg, state);
    *(long *)state->input = count_arg(state, "--slice", arg, 1, WORK_US);
    return 0;
}

int hog_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"slice", 's', "US", 0, "microseconds of a slice, 500 by default", 0},
        {0}};
    const struct argp argp = {
        options, parse, .doc = "Computing, and everybody else on the loop."};
    long slice_us = 500;
    argp_parse(&argp, argc, argv, 0, NULL, &slice_us);
    watchdog(30, "hog: the heart has stopped\n");
    bool holds = run(INLINE, "inline", slice_us) == 0;
    holds = run(SLICED, "in slices", slice_us) > 0 && holds;
    holds = run(POOL, "on the pool", slice_us) > 0 && holds;
    printf("only inline work stops the heart: %s\n", holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
