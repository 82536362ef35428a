/* SPDX-License-Identifier: MIT
 *
 * search.c - any, all and find over a few numbers; with --best the shortest tour
 * of eleven cities, by branch and bound: a tour is given up as soon as it is as
 * long as the best known, and the best is known to all workers at once.
 *
 * Try: scoped-demo search; scoped-demo search --best
 * Read with: Rust Cookbook, "Test in parallel if any or all elements match" and
 * "Search items"; Rayon's FAQ on a shared best-so-far.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "../demo.h"
#include "../parallel.h"
#include "../pool.h"
#include "verbs.h"

/* ---- Any, all, find ---- */

static const int numbers[] = {6, 2, 1, 9, 3, 8, 11};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static bool is_odd(void *arg, size_t i)
{
    (void)arg;
    return numbers[i] % 2 == 1;
}

static bool is_greater(void *limit, size_t i)
{
    return numbers[i] > *(int *)limit;
}

static int search_numbers(struct task *top, void *arg)
{
    int eight = 8, zero = 0;
    size_t first = parallel_find_first(top, NUMBERS, is_greater, &eight);
    size_t some = parallel_find_any(top, NUMBERS, is_greater, &eight);
    bool any = parallel_any(top, NUMBERS, is_odd, arg);
    bool all = parallel_all(top, NUMBERS, is_odd, arg);
    bool positive = parallel_all(top, NUMBERS, is_greater, &zero);

    printf("6 2 1 9 3 8 11: any odd? %s; all odd? %s; all above 0? %s\n",
           any ? "yes" : "no", all ? "yes" : "no", positive ? "yes" : "no");
    printf("the first above 8: %d\n", numbers[first]);
    printf("one above 8, maybe not the first: %d\n", numbers[some]);
    return any && !all && positive && first == 3 && (some == 3 || some == 6);
}

/* ---- The shortest tour ---- */

enum { CITIES = 11, NO_TOUR = 1 << 30 };

struct atlas {
    int distance[CITIES][CITIES];
    bool bounded;      /* give up tours that cannot be the best */
    atomic_int best;   /* the shortest tour so far; see offer_best() */
    atomic_long steps; /* relaxed: a statistic */
};

/* An atomic minimum. relaxed: the number alone is passed on, and a stale one
 * costs steps, never the answer; the loop's end orders the reader. */
static void offer_best(struct atlas *a, int length)
{
    int best = atomic_load_explicit(&a->best, memory_order_relaxed);

    while (length < best && !atomic_compare_exchange_weak_explicit(
                                &a->best, &best, length, memory_order_relaxed,
                                memory_order_relaxed))
        continue;
}

/* From here, with those in the set visited; gives the steps it took. */
static long tour(struct atlas *a, int here, unsigned visited, int length)
{
    long steps = 1;

    /* relaxed: as in offer_best(). */
    if (a->bounded &&
        length >= atomic_load_explicit(&a->best, memory_order_relaxed))
        return steps;
    if (visited == (1U << CITIES) - 1) {
        offer_best(a, length + a->distance[here][0]);
        return steps;
    }
    for (int next = 1; next < CITIES; next++)
        if (!(visited & 1U << next))
            steps += tour(a, next, visited | 1U << next,
                          length + a->distance[here][next]);
    return steps;
}

/* A range of the first two cities after the start, as one number. */
static void tours(struct task *top, void *arg, size_t from, size_t to)
{
    struct atlas *a = arg;

    (void)top;
    for (size_t i = from; i < to; i++) {
        int one = 1 + (int)i / (CITIES - 1), two = 1 + (int)i % (CITIES - 1);
        if (one == two)
            continue;
        long steps = tour(a, two, 1U | 1U << one | 1U << two,
                          a->distance[0][one] + a->distance[one][two]);
        atomic_fetch_add_explicit(&a->steps, steps, memory_order_relaxed);
    }
}

static int find_tour(struct task *top, void *arg)
{
    struct atlas *a = arg;

    atomic_init(&a->best, NO_TOUR);
    atomic_init(&a->steps, 0);
    parallel_for_each(top, (size_t)(CITIES - 1) * (CITIES - 1), tours, a);
    return atomic_load_explicit(&a->best, memory_order_relaxed);
}

static bool search_best(struct pool *pool)
{
    static struct atlas a;
    unsigned random = 1;

    for (int i = 0; i < CITIES; i++) {
        for (int j = 0; j < i; j++) {
            random = random * 1103515245 + 12345;
            a.distance[i][j] = a.distance[j][i] = 1 + (int)(random >> 16) % 99;
        }
    }
    int every = pool_run(pool, find_tour, &a);
    long every_steps = atomic_load_explicit(&a.steps, memory_order_relaxed);
    a.bounded = true;
    int bounded = pool_run(pool, find_tour, &a);
    long steps = atomic_load_explicit(&a.steps, memory_order_relaxed);
    printf("the shortest tour of %d cities: %d, in %ld steps\n", CITIES, every,
           every_steps);
    printf("with the best shared: %d, and most steps spared\n", bounded);
    if (isatty(STDOUT_FILENO))
        printf("(%ld steps; another run, another number)\n", steps);
    return every == bounded && steps < every_steps / 2;
}

/* ---- The verb ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'b')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int search_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"best", 'b', NULL, 0, "the shortest tour, by branch and bound", 0},
        {0}};
    const struct argp argp = {options, parse, .doc = "Any, all, find."};
    bool best = false;
    struct pool *pool;

    argp_parse(&argp, argc, argv, 0, NULL, &best);
    watchdog(60, "search: a search never ended\n");
    int rc = pool_new(&pool, 0);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers");
    bool right =
        best ? search_best(pool) : pool_run(pool, search_numbers, NULL) == 1;
    pool_free(pool);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
