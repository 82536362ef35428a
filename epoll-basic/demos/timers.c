/* SPDX-License-Identifier: MIT
 *
 * timers.c - many deadlines, one wait: it lasts until the earliest. Two of them
 * are equal and keep their order; one is cancelled; one starts another.
 *
 * The wait's own time-out has whole milliseconds, and they are rounded up: a
 * wait that ends a little early would be asked again and again for the rest.
 * With --timerfd a timer of the kernel's is set to the earliest deadline
 * instead, to the nanosecond, and the wait has no end of its own.
 *
 * Try: epoll-basic timers --timerfd
 * Read with: The Node Experiment, "Timers"; timerfd_create(2).
 */
#include <sys/timerfd.h>

#include "../demo.h"
#include "../poller.h"
#include "../timers.h"
#include "verbs.h"

enum { MS = 1000000 };

struct alarm {
    const char *name;
    double after_ms;
    int64_t deadline;
    uint32_t place;
};

struct clockwork {
    struct poller poller;
    struct timers timers;
    int timer_fd; /* -1: the wait's time-out */
    int waits, early;
    int64_t late_ns; /* all together */
    char order[16];
    int told;
};

static void set(struct clockwork *c, struct alarm *alarm, int64_t now)
{
    alarm->deadline = now + (int64_t)(alarm->after_ms * MS);
    int rc = timers_add(&c->timers, alarm->deadline, alarm, &alarm->place);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "add a timer");
}

static void wait_for_the_earliest(struct clockwork *c)
{
    struct event event;
    int64_t earliest = timers_earliest(&c->timers), left = POLLER_FOREVER;

    if (c->timer_fd < 0) {
        left = timers_left(&c->timers, now_ns());
    } else {
        const struct itimerspec at = {
            .it_value = {earliest / 1000000000, earliest % 1000000000}};
        must(timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &at, NULL));
    }
    int count = poller_wait(&c->poller, &event, 1, left);
    if (count < 0)
        error(EXIT_FAILURE, -count, "wait");
    c->waits++;
}

static void ring(struct clockwork *c, const struct alarm *alarm, int64_t now)
{
    trace(alarm->name, "was due after %5.2f ms", alarm->after_ms);
    c->early += now < alarm->deadline;
    c->late_ns += now - alarm->deadline;
    c->order[c->told++] = alarm->name[0];
}

static void run(struct clockwork *c, struct alarm *starts, struct alarm *then)
{
    struct alarm *alarm;

    while (c->timers.count > 0) {
        wait_for_the_earliest(c);
        int64_t now = now_ns(); /* once for all who are due */
        while ((alarm = timers_take_due(&c->timers, now)) != NULL) {
            ring(c, alarm, now);
            if (alarm == starts)
                set(c, then, now);
        }
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 't')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int timers_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"timerfd", 't', NULL, 0, "the kernel's timer, not the time-out", 0},
        {0}};
    const struct argp argp = {options, parse, .doc = "Who is due when?"};
    struct alarm alarms[] = {{.name = "e", .after_ms = 60.5},
                             {.name = "b", .after_ms = 20.25},
                             {.name = "c", .after_ms = 20.25},
                             {.name = "a", .after_ms = 10.125},
                             {.name = "x", .after_ms = 30}};
    struct alarm then = {.name = "d", .after_ms = 20};
    struct clockwork c = {.timer_fd = -1};
    bool timer_fd = false;

    argp_parse(&argp, argc, argv, 0, NULL, &timer_fd);
    int rc = poller_open(&c.poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    if (timer_fd) {
        c.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        if (c.timer_fd < 0)
            error(EXIT_FAILURE, errno, "open a timerfd");
        must(poller_register(&c.poller, c.timer_fd, token_first(0),
                             INTEREST_READABLE));
    }
    int64_t now = now_ns();
    trace("main", "sets five timers, and cancels x; c will set d");
    for (int i = 0; i < 5; i++)
        set(&c, &alarms[i], now);
    timers_cancel(&c.timers, &alarms[4].place);
    run(&c, &alarms[2], &then);
    printf(
        "told in the order %s: %d early, %.3f ms late on average; %d waits\n",
        c.order, c.early, (double)c.late_ns / c.told / MS, c.waits);
    timers_destroy(&c.timers);
    poller_close(&c.poller);
    if (timer_fd)
        close(c.timer_fd);
    return c.early == 0 && strcmp(c.order, "abcde") == 0 ? EXIT_SUCCESS
                                                         : EXIT_FAILURE;
}
