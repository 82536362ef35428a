/* SPDX-License-Identifier: MIT
 *
 * order.c - litmus tests: two threads, two variables, a few stores and loads;
 * which pairs of results can be, and which does this CPU show? Each test runs in
 * three memory orders, many times over. C11 may allow what a CPU never does: an
 * x86 only lets a load overtake an earlier store (store buffering), so there a
 * missing acquire or release shows nothing, and is wrong all the same.
 * Try: threads-demo order
 * Read with: Rust Atomics and Locks, ch. 3.
 */
#include "../demo.h"
#include "../litmus.h"
#include "stage.h"
#include "verbs.h"

enum { RELAXED, ACQUIRE_RELEASE, SEQ_CST, ORDERS };
static const char *const orders[] = {"relaxed", "acquire/release", "seq_cst"};

static void put(_Atomic int *word, int order)
{
    if (order == RELAXED)
        atomic_store_explicit(word, 1, memory_order_relaxed);
    else if (order == ACQUIRE_RELEASE)
        atomic_store_explicit(word, 1, memory_order_release);
    else
        atomic_store_explicit(word, 1, memory_order_seq_cst);
}

static int get(_Atomic int *word, int order)
{
    if (order == RELAXED)
        return atomic_load_explicit(word, memory_order_relaxed);
    if (order == ACQUIRE_RELEASE)
        return atomic_load_explicit(word, memory_order_acquire);
    return atomic_load_explicit(word, memory_order_seq_cst);
}

static void buffering_left(struct litmus_run *r, int order)
{
    put(&r->x, order);
    r->left = get(&r->y, order);
}

static void buffering_right(struct litmus_run *r, int order)
{
    put(&r->y, order);
    r->right = get(&r->x, order);
}

static void passing_left(struct litmus_run *r, int order)
{
    put(&r->x, RELAXED); /* the message; the flag's order must carry it */
    put(&r->y, order);
}

static void passing_right(struct litmus_run *r, int order)
{
    r->left = get(&r->y, order);
    r->right = get(&r->x, RELAXED);
}

static void loading_left(struct litmus_run *r, int order)
{
    r->left = get(&r->x, order);
    put(&r->y, order);
}

static void loading_right(struct litmus_run *r, int order)
{
    r->right = get(&r->y, order);
    put(&r->x, order);
}

static const struct litmus {
    const char *name, *code;
    litmus_side *left, *right;
    int a, b;               /* the surprising result */
    int first_that_forbids; /* of the orders, by C11 */
    bool x86_shows_it;      /* where it is allowed */
} tests[] = {
    {"store buffering", "x=1 a=y | y=1 b=x", buffering_left, buffering_right, 0,
     0, SEQ_CST, true},
    {"message passing", "x=1 y=1 | a=y b=x", passing_left, passing_right, 1, 0,
     ACQUIRE_RELEASE, false},
    {"load buffering", "a=x y=1 | b=y x=1", loading_left, loading_right, 1, 1,
     ACQUIRE_RELEASE, false},
};

/* True: nothing was seen that must not be. */
static bool run_test(const struct litmus *test, int order)
{
    bool allowed = order < test->first_that_forbids, cpu = true;
    long seen[2][2];
    int rc = litmus_count(seen, test->left, test->right, order);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "run %d times on two threads", LITMUS_RUNS);
#if defined(__x86_64__)
    cpu = test->x86_shows_it;
#endif
    printf("  %-16s", orders[order]);
    for (int i = 0; i < 4; i++)
        printf(" %6ld%c", seen[i / 2][i % 2],
               i == 2 * test->a + test->b ? '*' : ' ');
    printf("  %s\n", !allowed ? "* forbidden"
                     : cpu    ? "* allowed"
                              : "* allowed by C11, not done by this CPU");
    return seen[test->a][test->b] == 0 || (allowed && cpu);
}

int order_main(int argc, char **argv)
{
    bool right = true;

    choose(argc, argv, "What two CPUs may see.", NULL, 0);
    watchdog(60, "order: the other thread does not come\n");
    for (size_t t = 0; t < sizeof tests / sizeof tests[0]; t++) {
        printf("%s: %s\n  %-16s %6s  %6s  %6s  %6s\n", tests[t].name,
               tests[t].code, "a,b:", "0,0", "0,1", "1,0", "1,1");
        for (int order = 0; order < ORDERS; order++)
            right = run_test(&tests[t], order) && right;
    }
    puts(right ? "nothing forbidden was seen" : "a forbidden result was seen");
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
