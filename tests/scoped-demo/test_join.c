/* SPDX-License-Identifier: MIT
 *
 * test_join.c - what join.h promises.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deque.h"
#include "join.h"
#include "pool.h"
#include "scope.h"
#include "times.h"
#include "util.h"
#include "worker.h"

/* ---- Both halves, and their errors ---- */

struct side {
    int give, runs;
    pthread_t thread;
};

static int run_side(struct task *top, void *arg)
{
    struct side *side = arg;

    (void)top;
    side->runs++;
    side->thread = pthread_self();
    return side->give;
}

static int run_pair(struct task *top, void *arg)
{
    struct side *side = arg;

    return join(top, run_side, &side[0], run_side, &side[1]);
}

static void both_halves_run_and_the_first_error_in_the_text_wins(void **state)
{
    const int cases[][3] = {
        {0, 0, 0}, {-EIO, 0, -EIO}, {0, -EPERM, -EPERM}, {-EIO, -EPERM, -EIO}};
    (void)state;
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct pool *pool;
        assert_int_equal(pool_new(&pool, workers), 0);
        for (int i = 0; i < 4000; i++) {
            const int *c = cases[i % 4];
            struct side side[2] = {{.give = c[0]}, {.give = c[1]}};
            assert_int_equal(pool_run(pool, run_pair, side), c[2]);
            assert_int_equal(side[0].runs, 1);
            assert_int_equal(side[1].runs, 1);
        }
        pool_free(pool);
    }
}

static void alone_a_worker_runs_both_itself(void **state)
{
    struct side side[2] = {{0}};
    (void)state;
    assert_int_equal(pool_once(1, run_pair, side), 0);
    assert_true(pthread_equal(side[0].thread, side[1].thread));
}

struct depth {
    size_t left;
    struct side *side;
};

static int do_nothing(struct task *top, void *arg)
{
    (void)top;
    (void)arg;
    return 0;
}

/* Joins within joins, until each slot holds a task; then the pair. */
static int fill_and_run_pair(struct task *top, void *arg)
{
    const struct depth *here = arg;
    struct depth below = {here->left - 1, here->side};

    if (here->left == 0)
        return deque_has_room(top) ? -EBADMSG : run_pair(top, here->side);
    return join(top, fill_and_run_pair, &below, do_nothing, NULL);
}

static void both_halves_run_though_the_deque_is_full(void **state)
{
    struct side side[2] = {{.give = -EIO}, {.give = -EPERM}};
    struct depth depth = {DEQUE_CAPACITY, side};
    (void)state;
    assert_int_equal(pool_once(1, fill_and_run_pair, &depth), -EIO);
    assert_int_equal(side[0].runs, 1);
    assert_int_equal(side[1].runs, 1);
}

/* ---- Nested without end: each leaf once ---- */

enum { LEAVES = 1 << 12 };

struct range {
    atomic_int *runs; /* relaxed: join orders the reader after all */
    int from, to;
};

static int count_leaves(struct task *top, void *arg)
{
    const struct range *r = arg;
    int middle = r->from + (r->to - r->from) / 3; /* halves of unlike size */

    if (r->to - r->from <= 1) {
        atomic_fetch_add_explicit(&r->runs[r->from], 1, memory_order_relaxed);
        return 0;
    }
    if (middle == r->from)
        middle++;
    struct range a = {r->runs, r->from, middle}, b = {r->runs, middle, r->to};
    return join(top, count_leaves, &a, count_leaves, &b);
}

static void nested_joins_reach_each_leaf_once_with_1_to_64_workers(void **state)
{
    static atomic_int runs[LEAVES];
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        for (int i = 0; i < LEAVES; i++)
            atomic_init(&runs[i], 0);
        struct range all = {runs, 0, LEAVES};
        assert_int_equal(pool_once(workers, count_leaves, &all), 0);
        for (int i = 0; i < LEAVES; i++)
            assert_int_equal(
                atomic_load_explicit(&runs[i], memory_order_relaxed), 1);
    }
}

static long add_up(struct task *top, long n)
{
    if (n < 2)
        return n;
    struct numbers half = join_numbers(top, add_up, n - 1, add_up, n - 2);
    return half.a + half.b;
}

static int add_up_here(struct task *top, void *arg)
{
    return (int)add_up(top, *(long *)arg);
}

static void joined_numbers_come_back_with_1_to_64_workers(void **state)
{
    long n = 20;
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2)
        assert_int_equal(pool_once(workers, add_up_here, &n), 6765);
}

/* Deeper than the deque has room: the rest runs in place. */
static int descend(struct task *top, void *arg)
{
    int *level = arg;
    int below[2] = {*level - 1, 0};

    if (*level <= 0)
        return 0;
    return join(top, descend, &below[0], descend, &below[1]);
}

