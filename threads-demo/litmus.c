/* SPDX-License-Identifier: MIT
 *
 * litmus.c - make two threads act at the same moment, as nearly as can be.
 */
#include "litmus.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "cpu.h"
#include "util.h"

enum { LEFT, RIGHT, JITTER = 256 };

/* How many runs a side has come to: each on a line of its own. */
struct arrival {
    _Alignas(64) _Atomic int at;
};

struct duel {
    struct litmus_run runs[LITMUS_RUNS];
    struct arrival arrived[2];
};

struct side {
    struct duel *duel;
    litmus_side *act;
    int which, order;
};

/* Returns when the other side has come to this run too. Who comes last goes on at
 * once, the other hears of it some 100 ns later; so the last one waits, a little
 * longer each time, and now and then both act in the same nanosecond. */
static void meet(_Atomic int *mine, _Atomic int *other, int run)
{
    struct backoff step = backoff_start(BACKOFF_SPINS);
    bool last = true;

    /* relaxed, all: nothing but a starting shot. */
    atomic_store_explicit(mine, run, memory_order_relaxed);
    while (atomic_load_explicit(other, memory_order_relaxed) < run) {
        last = false;
        backoff_for_a_step(&step);
    }
    for (int i = last ? run % JITTER : 0; i > 0; i--)
        (void)atomic_load_explicit(mine, memory_order_relaxed);
}

static void *fight(void *arg)
{
    const struct side *side = arg;
    struct duel *d = side->duel;

    cpu_pin(side->which); /* a wish: on one CPU the results are just duller */
    for (int i = 0; i < LITMUS_RUNS; i++) {
        struct litmus_run *run = &d->runs[i];
        /* Into this CPU's cache, so that loads are quick and stores are not. */
        (void)atomic_load_explicit(&run->x, memory_order_relaxed);
        (void)atomic_load_explicit(&run->y, memory_order_relaxed);
        meet(&d->arrived[side->which].at, &d->arrived[!side->which].at, i + 1);
        side->act(run, side->order);
    }
    return NULL;
}

/* Both, or none. */
static int run_both(struct side sides[2])
{
    pthread_t threads[2];
    int rc = pthread_create(&threads[LEFT], NULL, fight, &sides[LEFT]);

    if (rc != 0)
        return -rc;
    rc = pthread_create(&threads[RIGHT], NULL, fight, &sides[RIGHT]);
    if (rc == 0)
        must(pthread_join(threads[RIGHT], NULL));
    else /* relaxed: lets the left one pass through all meetings, alone */
        atomic_store_explicit(&sides[LEFT].duel->arrived[RIGHT].at, LITMUS_RUNS,
                              memory_order_relaxed);
    must(pthread_join(threads[LEFT], NULL));
    return -rc;
}

int litmus_count(long seen[2][2], litmus_side *left, litmus_side *right,
                 int order)
{
    struct duel *d = aligned_alloc(64, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    memset(d, 0, sizeof *d);
    struct side sides[] = {{d, left, LEFT, order}, {d, right, RIGHT, order}};
    int rc = run_both(sides);
    memset(seen, 0, 4 * sizeof(long));
    for (int i = 0; i < LITMUS_RUNS && rc == 0; i++)
        seen[d->runs[i].left][d->runs[i].right]++;
    free(d);
    return rc;
}
