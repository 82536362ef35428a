/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs to be told of one event, to be woken, to change the
 * list of those waited for, and to keep a million timers.
 *
 * Try: epoll-basic bench
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "../demo.h"
#include "../timers.h"
#include "../waker.h"
#include "bench_tasks.h"
#include "verbs.h"

/* ---- One poller, one waker: its eventfd is what is waited for ---- */

struct bed {
    struct poller poller;
    struct waker waker;
};

static const struct token its_token = {1, 0};

/* So many times one step. */
static int repeat(int (*step)(struct bed *bed), long times)
{
    struct bed bed;

    int rc = poller_open(&bed.poller);
    if (rc < 0)
        return rc;
    rc = waker_open(&bed.waker, &bed.poller, its_token);
    if (rc == 0) {
        while (rc == 0 && times-- > 0)
            rc = step(&bed);
        waker_close(&bed.waker);
    }
    poller_close(&bed.poller);
    return rc;
}

/* The first three rows are the same three system calls, but for the wait. */
static int write_wait_read(struct bed *bed, int (*wait)(struct bed *bed))
{
    eventfd_t count;

    must(eventfd_write(bed->waker.event_fd, 1));
    must(wait(bed) - 1);
    return eventfd_read(bed->waker.event_fd, &count);
}

static int epoll_wait_1(struct bed *bed)
{
    struct epoll_event event;
    return epoll_wait(bed->poller.epoll_fd, &event, 1, -1);
}

static int poller_wait_1(struct bed *bed)
{
    struct event event;
    return poller_wait(&bed->poller, &event, 1, POLLER_FOREVER);
}

static int poll_1(struct bed *bed)
{
    struct pollfd list = {.fd = bed->waker.event_fd, .events = POLLIN};
    return poll(&list, 1, -1);
}

static int step_epoll_wait(struct bed *bed)
{
    return write_wait_read(bed, epoll_wait_1);
}

static int step_poller_wait(struct bed *bed)
{
    return write_wait_read(bed, poller_wait_1);
}

static int step_poll(struct bed *bed)
{
    return write_wait_read(bed, poll_1);
}

static int step_wake(struct bed *bed)
{
    waker_wake(&bed->waker);
    must(poller_wait_1(bed) - 1);
    waker_reset(&bed->waker);
    return 0;
}

static int step_wake_again(struct bed *bed)
{
    waker_wake(&bed->waker); /* never reset: all but the first merge */
    return 0;
}

static int step_reregister(struct bed *bed)
{
    return poller_reregister(&bed->poller, bed->waker.event_fd, its_token,
                             INTEREST_READABLE);
}

static int step_register(struct bed *bed)
{
    must(poller_deregister(&bed->poller, bed->waker.event_fd));
    return poller_register(&bed->poller, bed->waker.event_fd, its_token,
                           INTEREST_READABLE);
}

static int with_epoll_wait(long times)
{
    return repeat(step_epoll_wait, times);
}

static int with_poller_wait(long times)
{
    return repeat(step_poller_wait, times);
}

static int with_poll(long times)
{
    return repeat(step_poll, times);
}

static int wake(long times)
{
    return repeat(step_wake, times);
}

static int wake_again(long times)
{
    return repeat(step_wake_again, times);
}

static int reregister(long times)
{
    return repeat(step_reregister, times);
}

static int deregister_and_register(long times)
{
    return repeat(step_register, times);
}

/* ---- Timers: deadlines of 1 to 1000 ms, at random ---- */

enum end { LEAVE, CANCEL, TAKE };

static int timers(long count, enum end end)
{
    struct timers t = {.count = 0};
    uint32_t *places = calloc((size_t)count, sizeof *places);
    uint64_t x = 88172645463325252;
    int rc = places == NULL ? -ENOMEM : 0;

    for (long i = 0; rc == 0 && i < count; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* Marsaglia's xorshift */
        int64_t after = (int64_t)(1 + x % 1000) * 1000000;
        rc = timers_add(&t, now_ns() + after, &places[i], &places[i]);
    }
    for (long i = 0; end == CANCEL && i < count; i++)
        timers_cancel(&t, &places[i]);
    while (end == TAKE && timers_take_due(&t, INT64_MAX) != NULL)
        continue;
    timers_destroy(&t);
    free(places);
    return rc;
}

static int timers_created(long count)
{
    return timers(count, LEAVE);
}

static int timers_cancelled(long count)
{
    return timers(count, CANCEL);
}

static int timers_taken(long count)
{
    return timers(count, TAKE);
}

int bench_main(int argc, char **argv)
{
    enum { CALLS = 20000, WAKES = 1000000, TIMERS = 100000, TASKS = 100000 };
    const struct contender rows[] = {
        {"epoll_wait(2)", with_epoll_wait, CALLS},
        {"poller_wait()", with_poller_wait, CALLS},
        {"poll(2)", with_poll, CALLS},
        {"wake and poller_wait()", wake, CALLS},
        {"wake, one is pending", wake_again, WAKES},
        {"reregister", reregister, CALLS},
        {"deregister and register", deregister_and_register, CALLS},
        {"timer: add", timers_created, TIMERS},
        {"timer: add and cancel", timers_cancelled, TIMERS},
        {"timer: add and take", timers_taken, TIMERS},
        {"task: spawn to end", bench_spawn_to_end, TASKS},
        {"task: 100 spawned, to end", bench_spawn_100, TASKS},
        {"task: wake and poll", bench_wake_and_poll, TASKS},
        {"2 tasks, a byte and back", bench_ping_pong, CALLS / 4},
    };

    return run_bench(argc, argv,
                     "Events, wakes, registrations, 100,000 timers, tasks.",
                     rows, sizeof rows / sizeof rows[0]);
}
