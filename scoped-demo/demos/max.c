/* SPDX-License-Identifier: MIT
 *
 * max.c - the maximum of some numbers, by divide and conquer; of a few numbers,
 * also who looked at which. asked.c reads the line, maximum.c divides.
 *
 * Try: scoped-demo 1 25 -4 10; scoped-demo max --how threads
 * Read with: Rust Cookbook, "Spawn a short-lived thread".
 */
#include "../demo.h"
#include "../maximum.h"
#include "../pool.h"
#include "../worker.h"
#include "asked.h"
#include "verbs.h"

enum { FEW = 16, LEAVES = 64 };

/* A pause, as if a leaf were work: time enough for a second worker to come. */
static void tell(struct worker *w, const int *numbers, size_t count)
{
    char who[16];

    snprintf(who, sizeof who, "%s", gettid() == getpid() ? "main" : "thread");
    if (w != NULL)
        snprintf(who, sizeof who, "worker-%u", worker_id(w));
    for (size_t i = 0; i < count; i++)
        trace(who, "looks at %d", numbers[i]);
    usleep(10000);
}

static int run_in_pool(int (*run)(struct worker *w, void *arg), void *arg)
{
    struct pool *pool;

    int rc = pool_new(&pool, 0);
    if (rc < 0)
        return rc;
    rc = pool_run(pool, run, arg);
    pool_free(pool);
    return rc;
}

int max_main(int argc, char **argv)
{
    struct asked asked = ask(argc, argv);
    struct slice slice = {.numbers = asked.numbers,
                          .count = asked.count,
                          .leaf = asked.count / LEAVES,
                          .tell = asked.count <= FEW ? tell : NULL};
    struct slice all = {.numbers = asked.numbers, .count = asked.count};
    const struct way *way = asked.way;

    if (asked.count == 0)
        error(EXIT_FAILURE, 0, "an empty input has no maximum");
    watchdog(30, "max: a half never ended\n");
    int rc = way->needs_pool ? run_in_pool(way->run, &slice)
                             : way->run(NULL, &slice);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "search %zu numbers, how: %s", asked.count,
              way->name);
    must(maximum_loop(NULL, &all));
    free(asked.numbers);
    if (slice.max != all.max)
        error(EXIT_FAILURE, 0, "%s finds %d, but a plain loop %d", way->name,
              slice.max, all.max);
    printf("the maximum of %zu numbers is %d, by %s as by a plain loop\n",
           asked.count, slice.max, way->name);
    return EXIT_SUCCESS;
}
