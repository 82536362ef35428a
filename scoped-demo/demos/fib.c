/* SPDX-License-Identifier: MIT
 *
 * fib.c - Fibonacci numbers by calls that might run in parallel: nothing but
 * joins. With --trace each call also compares the worker that runs it with the
 * one that offered it, and so knows whether it was stolen (Rayon's join_context).
 *
 * Try: scoped-demo fib --trace --threads 4; scoped-demo fib --svg steals.svg
 * Read with: Rayon's documentation of join_context; its FAQ, "How does Rayon
 * balance work between threads?"
 */
#include "../demo.h"
#include "../join.h"
#include "../plain_fib.h"
#include "../pool.h"
#include "../timeline.h"
#include "../worker.h"
#include "verbs.h"

enum { MOST_THREADS = 64 };

static long fib(struct task *top, long n)
{
    if (n < 2)
        return n;
    struct numbers half = join_numbers(top, fib, n - 1, fib, n - 2);
    return half.a + half.b;
}

/* ---- The traced form ---- */

struct call {
    int n;
    long result;
    unsigned offered_by;
};

/* Each worker counts in a line of its own. */
static struct {
    _Alignas(64) long calls, stolen;
} tally[MOST_THREADS];
static struct timeline thefts;

static int traced(struct task *top, void *arg)
{
    struct call *call = arg;
    unsigned me = worker_id(top);
    bool stolen = me != call->offered_by;
    struct span s = {call->n, call->offered_by, me, stolen ? now_ns() : 0, 0};

    tally[me].calls++;
    tally[me].stolen += stolen;
    call->result = call->n;
    if (call->n >= 2) {
        struct call a = {call->n - 1, 0, me}, b = {call->n - 2, 0, me};
        join(top, traced, &a, traced, &b);
        call->result = a.result + b.result;
    }
    if (stolen) {
        s.end = now_ns();
        timeline_note(&thefts, &s);
    }
    return 0;
}

static int traced_root(struct task *top, void *arg)
{
    struct call *call = arg;
    struct span s = {call->n, worker_id(top), worker_id(top), now_ns(), 0};

    timeline_begin(&thefts);
    call->offered_by = s.by;
    traced(top, call);
    s.end = now_ns();
    timeline_end(&thefts, &s);
    return 0;
}

static void print_tally(unsigned workers)
{
    printf("%-10s %12s %8s\n", "worker", "calls run", "stolen");
    for (unsigned i = 0; i < workers; i++)
        printf("%-10u %12ld %8ld\n", i, tally[i].calls, tally[i].stolen);
}

static void draw(const char *name, unsigned workers)
{
    FILE *svg = fopen(name, "we");

    if (svg == NULL)
        error(EXIT_FAILURE, errno, "open '%s'", name);
    timeline_draw(&thefts, workers, svg);
    if (fclose(svg) != 0)
        error(EXIT_FAILURE, errno, "write '%s'", name);
}

/* ---- The verb ---- */

struct asked {
    long n, threads;
    bool trace;
    const char *svg;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;

    if (key == 't')
        asked->threads = count_arg(state, "threads", arg, 1, MOST_THREADS);
    else if (key == 'r')
        asked->trace = true;
    else if (key == 's')
        asked->svg = arg;
    else if (key == ARGP_KEY_ARG && state->arg_num == 0)
        asked->n = count_arg(state, "N", arg, 0, 42);
    else
        return unexpected(key, arg, state);
    return 0;
}

struct timed {
    long n, result;
    int64_t ns;
};

static int time_fib(struct task *top, void *arg)
{
    struct timed *timed = arg;
    int64_t start = now_ns();

    timed->result = fib(top, timed->n);
    timed->ns = now_ns() - start;
    return 0;
}

int fib_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"threads", 't', "N", 0, "workers in the pool (default: the CPUs)", 0},
        {"trace", 'r', NULL, 0, "say what each worker ran and stole", 0},
        {"svg", 's', "FILE", 0, "draw who stole what from whom, and when", 0},
        {0}};
    const struct argp argp = {options, parse, "[N]",
                              .doc = "fib(N), by default of 30, without any "
                                     "cut-off: a join for each call."};
    struct asked asked = {.n = 30};
    struct pool *pool;

    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    watchdog(60, "fib: a half never ended\n");
    struct timed timed = {.n = asked.n};
    struct call root = {.n = (int)asked.n};
    bool is_traced = asked.trace || asked.svg != NULL;
    int rc = pool_new(&pool, (unsigned)asked.threads);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers");
    if (pool_size(pool) > MOST_THREADS)
        error(EXIT_FAILURE, 0, "more than %d workers", MOST_THREADS);
    must(is_traced ? pool_run(pool, traced_root, &root)
                   : pool_run(pool, time_fib, &timed));
    unsigned workers = pool_size(pool);
    pool_free(pool);

    int64_t start = now_ns();
    long expected = plain_fib(asked.n);
    double plain_ns = (double)(now_ns() - start);
    long joins = plain_fib_joins(asked.n);
    long result = is_traced ? root.result : timed.result;
    if (result != expected)
        error(EXIT_FAILURE, 0, "join finds %ld, but plain calls %ld", result,
              expected);
    if (asked.trace)
        print_tally(workers);
    if (asked.svg != NULL)
        draw(asked.svg, workers);
    printf("fib(%ld) = %ld, by %ld joins on %u workers as by plain calls\n",
           asked.n, result, joins, workers);
    if (!is_traced && joins > 100000)
        printf("for a join: %.2f ns; without, by plain calls: %.2f ns\n",
               (double)timed.ns / (double)joins, plain_ns / (double)joins);
    return EXIT_SUCCESS;
}
