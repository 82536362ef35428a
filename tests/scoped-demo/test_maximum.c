/* SPDX-License-Identifier: MIT
 *
 * test_maximum.c - what maximum.h promises: five ways, one answer.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <omp.h>

#include "maximum.h"
#include "pool.h"
#include "util.h"

static const struct way {
    int (*run)(struct task *top, void *slice);
    bool needs_pool;
} ways[] = {{maximum_serial, false},
            {maximum_join, true},
            {maximum_scope, true},
            {maximum_threads, false},
            {maximum_openmp, false}};

enum { WAYS = sizeof ways / sizeof ways[0] };

static int make_pool(void **state)
{
    struct pool *pool;

    int rc = pool_new(&pool, 3);
    *state = rc == 0 ? pool : NULL;
    return rc;
}

/* OpenMP's threads would idle to the end, and valgrind count their memory as
 * possibly lost: they are told to go. */
static int end_pool(void **state)
{
    pool_free(*state);
    return omp_pause_resource_all(omp_pause_hard);
}

static int search(struct pool *pool, const struct way *way, struct slice *s)
{
    return way->needs_pool ? pool_run(pool, way->run, s) : way->run(NULL, s);
}

static void nothing_has_no_maximum(void **state)
{
    for (int i = 0; i < WAYS; i++) {
        struct slice s = {.count = 0};
        assert_int_equal(search(*state, &ways[i], &s), -ENODATA);
    }
    struct slice s = {.count = 0};
    assert_int_equal(maximum_loop(NULL, &s), -ENODATA);
}

static void the_least_and_the_greatest_int_are_numbers_too(void **state)
{
    const int least[] = {INT_MIN, INT_MIN, INT_MIN};
    const int both[] = {INT_MIN, -1, INT_MAX};

    for (int i = 0; i < WAYS; i++) {
        struct slice s = {.numbers = least, .count = 3, .max = 7};
        assert_int_equal(search(*state, &ways[i], &s), 0);
        assert_int_equal(s.max, INT_MIN);
        s.numbers = both;
        assert_int_equal(search(*state, &ways[i], &s), 0);
        assert_int_equal(s.max, INT_MAX);
    }
}

static void the_maximum_is_found_wherever_it_stands(void **state)
{
    int numbers[40];

    for (size_t count = 1; count <= 40; count++) {
        for (size_t at = 0; at < count; at += 1 + count / 8) {
            for (size_t i = 0; i < count; i++)
                numbers[i] = -5 - (int)i;
            numbers[at] = -4;
            for (int i = 0; i < WAYS; i++) {
                struct slice s = {
                    .numbers = numbers, .count = count, .leaf = 1 + count / 6};
                assert_int_equal(search(*state, &ways[i], &s), 0);
                assert_int_equal(s.max, -4);
            }
        }
    }
}

static void all_ways_agree_with_the_loop_on_random_numbers(void **state)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        size_t count = 1 + (size_t)seed * seed * 7;
        int *numbers = malloc(count * sizeof *numbers);
        assert_non_null(numbers);
        for (size_t i = 0; i < count; i++)
            numbers[i] = (int)(uint32_t)((i + seed) * 2654435761U);
        struct slice all = {.numbers = numbers, .count = count};
        assert_int_equal(maximum_loop(NULL, &all), 0);
        for (int i = 0; i < WAYS; i++) {
            struct slice s = all;
            s.leaf = count / 20;
            s.max = 0;
            assert_int_equal(search(*state, &ways[i], &s), 0);
            assert_int_equal(s.max, all.max);
        }
        free(numbers);
    }
}

/* ---- Each number is looked at once ---- */

static const int row[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
static atomic_int looks[10]; /* relaxed: the search's end orders the reader */

static void note(struct task *top, const int *numbers, size_t count)
{
    (void)top;
    for (size_t i = 0; i < count; i++)
        atomic_fetch_add_explicit(&looks[numbers[i]], 1, memory_order_relaxed);
}

static void each_number_is_looked_at_once(void **state)
{
    for (int i = 0; i < WAYS; i++) {
        for (size_t leaf = 0; leaf <= 11; leaf++) {
            struct slice s = {
                .numbers = row, .count = 10, .leaf = leaf, .tell = note};
            for (int j = 0; j < 10; j++)
                atomic_init(&looks[j], 0);
            assert_int_equal(search(*state, &ways[i], &s), 0);
            assert_int_equal(s.max, 9);
            for (int j = 0; j < 10; j++)
                assert_int_equal(
                    atomic_load_explicit(&looks[j], memory_order_relaxed), 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_maximum),
        cmocka_unit_test(the_least_and_the_greatest_int_are_numbers_too),
        cmocka_unit_test(the_maximum_is_found_wherever_it_stands),
        cmocka_unit_test(all_ways_agree_with_the_loop_on_random_numbers),
        cmocka_unit_test(each_number_is_looked_at_once),
    };
    return cmocka_run_group_tests(tests, make_pool, end_pool);
}