static void joins_may_be_deeper_than_the_deque(void **state)
{
    int level = 2 * DEQUE_CAPACITY;
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++)
        assert_int_equal(pool_once(workers, descend, &level), 0);
}

/* ---- Between A and B lie tasks of a scope further out ---- */

struct mixed {
    struct scope *scope;
    atomic_int runs; /* relaxed: the scope orders the reader after all */
};

static int count_in_scope(struct task *top, struct scope *s, void *arg)
{
    struct mixed *m = arg;

    (void)top;
    (void)s;
    atomic_fetch_add_explicit(&m->runs, 1, memory_order_relaxed);
    return 0;
}

static int spawn_outwards(struct task *top, void *arg)
{
    struct mixed *m = arg;
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = scope_spawn(m->scope, top, count_in_scope, m);
    return rc;
}

static int join_in_scope(struct task *top, struct scope *s, void *arg)
{
    struct mixed *m = arg;

    m->scope = s;
    return join(top, spawn_outwards, m, spawn_outwards, m);
}

static int mix(struct task *top, void *arg)
{
    return scope_run(top, join_in_scope, arg);
}

static void halves_may_spawn_into_a_scope_further_out(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct pool *pool;
        assert_int_equal(pool_new(&pool, workers), 0);
        for (int round = 0; round < 2000; round++) {
            struct mixed m = {.scope = NULL};
            assert_int_equal(pool_run(pool, mix, &m), 0);
            assert_int_equal(
                atomic_load_explicit(&m.runs, memory_order_relaxed), 6);
        }
        pool_free(pool);
    }
}

/* ---- The frame dies at once ---- */

enum { TINY = 100000, FORCED = 5000 };

struct meeting {
    atomic_bool met;
    int b_gives;
};

static int stolen_half(struct task *top, void *arg)
{
    struct meeting *m = arg;
    int gives = m->b_gives;

    (void)top;
    /* release, pairs with the acquire in wait_for_thief(). */
    atomic_store_explicit(&m->met, true, memory_order_release);
    return gives;
}

/* Goes on until its sibling was stolen: at each join a thief may ask for it. */
static int wait_for_thief(struct task *top, void *arg)
{
    struct meeting *m = arg;
    int rc = 0;

    /* acquire, pairs with the release in stolen_half(). */
    while (!atomic_load_explicit(&m->met, memory_order_acquire) && rc == 0)
        rc = join(top, do_nothing, NULL, do_nothing, NULL);
    return rc;
}

/* Writes over the frames of the calls before. */
__attribute__((noinline)) static void scribble(void)
{
    unsigned char frame[2048];

    memset(frame, 0xa5, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory"); /* it is not for nothing */
}

static int join_stolen(struct task *top, void *arg)
{
    int rounds = FORCED * times();
    int wrong = 0;

    (void)arg;
    for (int round = 0; round < rounds; round++) {
        struct meeting m = {.b_gives = round % 2 == 0 ? 0 : -EIO};
        int rc = join(top, wait_for_thief, &m, stolen_half, &m);
        scribble();
        wrong += rc != m.b_gives;
    }
    return wrong;
}

static int join_tiny(struct task *top, void *arg)
{
    int rounds = TINY * times();
    int wrong = 0;

    (void)arg;
    for (int round = 0; round < rounds; round++) {
        struct side side[2] = {{0}};
        wrong += join(top, run_side, &side[0], run_side, &side[1]);
        scribble();
        wrong += side[0].runs != 1 || side[1].runs != 1;
    }
    return wrong;
}

static void a_thief_leaves_the_frame_alone_once_it_is_done(void **state)
{
    (void)state;
    assert_int_equal(pool_once(2, join_stolen, NULL), 0);
    assert_int_equal(pool_once(4, join_stolen, NULL), 0);
    assert_int_equal(pool_once(2, join_tiny, NULL), 0);
    assert_int_equal(pool_once(4, join_tiny, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_halves_run_and_the_first_error_in_the_text_wins),
        cmocka_unit_test(alone_a_worker_runs_both_itself),
        cmocka_unit_test(both_halves_run_though_the_deque_is_full),
        cmocka_unit_test(
            nested_joins_reach_each_leaf_once_with_1_to_64_workers),
        cmocka_unit_test(joined_numbers_come_back_with_1_to_64_workers),
        cmocka_unit_test(joins_may_be_deeper_than_the_deque),
        cmocka_unit_test(halves_may_spawn_into_a_scope_further_out),
        cmocka_unit_test(a_thief_leaves_the_frame_alone_once_it_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
