/* SPDX-License-Identifier: MIT
 *
 * test_maximum.c - what maximum.h and numbers.h promise: four ways, one answer.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "maximum.h"
#include "numbers.h"
#include "pool.h"
#include "util.h"

static const struct way {
    int (*run)(struct worker *w, void *slice);
    bool needs_pool;
} ways[] = {{maximum_serial, false},
            {maximum_join, true},
            {maximum_scope, true},
            {maximum_threads, false}};

enum { WAYS = sizeof ways / sizeof ways[0] };

static int make_pool(void **state)
{
    struct pool *pool;

    int rc = pool_new(&pool, 3);
    *state = rc == 0 ? pool : NULL;
    return rc;
}

static int end_pool(void **state)
{
    pool_free(*state);
    return 0;
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
        int *numbers;
        assert_int_equal(numbers_make(&numbers, count, seed), 0);
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

static void note(struct worker *w, const int *numbers, size_t count)
{
    (void)w;
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

/* ---- Numbers ---- */

static void the_same_seed_makes_the_same_numbers(void **state)
{
    int *one, *same, *other, below = 0;
    (void)state;
    assert_int_equal(numbers_make(&one, 1000, 7), 0);
    assert_int_equal(numbers_make(&same, 1000, 7), 0);
    assert_int_equal(numbers_make(&other, 1000, 8), 0);
    int same_differs = memcmp(one, same, 1000 * sizeof(int));
    int other_differs = memcmp(one, other, 1000 * sizeof(int));
    for (int i = 0; i < 1000; i++)
        below += one[i] < 0;
    free(one);
    free(same);
    free(other);
    assert_int_equal(same_differs, 0);
    assert_int_not_equal(other_differs, 0);
    assert_in_range(below, 400, 600);
}

static void too_many_numbers_are_refused(void **state)
{
    int *numbers = NULL;
    (void)state;
    assert_int_equal(numbers_make(&numbers, SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(numbers_make(&numbers, SIZE_MAX / 16, 1), -ENOMEM);
    assert_null(numbers);
    assert_int_equal(numbers_make(&numbers, 0, 1), 0);
    assert_non_null(numbers);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_maximum),
        cmocka_unit_test(the_least_and_the_greatest_int_are_numbers_too),
        cmocka_unit_test(the_maximum_is_found_wherever_it_stands),
        cmocka_unit_test(all_ways_agree_with_the_loop_on_random_numbers),
        cmocka_unit_test(each_number_is_looked_at_once),
        cmocka_unit_test(the_same_seed_makes_the_same_numbers),
        cmocka_unit_test(too_many_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, make_pool, end_pool);
}
