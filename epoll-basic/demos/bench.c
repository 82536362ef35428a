/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs to be told of one event, to be woken, and to change
 * the list of those waited for.
 *
 * Try: epoll-basic bench
 */
#include "../demo.h"
#include "steps.h"
#include "verbs.h"

static int raw(long times)
{
    return repeat_step(STEP_RAW, times);
}

static int ours(long times)
{
    return repeat_step(STEP_POLLER, times);
}

static int by_poll(long times)
{
    return repeat_step(STEP_POLL, times);
}

static int wake(long times)
{
    return repeat_step(STEP_WAKE, times);
}

static int reregister(long times)
{
    return repeat_step(STEP_REREGISTER, times);
}

static int deregister_and_register(long times)
{
    return repeat_step(STEP_REGISTER, times);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"epoll_wait(2)", raw, 10000},
        {"poller_wait()", ours, 10000},
        {"poll(2)", by_poll, 10000},
        {"wake and poller_wait()", wake, 10000},
        {"reregister", reregister, 10000},
        {"deregister and register", deregister_and_register, 10000},
    };

    return run_bench(
        argc, argv,
        "One eventfd is written, waited for and read; woken; listed.", rows,
        sizeof rows / sizeof rows[0]);
}
