/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs that another goes on. The switch is the one this
 * program was linked with: set the tables of the two programs side by side.
 *
 * Try: greenthreads bench; greenthreads-ucontext bench
 */
#include <pthread.h>

#include "../demo.h"
#include "../runtime.h"
#include "verbs.h"

static void *take_turns(struct runtime *rt, void *turns)
{
    for (long i = *(const long *)turns; i > 0; i--)
        must(runtime_yield(rt));
    return NULL;
}

static int green_threads(long operations)
{
    struct runtime *rt;
    long turns = operations / 2;
    int rc = runtime_new(&rt, 0);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = runtime_spawn(rt, take_turns, &turns, "one of two", NULL);
    if (rc == 0)
        rc = runtime_run(rt);
    must(runtime_free(rt));
    return rc;
}

struct meetings {
    pthread_barrier_t barrier;
    long count;
};

static void *meet(void *arg)
{
    struct meetings *meetings = arg;
    for (long i = 0; i < meetings->count; i++)
        pthread_barrier_wait(&meetings->barrier);
    return NULL;
}

/* Two OS threads meet: each time, the one must wait until the other has run. */
static int os_threads(long operations)
{
    struct meetings meetings = {.count = operations};
    pthread_t other;
    must(pthread_barrier_init(&meetings.barrier, NULL, 2));
    int rc = -pthread_create(&other, NULL, meet, &meetings);
    if (rc == 0) {
        meet(&meetings);
        must(pthread_join(other, NULL));
    }
    must(pthread_barrier_destroy(&meetings.barrier));
    return rc;
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"2 green threads", green_threads, 100000},
        {"2 OS threads", os_threads, 1000},
    };

    return run_bench(argc, argv, "What it costs to let the other go on.", rows,
                     sizeof rows / sizeof rows[0]);
}
