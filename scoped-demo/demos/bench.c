/* SPDX-License-Identifier: MIT
 *
 * bench.c - the maximum of 8 million numbers in 32 pieces, where dividing should
 * gain, and of 100,000 down to single ones, where it is all there is to do.
 *
 * Try: scoped-demo bench
 */
#include "../demo.h"
#include "../maximum.h"
#include "../pool.h"
#include "verbs.h"

enum { MANY = 8000000, FEW = 100000, PIECES = 32 };

/* Set before any contender runs: those are told a count and nothing else. */
static int *numbers;
static struct pool *pool;

static int search(int (*run)(struct task *top, void *slice), long count)
{
    size_t leaf = count == MANY ? MANY / PIECES : 1;
    struct slice slice = {numbers, (size_t)count, leaf, NULL, 0};

    if (run == maximum_join || run == maximum_scope)
        return pool_run(pool, run, &slice);
    return run(NULL, &slice);
}

static int loop(long count)
{
    return search(maximum_loop, count);
}

static int calls(long count)
{
    return search(maximum_serial, count);
}

static int joins(long count)
{
    return search(maximum_join, count);
}

static int scopes(long count)
{
    return search(maximum_scope, count);
}

static int threads(long count)
{
    return search(maximum_threads, count);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"pieces: none, one loop", loop, MANY},
        {"pieces: join", joins, MANY},
        {"pieces: scope", scopes, MANY},
        {"pieces: threads", threads, MANY},
        {"singles: plain calls", calls, FEW},
        {"singles: join", joins, FEW},
        {"singles: scope", scopes, FEW},
    };

    numbers = malloc(MANY * sizeof *numbers);
    if (numbers == NULL)
        error(EXIT_FAILURE, ENOMEM, "make numbers");
    for (size_t i = 0; i < MANY; i++)
        numbers[i] = (int)(i * 2654435761U);
    int rc = pool_new(&pool, 0);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a pool");
    int status = run_bench(argc, argv, "The maximum: nanoseconds per number.",
                           rows, sizeof rows / sizeof rows[0]);
    pool_free(pool);
    free(numbers);
    return status;
}
