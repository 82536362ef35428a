/* SPDX-License-Identifier: MIT
 *
 * test_julia.c - what julia.h promises.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "julia.h"

static const struct julia book = {1920, 1080, -0.8F, 0.156F, 300};

/* The book's own words: complex numbers, and the norm by hypot. */
static int steps_by_norm(const struct julia *view, int x, int y)
{
    float width = (float)view->width, height = (float)view->height;
    float re = 3.0F * ((float)x - 0.5F * width) / width;
    float im = 2.0F * ((float)y - 0.5F * height) / height;

    for (int steps = 0; steps < view->iterations; steps++) {
        if (hypotf(re, im) >= 2.0F)
            return steps;
        float next = re * re - im * im;
        im = re * im + im * re;
        re = next;
        re += view->cx;
        im += view->cy;
    }
    return view->iterations;
}

static void the_books_picture_takes_78854648_steps(void **state)
{
    int64_t sum = 0;
    (void)state;
    for (int y = 0; y < book.height; y++)
        for (int x = 0; x < book.width; x++)
            sum += julia_steps(&book, x, y);
    assert_int_equal(sum, 78854648);
}

static void the_square_stops_where_the_norm_does(void **state)
{
    static const struct julia views[] = {
        {960, 540, -0.8F, 0.156F, 300},   {333, 111, 0.285F, 0.01F, 500},
        {200, 300, -0.4F, 0.6F, 200},     {257, 129, -0.70176F, -0.3842F, 1000},
        {101, 99, 0.0F, 0.0F, 50},        {64, 64, -2.0F, 0.0F, 100},
        {31, 17, 1000.0F, -1000.0F, 100},
    };
    (void)state;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        for (int y = 0; y < views[i].height; y++)
            for (int x = 0; x < views[i].width; x++)
                assert_int_equal(julia_steps(&views[i], x, y),
                                 steps_by_norm(&views[i], x, y));
}

static void a_point_leaves_when_its_norm_reaches_two(void **state)
{
    /* c = 0: z0 is squared. The corner (-1.5, -1) has norm 1.8, then 3.25; the
     * middle, 0, stays for ever. */
    struct julia view = {1000, 1000, 0.0F, 0.0F, 40};
    (void)state;
    assert_int_equal(julia_steps(&view, 0, 0), 1);
    assert_int_equal(julia_steps(&view, 500, 500), 40);
    /* c = 2: the middle is at 2 after one step, and 2 is out. */
    view.cx = 2.0F;
    assert_int_equal(julia_steps(&view, 500, 500), 1);
    view.iterations = 1;
    assert_int_equal(julia_steps(&view, 500, 500), 1);
}

static void sides_and_iterations_have_limits(void **state)
{
    static const int wrong[] = {0, -1, INT_MIN, INT_MAX, JULIA_SIDE_MAX + 1};
    (void)state;
    assert_int_equal(julia_check(&book), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct julia wide = book, high = book;
        wide.width = high.height = wrong[i];
        assert_int_equal(julia_check(&wide), -EINVAL);
        assert_int_equal(julia_check(&high), -EINVAL);
    }
    struct julia view = book;
    for (view.iterations = -1; view.iterations <= 0; view.iterations++)
        assert_int_equal(julia_check(&view), -EINVAL);
    view.iterations = JULIA_ITERATIONS_MAX;
    assert_int_equal(julia_check(&view), 0);
    view.iterations++;
    assert_int_equal(julia_check(&view), -EINVAL);
}

static void a_picture_that_is_too_large_is_refused(void **state)
{
    struct julia view = book;
    (void)state;
    view.width = view.height = 26754; /* 26754 squared is just under */
    assert_int_equal(julia_check(&view), 0);
    view.width = view.height = 26755;
    assert_int_equal(julia_check(&view), -EOVERFLOW);
    view.width = view.height = JULIA_SIDE_MAX;
    assert_int_equal(julia_check(&view), -EOVERFLOW);
    view.height = 1;
    assert_int_equal(julia_check(&view), 0);
}

