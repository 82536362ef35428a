/* SPDX-License-Identifier: MIT
 *
 * bench.c - four kinds of work, each without a pool, in ours, and in OpenMP's:
 * nothing but joins (fib), nothing but scopes, memory (max), a tree of which one
 * side is much deeper, and sorting. A row's figure is nanoseconds for a join, a
 * number, a node.
 *
 * Try: scoped-demo bench
 */
#include <limits.h>

#include "../demo.h"
#include "../join.h"
#include "../maximum.h"
#include "../parallel.h"
#include "../plain_fib.h"
#include "../pool.h"
#include "../radix_sort.h"
#include "verbs.h"

#define SORT_NAME       sort_int32
#define SORT_ELEMENT    int32_t
#define SORT_LESS(a, b) ((a) < (b))
#include "../sort.h"

enum { MANY = 10000000, FEW = 100000, FIB = 27, FIB_JOINS = 317810 };
enum { SORTED = 1000000, DEPTH = 400, TOOTH = 21 };

/* Set before any contender runs: those are told a count and nothing else. */
static int32_t *numbers, *copy;
static struct pool *alone, *all;
static volatile long sink; /* so that nothing is computed for nothing */

/* ---- fib ---- */

static long fib_join(struct task *top, long n)
{
    if (n < 2)
        return n;
    struct numbers half = join_numbers(top, fib_join, n - 1, fib_join, n - 2);
    return half.a + half.b;
}

static long fib_openmp(long n)
{
    long a = 0, b;

    if (n < 2)
        return n;
#pragma omp task shared(a)
    a = fib_openmp(n - 1);
    b = fib_openmp(n - 2);
#pragma omp taskwait
    return a + b;
}

static int in_pool_fib(struct task *top, void *arg)
{
    sink = fib_join(top, *(int *)arg);
    return 0;
}

static int calls(long joins)
{
    for (; joins > 0; joins -= FIB_JOINS)
        sink = plain_fib(FIB);
    return 0;
}

static int joins_alone(long joins)
{
    int n = FIB, rc = 0;

    for (; joins > 0 && rc == 0; joins -= FIB_JOINS)
        rc = pool_run(alone, in_pool_fib, &n);
    return rc;
}

static int joins_all(long joins)
{
    int n = FIB, rc = 0;

    for (; joins > 0 && rc == 0; joins -= FIB_JOINS)
        rc = pool_run(all, in_pool_fib, &n);
    return rc;
}

static int tasks_openmp(long joins)
{
    (void)joins; /* one fib(FIB) */
#pragma omp parallel
#pragma omp single
    sink = fib_openmp(FIB);
    return 0;
}

/* ---- max ---- */

static int search(struct pool *pool, int (*run)(struct task *top, void *slice),
                  long count)
{
    struct slice slice = {
        .numbers = numbers, .count = (size_t)count, .leaf = 1};

    return pool != NULL ? pool_run(pool, run, &slice) : run(NULL, &slice);
}

static int scopes_alone(long count)
{
    return search(alone, maximum_scope, count);
}

static int scopes_all(long count)
{
    return search(all, maximum_scope, count);
}

static int max_loop(long count)
{
    return search(NULL, maximum_loop, count);
}

static int max_openmp(long count)
{
    int32_t max = INT_MIN;

#pragma omp parallel for reduction(max : max) schedule(static)
    for (long i = 0; i < count; i++)
        max = numbers[i] > max ? numbers[i] : max;
    sink = max;
    return 0;
}

static void fold_max(struct task *top, void *value, void *arg, size_t from,
                     size_t to)
{
    struct slice part = {.numbers = numbers + from, .count = to - from};
    int32_t *max = value;

    (void)top;
    (void)arg;
    must(maximum_loop(NULL, &part));
    *max = part.max > *max ? part.max : *max;
}

static void combine_max(void *value, const void *right)
{
    int32_t *a = value;
    const int32_t *b = right;

    *a = *b > *a ? *b : *a;
}

static int in_pool_max(struct task *top, void *arg)
{
    static const int32_t least = INT_MIN;
    const struct reduction how = {sizeof least, &least, fold_max, combine_max};
    int32_t max;

    parallel_reduce(top, (size_t) * (long *)arg, &how, NULL, &max);
    sink = max;
    return 0;
}

static int max_reduce(long count)
{
    return pool_run(all, in_pool_max, &count);
}

/* ---- A tree like a comb: a tooth at each node, and the rest of the comb ---- */

static long tooth(struct task *top, long unused)
{
    (void)top;
    (void)unused;
    return plain_fib(TOOTH);
}

static long comb(long depth)
{
    return depth == 0 ? 0 : comb(depth - 1) + tooth(NULL, 0);
}

static long comb_join(struct task *top, long depth)
{
    if (depth == 0)
        return 0;
    struct numbers half = join_numbers(top, comb_join, depth - 1, tooth, 0);
    return half.a + half.b;
}

static int comb_calls(long nodes)
{
    sink = comb(nodes);
    return 0;
}

static int in_pool_comb(struct task *top, void *arg)
{
    sink = comb_join(top, *(long *)arg);
    return 0;
}

static int comb_joins(long nodes)
{
    return pool_run(all, in_pool_comb, &nodes);
}

/* ---- Sorts ---- */

static int compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int sort_qsort(long count)
{
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    qsort(copy, (size_t)count, sizeof *copy, compare);
    return 0;
}

static int in_pool_sort(struct task *top, void *arg)
{
    sort_int32(top, copy, (size_t) * (long *)arg);
    return 0;
}

static int in_pool_radix(struct task *top, void *arg)
{
    radix_sort_int32(top, copy, (size_t) * (long *)arg);
    return 0;
}

static int sort_ours(long count)
{
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    return pool_run(all, in_pool_sort, &count);
}

static int sort_radix(long count)
{
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    return pool_run(all, in_pool_radix, &count);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"fib: plain calls", calls, 4L * FIB_JOINS},
        {"fib: join, one worker", joins_alone, 4L * FIB_JOINS},
        {"fib: join, all workers", joins_all, 4L * FIB_JOINS},
        {"singles: scope, one worker", scopes_alone, FEW},
        {"singles: scope, all", scopes_all, FEW},
        {"max: one loop", max_loop, MANY},
        {"max: parallel_reduce", max_reduce, MANY},
        {"comb: plain calls", comb_calls, DEPTH},
        {"comb: join", comb_joins, DEPTH},
        {"sort: qsort", sort_qsort, SORTED},
        {"sort: sort.h", sort_ours, SORTED},
        {"sort: radix_sort", sort_radix, SORTED},
        /* Last, because OpenMP's threads go on spinning for a moment. */
        {"fib: OpenMP tasks", tasks_openmp, FIB_JOINS},
        {"max: OpenMP parallel for", max_openmp, MANY},
    };
    uint64_t random = 1;

    numbers = malloc(MANY * sizeof *numbers);
    copy = malloc(SORTED * sizeof *copy);
    if (numbers == NULL || copy == NULL)
        error(EXIT_FAILURE, ENOMEM, "make numbers");
    for (size_t i = 0; i < MANY; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        numbers[i] = (int32_t)(random >> 32);
    }
    int rc = pool_new(&alone, 1);
    if (rc < 0 || (rc = pool_new(&all, 0)) < 0)
        error(EXIT_FAILURE, -rc, "start workers");
    int status =
        run_bench(argc, argv, "Nanoseconds for a join, a number, a node.", rows,
                  sizeof rows / sizeof rows[0]);
    pool_free(alone);
    pool_free(all);
    free(numbers);
    free(copy);
    return status;
}
