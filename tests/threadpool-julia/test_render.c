/* SPDX-License-Identifier: MIT
 *
 * test_render.c - what render.h promises.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "palette.h"
#include "render.h"
#include "sha256sum.h"

static const int thread_counts[] = {1, 2, 3, 8};

static size_t size_of(const struct julia *view)
{
    return 3 * (size_t)view->width * (size_t)view->height;
}

static void the_books_picture_is_the_originals_to_the_bit(void **state)
{
    const struct julia view = {1920, 1080, -0.8F, 0.156F, 300};
    unsigned char *rgb = test_malloc(size_of(&view));
    int64_t steps = 0;
    char sum[65];
    (void)state;
    assert_int_equal(render(&view, 0, rgb, NULL, &steps), 0);
    assert_int_equal(steps, 78854648);
    sha256sum(rgb, size_of(&view), sum);
    assert_string_equal(sum, SHA256_OF_THE_BOOKS_PICTURE);
    test_free(rgb);
}

/* The oracle: pixel after pixel, no row, no thread. */
static int64_t draw_alone(const struct julia *view, unsigned char *rgb)
{
    struct palette palette;
    int64_t sum = 0;

    palette_init(&palette);
    for (int i = 0; i < view->width * view->height; i++) {
        int steps = julia_steps(view, i % view->width, i / view->width);
        memcpy(rgb + 3 * (size_t)i,
               palette_color(&palette, steps, view->iterations), 3);
        sum += steps;
    }
    return sum;
}

static void any_number_of_threads_draws_what_one_draws(void **state)
{
    static const struct julia views[] = {
        {320, 180, -0.8F, 0.156F, 300}, {1, 1, -0.8F, 0.156F, 300},
        {1, 301, 0.285F, 0.01F, 100},   {301, 1, 0.285F, 0.01F, 100},
        {333, 77, -0.4F, 0.6F, 999},    {17, 5, 3.0F, 3.0F, 1},
    };
    (void)state;
    for (size_t v = 0; v < sizeof views / sizeof views[0]; v++) {
        size_t size = size_of(&views[v]);
        unsigned char *expected = test_malloc(size), *rgb = test_malloc(size);
        int64_t sum = draw_alone(&views[v], expected), steps;

        for (size_t t = 0; t < 4; t++) {
            steps = 0;
            memset(rgb, 0x55, size);
            assert_int_equal(
                render(&views[v], thread_counts[t], rgb, NULL, &steps), 0);
            assert_int_equal(steps, sum);
            assert_memory_equal(rgb, expected, size);
        }
        test_free(expected);
        test_free(rgb);
    }
}

/* ---- Progress ---- */

struct seen {
    pthread_t self;
    int calls, last;
    bool strange; /* another thread, or a number that does not grow */
};

static void look(void *context, int rows)
{
    struct seen *seen = context;

    if (!pthread_equal(pthread_self(), seen->self) || rows <= seen->last)
        seen->strange = true;
    seen->last = rows;
    seen->calls++;
}

static void progress_is_told_to_the_caller_and_only_grows(void **state)
{
    const struct julia view = {60, 90, -0.8F, 0.156F, 300};
    unsigned char *rgb = test_malloc(size_of(&view));
    (void)state;
    for (size_t t = 0; t < 4; t++) {
        struct seen seen = {.self = pthread_self()};
        const struct render_watch watch = {look, &seen};
        int64_t steps;
        int rc = render(&view, thread_counts[t], rgb, &watch, &steps);
        assert_int_equal(rc, 0);
        assert_false(seen.strange);
        assert_true(seen.last <= view.height);
        if (thread_counts[t] == 1) {
            assert_int_equal(seen.calls, view.height);
            assert_int_equal(seen.last, view.height);
        }
    }
    test_free(rgb);
}

static void what_cannot_be_drawn_is_refused(void **state)
{
    struct julia view = {0, 10, -0.8F, 0.156F, 300};
    unsigned char rgb[3] = {1, 2, 3};
    int64_t steps = 7;
    (void)state;
    assert_int_equal(render(&view, 1, rgb, NULL, &steps), -EINVAL);
    view.width = view.height = JULIA_SIDE_MAX;
    assert_int_equal(render(&view, 1, rgb, NULL, &steps), -EOVERFLOW);
    view.width = view.height = 1;
    assert_int_equal(render(&view, -1, rgb, NULL, &steps), -EINVAL);
    assert_int_equal(steps, 7);
    assert_memory_equal(rgb, ((unsigned char[]){1, 2, 3}), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_picture_is_the_originals_to_the_bit),
        cmocka_unit_test(any_number_of_threads_draws_what_one_draws),
        cmocka_unit_test(progress_is_told_to_the_caller_and_only_grows),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
