/* SPDX-License-Identifier: MIT
 *
 * test_histogram.c - what histogram.h promises; a sorted array is the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "histogram.h"

static struct histogram h, other;

static int clear(void **state)
{
    (void)state;
    h = other = (struct histogram){0};
    return 0;
}

static void small_values_are_kept_exactly(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 128; value++) {
        clear(state);
        histogram_add(&h, value);
        histogram_add(&h, UINT64_MAX);
        assert_int_equal(histogram_quantile(&h, 0.5), value);
    }
}

static void any_value_is_rounded_up_by_less_than_a_64th(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (uint64_t add = 0; add < 3; add++) {
            uint64_t value = (UINT64_MAX >> shift) - add;
            clear(state);
            histogram_add(&h, value);
            histogram_add(&h, UINT64_MAX);
            uint64_t told = histogram_quantile(&h, 0.5);
            assert_true(told >= value && told - value <= value / 64);
            assert_int_equal(h.most, UINT64_MAX);
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
    enum { COUNT = 10000 };
    static uint64_t values[COUNT];
    static const double shares[] = {0,    0.0001, 0.25,   0.5, 0.9,
                                    0.99, 0.999,  0.9999, 1};
    uint64_t x = 42;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        values[i] = (x >> 33) >> (x >> 60); /* of many magnitudes */
        histogram_add(i % 2 ? &h : &other, values[i]);
    }
    histogram_merge(&h, &other);
    qsort(values, COUNT, sizeof values[0], compare);
    assert_int_equal(h.count, COUNT);
    assert_int_equal(h.most, values[COUNT - 1]);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        /* The value that so many do not exceed, itself among them. */
        size_t rank = (size_t)(shares[i] * COUNT + 0.9999);
        uint64_t right = values[rank > 0 ? rank - 1 : 0];
        uint64_t told = histogram_quantile(&h, shares[i]);
        assert_true(told >= right && told - right <= right / 64);
    }
    assert_int_equal(histogram_quantile(&h, 1), h.most);
}

static void of_nothing_all_is_zero(void **state)
{
    (void)state;
    assert_int_equal(histogram_quantile(&h, 0.5), 0);
    histogram_merge(&h, &other);
    assert_int_equal(h.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(small_values_are_kept_exactly, clear),
        cmocka_unit_test_setup(any_value_is_rounded_up_by_less_than_a_64th,
                               clear),
        cmocka_unit_test_setup(quantiles_are_those_of_the_sorted_values, clear),
        cmocka_unit_test_setup(of_nothing_all_is_zero, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
