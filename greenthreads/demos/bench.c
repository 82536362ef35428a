/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs that another goes on, and that a thread lives. The
 * switch is the one this program was linked with: set the tables of the two
 * programs side by side.
 *
 * Try: greenthreads bench; greenthreads-ucontext bench
 */
#include <pthread.h>

#include "../demo.h"
#include "../fiber.h"
#include "../runtime.h"
#include "verbs.h"

/* ---- The switch alone: two that do nothing but go to each other ---- */

struct side {
    struct fiber fiber, *main;
    struct side *other;
    long *left;
};

/* One function for both. Who comes from a call elsewhere than where he returns
 * to makes the processor guess wrong (context/x86_64.S): try it. */
static void go_to_the_other(void *pass)
{
    struct side *self = pass;

    fiber_arrive(&self->fiber);
    while (--*self->left > 0)
        fiber_switch(&self->fiber, &self->other->fiber, self->other);
    fiber_exit(&self->fiber, self->main, NULL);
}

static int switches(long operations)
{
    struct fiber here = {0};
    struct side side[2];
    struct stack_pool *pool;
    struct stack stack;
    int rc = stack_pool_new(&pool, 0, GUARD_BEST);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 2 && rc == 0; i++) {
        side[i] = (struct side){{0}, &here, &side[1 - i], &operations};
        rc = stack_take(pool, &stack);
        if (rc == 0)
            fiber_make(&side[i].fiber, stack.low, stack.size, context_modes(),
                       go_to_the_other);
    }
    if (rc == 0)
        fiber_switch(&here, &side[0].fiber, &side[0]);
    fiber_forget(&side[0].fiber);
    fiber_forget(&side[1].fiber);
    stack_pool_free(pool);
    return rc;
}

/* ---- Turns: threads that yield, kept from round to round ---- */

enum { MANY = FIBER_TSAN ? 1000 : 10000 }; /* TSan knows no more */

struct ring {
    int size;
    bool shuffled;
    struct runtime *rt; /* NULL before the first round */
    long turns;         /* for each thread in a round */
    int count;          /* threads that have begun */
    struct thread *threads[MANY];
};

static struct ring two = {.size = 2}, in_order = {.size = MANY},
                   shuffled = {.size = MANY, .shuffled = true};

static void *take_turns(void *argument)
{
    struct ring *ring = argument;

    ring->threads[ring->count++] = runtime_self();
    for (;;) {
        for (long i = ring->turns; i > 0; i--)
            must(runtime_yield());
        must(runtime_park(RUNTIME_NEVER)); /* until the next round */
    }
    return NULL;
}

static void *return_at_once(void *argument)
{
    return argument;
}

/* The place that was left last is taken first. */
static int leave_places_in_disorder(struct runtime *rt)
{
    static struct thread_id ids[MANY];
    int rc = 0;

    for (int i = 0; i < MANY && rc == 0; i++)
        rc = runtime_spawn(rt, return_at_once, NULL, NULL, &ids[i]);
    if (rc == 0)
        rc = runtime_run(rt);
    for (int left = MANY; left > 0 && rc == 0; left--) {
        int any = (int)(random() % left);
        rc = runtime_join(rt, ids[any], NULL);
        ids[any] = ids[left - 1];
    }
    return rc;
}

static int make_ring(struct ring *ring)
{
    int rc = runtime_new(&ring->rt, 0, GUARD_BEST);
    if (rc == 0 && ring->shuffled)
        rc = leave_places_in_disorder(ring->rt);
    for (int i = 0; i < ring->size && rc == 0; i++)
        rc = runtime_spawn(ring->rt, take_turns, ring, NULL, NULL);
    return rc;
}

/* All wait for each other at the end of a round: -EDEADLK, as meant. */
static int turns(struct ring *ring, long operations)
{
    int rc = ring->rt == NULL ? make_ring(ring) : 0;

    ring->turns = operations / ring->size;
    for (int i = 0; i < ring->count; i++)
        runtime_wake(ring->rt, ring->threads[i]);
    if (rc == 0)
        rc = runtime_run(ring->rt);
    return rc == -EDEADLK ? 0 : rc;
}

static int turns_of_two(long operations)
{
    return turns(&two, operations);
}

static int turns_of_many(long operations)
{
    return turns(&in_order, operations);
}

static int turns_shuffled(long operations)
{
    return turns(&shuffled, operations);
}

/* ---- Lives: spawn, run, finish ---- */

struct lives {
    long count, in_flight;
    int rc; /* 0, or why there were no more */
};

static void *spawn_and_yield(void *argument)
{
    struct lives *lives = argument;
    struct runtime *rt = runtime_current();

    int rc = 0;

    for (long left = lives->count; left > 0 && rc == 0;) {
        for (long i = lives->in_flight; i > 0 && rc == 0; i--, left--)
            rc = runtime_spawn(rt, return_at_once, NULL, NULL, NULL);
        must(runtime_yield());
    }
    lives->rc = rc;
    return NULL;
}

static int lives(long count, long in_flight)
{
    struct lives lives = {count, in_flight, 0};
    struct runtime *rt;
    int rc = runtime_new(&rt, 0, GUARD_BEST);
    if (rc < 0)
        return rc;
    rc = runtime_spawn(rt, spawn_and_yield, &lives, "parent", NULL);
    if (rc == 0)
        rc = runtime_run(rt);
    must(runtime_free(rt));
    return rc < 0 ? rc : lives.rc;
}

static int one_at_a_time(long operations)
{
    return lives(operations, 1);
}

static int hundred_in_flight(long operations)
{
    return lives(operations, 100);
}

/* ---- The same by OS threads ---- */

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
static int os_turns(long operations)
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

static int os_lives(long operations)
{
    int rc = 0;
    for (pthread_t thread; operations > 0 && rc == 0; operations--) {
        rc = -pthread_create(&thread, NULL, return_at_once, NULL);
        if (rc == 0)
            must(pthread_join(thread, NULL));
    }
    return rc;
}

/* Operations that make a round last some milliseconds, whatever stands behind
 * the seam, and whoever checks it. */
static long enough(void)
{
    enum { PROBE = 10000 };
    int64_t start = now_ns();
    bool quick = switches(PROBE) == 0 && (now_ns() - start) / PROBE < 50;
    return quick ? 1000000 : 20000;
}

int bench_main(int argc, char **argv)
{
    const long many = enough();
    const struct contender rows[] = {
        {"switch alone", switches, many},
        {"yield, 2 threads", turns_of_two, many},
        {"yield, 10,000 threads", turns_of_many, 2 * many},
        {"yield, 10,000 shuffled", turns_shuffled, 2 * many},
        {"spawn to end, one by one", one_at_a_time, many},
        {"spawn to end, 100 a batch", hundred_in_flight, many},
        {"2 OS threads meet", os_turns, 1000},
        {"OS thread, create to join", os_lives, 1000},
    };

    int status = run_bench(argc, argv, "What it costs to let another go on.",
                           rows, sizeof rows / sizeof rows[0]);
    runtime_free(two.rt);
    runtime_free(in_order.rt);
    runtime_free(shuffled.rt);
    return status;
}
