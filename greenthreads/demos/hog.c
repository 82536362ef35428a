/* SPDX-License-Identifier: MIT
 *
 * hog.c - nobody takes the processor from a green thread. One that computes and
 * never yields starves the rest; counted in turns, as that does not depend on
 * how fast it all is.
 *
 * Cures: yield in the loop. Or, as that may be too often: a timer raises a flag
 * when the time slice is over, and the loop yields only then (--slice). This is
 * still cooperative: the handler takes nobody off, the loop must look.
 *
 * Try: greenthreads hog --slice
 * Read with: Green Threads Explained in 200 Lines, "Green threads".
 */
#include <limits.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "../demo.h"
#include "../runtime.h"
#include "verbs.h"

enum { ROUNDS = 1000, SLICES = 10, SLICE_US = 10000, OTHERS = 3 };

struct table { /* whom all sit at */
    void (*after_round)(struct table *table);
    long rounds, most_rounds, yields, most_yields; /* the hog's */
    long turns[OTHERS];
    int seated;
    bool over;
};

/* Set by the handler, cleared by the hog. All relaxed: it is the same OS thread,
 * and nothing is published by the flag. */
static atomic_int slice_over;

static void end_slice(int number)
{
    (void)number;
    atomic_store_explicit(&slice_over, 1, memory_order_relaxed);
}

/* ---- What the hog does after each round of computing ---- */

static void go_on(struct table *table)
{
    (void)table;
}

static void yield(struct table *table)
{
    table->yields++;
    must(runtime_yield());
}

static void yield_if_slice_is_over(struct table *table)
{
    if (atomic_exchange_explicit(&slice_over, 0, memory_order_relaxed))
        yield(table);
}

/* ---- The green threads ---- */

static void *hog(void *argument)
{
    struct table *table = argument;
    volatile unsigned number = 1;

    while (table->rounds < table->most_rounds &&
           table->yields < table->most_yields) {
        for (int i = 0; i < 1000; i++)
            number = number * 1664525 + 1013904223;
        table->rounds++;
        table->after_round(table);
    }
    table->over = true;
    return NULL;
}

static void *other(void *argument)
{
    struct table *table = argument;
    int seat = table->seated++;

    while (!table->over) {
        table->turns[seat]++;
        must(runtime_yield());
    }
    return NULL;
}

/* Feeds a hog and the others, and gives how many turns each of the others had
 * while the hog lived; -1 if one had not its turn whenever the hog yielded. */
static long feed(const char *what, struct table table)
{
    struct runtime *rt;
    int rc = runtime_new(&rt, 0, GUARD_BEST);
    if (rc == 0)
        rc = runtime_spawn(rt, hog, &table, "hog", NULL);
    for (int i = 0; rc == 0 && i < OTHERS; i++)
        rc = runtime_spawn(rt, other, &table, "other", NULL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a hog and %d others", OTHERS);
    must(runtime_run(rt));
    must(runtime_free(rt));
    long turns = table.yields;
    printf("%-34s %8ld %7ld  ", what, table.rounds, table.yields);
    for (int i = 0; i < OTHERS; i++) {
        printf(" %5ld", table.turns[i]);
        if (table.turns[i] != table.yields)
            turns = -1;
    }
    putchar('\n');
    return turns;
}

/* Processor time, not the wall's: SIGALRM is the watchdog's, and on a busy
 * machine a slice is as long as ever. */
static long feed_in_slices(void)
{
    const struct itimerval slice = {{0, SLICE_US}, {0, SLICE_US}};
    const struct itimerval stop = {{0, 0}, {0, 0}};

    signal(SIGVTALRM, end_slice);
    must(setitimer(ITIMER_VIRTUAL, &slice, NULL));
    long turns = feed("looks whether its slice is over",
                      (struct table){.after_round = yield_if_slice_is_over,
                                     .most_rounds = LONG_MAX,
                                     .most_yields = SLICES});
    must(setitimer(ITIMER_VIRTUAL, &stop, NULL));
    return turns;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 's')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int hog_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"slice", 's', NULL, 0, "yield when a timer says so", 0}, {0}};
    const struct argp argp = {
        options, parse, .doc = "One computes and never yields; then, cures."};
    struct table table = {.most_rounds = ROUNDS, .most_yields = LONG_MAX};
    bool slice = false;

    argp_parse(&argp, argc, argv, 0, NULL, &slice);
    watchdog(60, "hog: it never ended\n");
    printf("%-34s %8s %7s   turns of the others\n", "after each round the hog",
           "rounds", "yields");
    table.after_round = go_on;
    bool starved = feed("computes on", table) == 0;
    table.after_round = yield;
    bool fair = (slice ? feed_in_slices() : feed("yields", table)) > 0;
    printf(
        "who never yields starves the others: %s; with the cure each has its "
        "turn\nwhenever the hog yields: %s\n",
        starved ? "yes" : "NO", fair ? "yes" : "NO");
    return starved && fair ? EXIT_SUCCESS : EXIT_FAILURE;
}