static void c_must_be_finite(void **state)
{
    static const float wrong[] = {NAN, -NAN, INFINITY, -INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct julia x = book, y = book;
        x.cx = y.cy = wrong[i];
        assert_int_equal(julia_check(&x), -EINVAL);
        assert_int_equal(julia_check(&y), -EINVAL);
    }
}

/* ---- Whole rows ---- */

static void assert_rows_are_counted(enum julia_isa isa,
                                    const struct julia *view, int top, int rows)
{
    int count = rows * view->width;
    int32_t *steps =
        test_malloc(sizeof *steps * (size_t)count); /* to the byte */

    julia_rows(isa, view, top, rows, steps);
    for (int i = 0; i < count; i++)
        assert_int_equal(steps[i], julia_steps(view, i % view->width,
                                               top + i / view->width));
    test_free(steps);
}

/* Odd widths, few rows and many, few steps and many, all that stay and none. */
static void every_instruction_set_counts_the_same_steps(void **state)
{
    static const struct julia views[] = {
        {1920, 80, -0.8F, 0.156F, 300},  {333, 111, 0.285F, 0.01F, 500},
        {1, 64, -0.4F, 0.6F, 200},       {257, 65, -0.70176F, -0.3842F, 1000},
        {101, 99, 0.0F, 0.0F, 1500},     {64, 64, -2.0F, 0.0F, 1},
        {31, 17, 1000.0F, -1000.0F, 10}, {4099, 3, -0.8F, 0.156F, 33},
        {15, 8, 3.0F, 3.0F, 2},          {16, 8, 1e-30F, -1e-38F, 40},
    };
    static const int heights[] = {1, 2, 3, 7, 8, JULIA_ROWS_MAX};
    int counted = 0;
    (void)state;
    for (enum julia_isa isa = 0; isa < JULIA_ISAS; isa++) {
        if (!julia_isa_present(isa))
            continue;
        for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
            for (size_t h = 0; h < sizeof heights / sizeof heights[0]; h++)
                for (int top = 0; top + heights[h] <= views[i].height;
                     top += 3 * heights[h])
                    assert_rows_are_counted(isa, &views[i], top, heights[h]);
        counted++;
    }
    assert_true(counted > 0);
    assert_true(julia_isa_present(julia_isa_best()));
}

static void any_constant_is_counted_the_same(void **state)
{
    uint32_t x = 1;
    (void)state;
    for (int k = 0; k < 300; k++) {
        float c[2];
        for (int i = 0; i < 2; i++) {
            x = x * 1664525 + 1013904223; /* Numerical Recipes' generator */
            c[i] = (float)(x >> 8) / (float)(1 << 22) - 2.0F;
        }
        const struct julia view = {37, 21, c[0], c[1], 1 + k};
        for (enum julia_isa isa = 0; isa < JULIA_ISAS; isa++)
            if (julia_isa_present(isa))
                assert_rows_are_counted(isa, &view, 0, view.height);
    }
}

static void instruction_sets_have_names(void **state)
{
    (void)state;
    assert_string_equal(julia_isa_name(JULIA_SCALAR), "scalar");
    assert_string_equal(julia_isa_name(JULIA_AVX512), "avx512");
    assert_string_equal(julia_isa_name(JULIA_NEON), "neon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_picture_takes_78854648_steps),
        cmocka_unit_test(the_square_stops_where_the_norm_does),
        cmocka_unit_test(a_point_leaves_when_its_norm_reaches_two),
        cmocka_unit_test(sides_and_iterations_have_limits),
        cmocka_unit_test(a_picture_that_is_too_large_is_refused),
        cmocka_unit_test(c_must_be_finite),
        cmocka_unit_test(every_instruction_set_counts_the_same_steps),
        cmocka_unit_test(any_constant_is_counted_the_same),
        cmocka_unit_test(instruction_sets_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
