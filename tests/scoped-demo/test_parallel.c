/* SPDX-License-Identifier: MIT
 *
 * test_parallel.c - what parallel.h promises; plain loops are the judges.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parallel.h"
#include "pool.h"
#include "util.h"
#include "worker.h"

enum { MANY = 20000 };

/* ---- for_each ---- */

struct visits {
    size_t count;
    atomic_int times[MANY]; /* relaxed: the loop's end orders the reader */
};

static void visit(struct task *top, void *arg, size_t from, size_t to)
{
    struct visits *v = arg;

    (void)top;
    for (size_t i = from; i < to; i++)
        atomic_fetch_add_explicit(&v->times[i], 1, memory_order_relaxed);
}

static int visit_all(struct task *top, void *arg)
{
    struct visits *v = arg;

    parallel_for_each(top, v->count, visit, v);
    return 0;
}

static void a_loop_visits_each_element_once_with_1_to_64_workers(void **state)
{
    static struct visits v;
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        for (v.count = 0; v.count <= MANY; v.count = 3 * v.count + 1) {
            for (size_t i = 0; i < v.count; i++)
                atomic_init(&v.times[i], 0);
            assert_int_equal(pool_once(workers, visit_all, &v), 0);
            for (size_t i = 0; i < v.count; i++)
                assert_int_equal(
                    atomic_load_explicit(&v.times[i], memory_order_relaxed), 1);
        }
    }
}

static void loop_in_loop(struct task *top, void *arg, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        parallel_for_each(top, 100, visit, arg);
}

static int nest(struct task *top, void *arg)
{
    parallel_for_each(top, 100, loop_in_loop, arg);
    return 0;
}

static void loops_nest(void **state)
{
    static struct visits v;
    (void)state;
    for (unsigned workers = 1; workers <= 8; workers *= 2) {
        for (size_t i = 0; i < 100; i++)
            atomic_init(&v.times[i], 0);
        assert_int_equal(pool_once(workers, nest, &v), 0);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(
                atomic_load_explicit(&v.times[i], memory_order_relaxed), 100);
    }
}

/* ---- Splitting by demand ---- */

struct cuts {
    int calls, joins;
};

static void count_call(struct task *top, void *arg, size_t from, size_t to)
{
    struct cuts *cuts = arg;

    (void)to;
    /* Only the worker's first slot is used if nothing was cut. */
    cuts->joins += top != deque_of(top)->slot;
    cuts->calls++;
    if (from > 500000)
        deque_ask(deque_of(top)); /* as a thief would */
}

static int count_calls(struct task *top, void *arg)
{
    /* One worker, so nobody else asks; and the first question, which stands for
     * thieves that are not born yet, is answered here. */
    atomic_store_explicit(&deque_of(top)->ceiling,
                          &deque_of(top)->slot[DEQUE_CAPACITY],
                          memory_order_relaxed);
    parallel_for_each(top, 1000000, count_call, arg);
    return 0;
}

static void a_loop_is_cut_only_when_someone_asks(void **state)
{
    struct cuts cuts = {0};
    (void)state;
    assert_int_equal(pool_once(1, count_calls, &cuts), 0);
    assert_true(cuts.joins > 0);
    assert_in_range(cuts.calls, cuts.joins + 10, cuts.joins + 60);
}

/* ---- reduce ---- */

/* Not commutative: the first and the last element, and whether all between are
 * there, each the successor of the one before. */
struct run {
    bool empty, unbroken;
    size_t first, last;
};

static void fold_run(struct task *top, void *value, void *arg, size_t from,
                     size_t to)
{
    struct run *run = value;

    (void)top;
    (void)arg;
    for (size_t i = from; i < to; i++) {
        if (run->empty)
            *run = (struct run){false, true, i, i};
        else if (i != run->last + 1)
            run->unbroken = false;
        run->last = i;
    }
}

static void combine_runs(void *value, const void *right)
{
    const struct run *b = right;
    struct run *a = value;

    if (b->empty)
        return;
    if (a->empty) {
        *a = *b;
        return;
    }
    a->unbroken = a->unbroken && b->unbroken && b->first == a->last + 1;
    a->last = b->last;
}

struct sum {
    size_t count;
    struct run run;
};

static int reduce_run(struct task *top, void *arg)
{
    static const struct run nothing = {.empty = true, .unbroken = true};
    const struct reduction how = {sizeof nothing, &nothing, fold_run,
                                  combine_runs};
    struct sum *sum = arg;

    parallel_reduce(top, sum->count, &how, NULL, &sum->run);
    return 0;
}

