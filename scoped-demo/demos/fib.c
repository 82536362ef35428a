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
#include <stdatomic.h>

#include "../demo.h"
#include "../join.h"
#include "../plain_fib.h"
#include "../pool.h"
#include "../worker.h"
#include "verbs.h"

enum { MOST_THREADS = 64, MOST_SPANS = 4096, LANE = 40, WIDTH = 900 };

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

/* One that was stolen, or the root. */
struct span {
    int n;
    unsigned from, by; /* workers */
    int64_t begin, end;
};

/* Each worker counts in a line of its own. */
static struct {
    _Alignas(64) long calls, stolen;
} tally[MOST_THREADS];
static struct span
    span[MOST_SPANS]; /* the root's first; what is more is left out */
static atomic_int spans =
    1; /* relaxed: hands out slots; join orders the reader */

static void note(const struct span *s)
{
    int slot = atomic_fetch_add_explicit(&spans, 1, memory_order_relaxed);

    if (slot < MOST_SPANS)
        span[slot] = *s;
}

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
        note(&s);
    }
    return 0;
}

static int traced_root(struct task *top, void *arg)
{
    struct call *call = arg;
    struct span s = {call->n, worker_id(top), worker_id(top), now_ns(), 0};

    call->offered_by = s.by;
    traced(top, call);
    s.end = now_ns();
    span[0] = s;
    return 0;
}

static void print_tally(unsigned workers)
{
    printf("%-10s %12s %8s\n", "worker", "calls run", "stolen");
    for (unsigned i = 0; i < workers; i++)
        printf("%-10u %12ld %8ld\n", i, tally[i].calls, tally[i].stolen);
}

/* ---- The picture ---- */

static int earliest_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* One bar for each call that was stolen, in its thief's lane, and an arrow to it
 * from the lane of the worker that had offered it. */
static void draw(const char *name, unsigned workers)
{
    FILE *svg = fopen(name, "we");
    int count = atomic_load_explicit(&spans, memory_order_relaxed);
    if (svg == NULL)
        error(EXIT_FAILURE, errno, "open '%s'", name);
    count = count < MOST_SPANS ? count : MOST_SPANS;
    qsort(span, (size_t)count, sizeof *span, earliest_first); /* inner on top */
    double scale = (double)WIDTH / (double)(span[0].end - span[0].begin);
    fprintf(svg,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%u' "
            "font-family='sans-serif' font-size='11'>\n"
            "<defs><marker id='tip' viewBox='0 0 6 6' refX='6' refY='3' "
            "markerWidth='5' markerHeight='5' orient='auto'>"
            "<path d='M0,0L6,3L0,6z'/></marker></defs>\n"
            "<rect width='100%%' height='100%%' fill='white'/>\n",
            WIDTH + 90, workers * LANE + 30);
    for (unsigned w = 0; w < workers; w++)
        fprintf(svg, "<text x='4' y='%u'>worker %u</text>\n", w * LANE + 27, w);
    for (int i = 0; i < count; i++) {
        const struct span *s = &span[i];
        double x = 70 + (double)(s->begin - span[0].begin) * scale;
        double wide = (double)(s->end - s->begin) * scale;
        fprintf(svg,
                "<rect x='%.1f' y='%u' width='%.1f' height='22' fill='%s' "
                "stroke='white' stroke-width='.4'><title>fib(%d), %.1f "
                "us</title></rect>\n",
                x, s->by * LANE + 12, wide < 1 ? 1 : wide,
                i == 0 ? "#9ecae1" : "#fdae6b", s->n,
                (double)(s->end - s->begin) / 1e3);
        if (i > 0 && wide > 18)
            fprintf(svg, "<text x='%.1f' y='%u'>%d</text>\n", x + 2,
                    s->by * LANE + 27, s->n);
    }
    for (int i = 1; i < count; i++) {
        double x = 70 + (double)(span[i].begin - span[0].begin) * scale;
        bool down = span[i].by > span[i].from;
        fprintf(svg,
                "<line x1='%.1f' y1='%u' x2='%.1f' y2='%u' stroke='black' "
                "stroke-width='.8' marker-end='url(#tip)'/>\n",
                x, span[i].from * LANE + (down ? 34 : 12), x,
                span[i].by * LANE + (down ? 12 : 34));
    }
    fprintf(svg,
            "<text x='70' y='%u'>fib(%d) in %.2f ms; each arrow is a theft, "
            "from whom and by whom, with its n</text>\n</svg>\n",
            workers * LANE + 20, span[0].n,
            (double)(span[0].end - span[0].begin) / 1e6);
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
