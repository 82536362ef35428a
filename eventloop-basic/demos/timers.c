/* SPDX-License-Identifier: MIT
 *
 * timers.c - sleep, time-out, interval; and the clock that stands still.
 *
 * A loop reads the clock once a turn. A timer that is started after long work in
 * the same turn counts from the turn's beginning: it is due too early, unless
 * uv_update_time() comes first. Two timers tell by their order.
 *
 * Three ways to tick every 10 ms with 4 ms of work in each tick: uv_timer's
 * repeat counts from when the last tick came (work does not add, lateness does);
 * a sleep that is started anew after the work adds it each time; a phase that is
 * computed from the beginning adds neither.
 *
 * Try: eventloop-basic timers
 * Read with: Tokio's documentation, time (sleep, timeout, interval).
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { TICKS = 8, PERIOD = 10, WORK = 4, LONG_WORK = 30 };
enum { ALL = TICKS * PERIOD, LATE = (TICKS - 1) * WORK };

enum way { REPEAT, SLEEP, PHASE, WAYS };
static const char *const names[WAYS] = {"repeat", "sleep anew", "keep phase"};

struct ticker {
    uv_timer_t timer;
    enum way way;
    int ticks;
    uint64_t start; /* on the loop's clock, in ms */
    uint64_t took;
};

static void work_ms(int ms)
{
    int64_t end = now_ns() + ms * 1000000LL;
    while (now_ns() < end)
        ;
}

static void tick(uv_timer_t *timer)
{
    struct ticker *t = timer->data;
    uv_update_time(timer->loop);
    t->took = uv_now(timer->loop) - t->start;
    if (++t->ticks == TICKS) {
        CLOSE(timer);
        return;
    }
    work_ms(WORK);
    uv_update_time(timer->loop);
    uint64_t due = t->start + (uint64_t)(t->ticks + 1) * PERIOD;
    uint64_t now = uv_now(timer->loop);
    if (t->way == SLEEP)
        must(uv_timer_start(timer, tick, PERIOD, 0));
    else if (t->way == PHASE)
        must(uv_timer_start(timer, tick, due > now ? due - now : 0, 0));
}

/* Milliseconds from the start to the last tick. */
static uint64_t time_of(enum way way)
{
    struct stage stage;
    struct ticker t = {.way = way};
    stage_open(&stage, NULL, NULL);
    must(uv_timer_init(&stage.loop, &t.timer));
    t.timer.data = &t;
    t.start = uv_now(&stage.loop);
    must(uv_timer_start(&t.timer, tick, PERIOD, way == REPEAT ? PERIOD : 0));
    stage_run(&stage);
    return t.took;
}

struct race {
    uv_timer_t work, late, early;
    bool updates;
    const uv_timer_t *first;
};

static void arrive(uv_timer_t *timer)
{
    struct race *race = timer->data;
    if (race->first == NULL)
        race->first = timer;
    CLOSE(timer);
}

/* 30 ms of work; then a timer of 20 ms, and one of 1 ms from the true time. */
static void work_and_start(uv_timer_t *timer)
{
    struct race *race = timer->data;
    work_ms(LONG_WORK);
    if (race->updates)
        uv_update_time(timer->loop);
    must(uv_timer_start(&race->late, arrive, 20, 0));
    uv_update_time(timer->loop);
    must(uv_timer_start(&race->early, arrive, 1, 0));
    CLOSE(timer);
}

/* Does the timer of 1 ms come first? */
static bool shorter_is_first(bool updates)
{
    struct stage stage;
    struct race race = {.updates = updates};
    uv_timer_t *const timers[] = {&race.work, &race.late, &race.early};
    stage_open(&stage, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        must(uv_timer_init(&stage.loop, timers[i]));
        timers[i]->data = &race;
    }
    must(uv_timer_start(&race.work, work_and_start, 0, 0));
    stage_run(&stage);
    return race.first == &race.early;
}

static void give_up(uv_timer_t *limit)
{
    trace("loop", "1 ms is over: the sleep of an hour is stopped");
    uv_close((uv_handle_t *)limit->data, NULL); /* its callback never comes */
    CLOSE(limit);
}

static void an_hour_later(uv_timer_t *timer)
{
    (void)timer;
    error(EXIT_FAILURE, 0, "a stopped timer has fired");
}

static void cut_off(void)
{
    struct stage stage;
    uv_timer_t sleep, limit;
    stage_open(&stage, NULL, NULL);
    must(uv_timer_init(&stage.loop, &sleep));
    must(uv_timer_init(&stage.loop, &limit));
    limit.data = &sleep;
    must(uv_timer_start(&sleep, an_hour_later, 3600000, 0));
    must(uv_timer_start(&limit, give_up, 1, 0));
    stage_run(&stage);
}

int timers_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "Sleep, time-out and interval."};
    uint64_t took[WAYS];
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "timers: a timer never fires\n");
    cut_off();
    bool stale = !shorter_is_first(false), fresh = shorter_is_first(true);
    printf(
        "after 30 ms of work, a timer of 20 ms comes before one of 1 ms: %s; "
        "with uv_update_time: %s\n",
        stale ? "yes" : "no", fresh ? "no" : "yes");
    for (enum way way = 0; way < WAYS; way++) {
        took[way] = time_of(way);
        printf("%-10s  tick %d at %3d ms, due at %d ms\n", names[way], TICKS,
               (int)took[way], ALL);
    }
    bool holds =
        stale && fresh && took[PHASE] >= ALL && took[SLEEP] >= ALL + LATE;
    printf("a sleep after work adds the work to each period: %s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