static void a_reduction_keeps_the_order_of_the_elements(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 16; workers *= 2) {
        for (size_t count = 1; count < 2000000; count = 5 * count + 2) {
            struct sum sum = {.count = count};
            assert_int_equal(pool_once(workers, reduce_run, &sum), 0);
            assert_true(sum.run.unbroken);
            assert_int_equal(sum.run.first, 0);
            assert_int_equal(sum.run.last, count - 1);
        }
        struct sum none = {.count = 0};
        assert_int_equal(pool_once(workers, reduce_run, &none), 0);
        assert_true(none.run.empty);
    }
}

/* ---- Searches ---- */

struct hay {
    size_t count, needle_from, needle_to; /* those match */
    atomic_size_t looks;
    size_t any_at, first_at;
    bool any, all;
};

static bool is_needle(void *arg, size_t index)
{
    struct hay *h = arg;

    atomic_fetch_add_explicit(&h->looks, 1, memory_order_relaxed);
    return index >= h->needle_from && index < h->needle_to;
}

static int search(struct task *top, void *arg)
{
    struct hay *h = arg;

    h->any_at = parallel_find_any(top, h->count, is_needle, h);
    h->first_at = parallel_find_first(top, h->count, is_needle, h);
    h->any = parallel_any(top, h->count, is_needle, h);
    h->all = parallel_all(top, h->count, is_needle, h);
    return 0;
}

static void searches_find_what_is_there(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 8; workers *= 2) {
        for (size_t from = 0; from < MANY; from = 2 * from + 1) {
            struct hay h = {.count = MANY,
                            .needle_from = from,
                            .needle_to =
                                from == 0 ? MANY : from + (MANY - from) / 2};
            assert_int_equal(pool_once(workers, search, &h), 0);
            assert_in_range(h.any_at, from, h.needle_to - 1);
            assert_int_equal(h.first_at, from);
            assert_true(h.any);
            assert_int_equal(h.all, from == 0);
        }
    }
}

static void searches_say_when_there_is_nothing(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers *= 2) {
        for (size_t count = 0; count <= MANY; count += MANY) {
            struct hay h = {.count = count};
            assert_int_equal(pool_once(workers, search, &h), 0);
            assert_true(h.any_at == PARALLEL_NONE);
            assert_true(h.first_at == PARALLEL_NONE);
            assert_false(h.any);
            assert_int_equal(h.all, count == 0);
        }
    }
}

static int find_any(struct task *top, void *arg)
{
    struct hay *h = arg;

    h->any_at = parallel_find_any(top, h->count, is_needle, h);
    return 0;
}

static void a_search_stops_when_it_has_found(void **state)
{
    /* One worker goes from left to right, so it looks at one element more. */
    struct hay h = {.count = MANY, .needle_from = 77, .needle_to = MANY};
    (void)state;
    assert_int_equal(pool_once(1, find_any, &h), 0);
    assert_int_equal(h.any_at, 77);
    assert_int_equal(atomic_load_explicit(&h.looks, memory_order_relaxed), 78);
}

/* The first needle is found late: the worker on the left lets the one on the
 * right find the other needle before, if that one comes at all. */
struct two_needles {
    atomic_bool second_found;
};

static bool is_one_of_two(void *arg, size_t index)
{
    struct two_needles *n = arg;

    for (int i = 0;
         index == 0 && i < 10000 &&
         !atomic_load_explicit(&n->second_found, memory_order_relaxed);
         i++)
        sched_yield();
    if (index == 900)
        atomic_store_explicit(&n->second_found, true, memory_order_relaxed);
    return index == 10 || index == 900;
}

static int find_first_of_two(struct task *top, void *arg)
{
    return (int)parallel_find_first(top, 1000, is_one_of_two, arg);
}

static void the_first_is_found_though_another_was_found_before(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct two_needles needles = {false};
        assert_int_equal(pool_once(2, find_first_of_two, &needles), 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_visits_each_element_once_with_1_to_64_workers),
        cmocka_unit_test(loops_nest),
        cmocka_unit_test(a_loop_is_cut_only_when_someone_asks),
        cmocka_unit_test(a_reduction_keeps_the_order_of_the_elements),
        cmocka_unit_test(searches_find_what_is_there),
        cmocka_unit_test(searches_say_when_there_is_nothing),
        cmocka_unit_test(the_first_is_found_though_another_was_found_before),
        cmocka_unit_test(a_search_stops_when_it_has_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
