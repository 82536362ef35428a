/* SPDX-License-Identifier: MIT
 *
 * test_render.c - what render.h promises.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"

static const int thread_counts[] = {1, 2, 3, 8};

typedef int render_fn(const struct julia *, const struct render_options *,
                      const struct render_sink *, struct render_band *);

/* What a picture's bands bring. */
struct page {
    const struct julia *view;
    int32_t *steps;    /* of all pixels */
    atomic_int *drawn; /* how often, of each band */
    int part, parts;   /* bands of those before this one; how many have ended */
    int refuse;        /* this band fails; -1: none does */
    bool strange;
    pthread_t self;
    int calls, last; /* of progress */
};

/* Bands of one part touch memory of their own. */
static int take_band(void *context, int thread, int number, int place, int rows,
                     const int32_t *steps)
{
    struct page *page = context;
    size_t width = (size_t)page->view->width;

    if (number == page->refuse)
        return -EXDEV;
    if (place != number - page->part || thread < 0)
        page->strange = true;
    memcpy(page->steps + (size_t)number * RENDER_BAND_ROWS * width, steps,
           sizeof *steps * width * (size_t)rows);
    /* relaxed: read when the threads have met at the loop's end. */
    atomic_fetch_add_explicit(&page->drawn[number], 1, memory_order_relaxed);
    return 0;
}

static int end_part(void *context)
{
    struct page *page = context;

    if (!pthread_equal(pthread_self(), page->self))
        page->strange = true;
    page->parts++;
    page->part += render_part_bands(page->view);
    return 0;
}

static void look(void *context, int rows)
{
    struct page *page = context;

    if (!pthread_equal(pthread_self(), page->self) || rows <= page->last)
        page->strange = true;
    page->last = rows;
    page->calls++;
}

static struct page page_new(const struct julia *view)
{
    size_t size = (size_t)view->width * (size_t)view->height;

    return (struct page){
        .view = view,
        .steps = test_calloc(size, sizeof(int32_t)),
        .drawn = test_calloc((size_t)render_bands(view), sizeof(atomic_int)),
        .refuse = -1,
        .self = pthread_self(),
    };
}

static void page_free(struct page *page)
{
    test_free(page->steps);
    test_free(page->drawn);
}

static int fill(struct page *page, render_fn *draw,
                const struct render_options *options, struct render_band *bands)
{
    const struct render_sink sink = {take_band, end_part, look, page};

    return draw(page->view, options, &sink, bands);
}

/* The oracle: pixel after pixel, no row, no thread. */
static void assert_page_is_right(const struct page *page,
                                 const struct render_band *bands)
{
    const struct julia *view = page->view;
    int64_t sum = 0, told = 0;
    int rows = 0;

    for (int i = 0; i < view->width * view->height; i++) {
        int steps = julia_steps(view, i % view->width, i / view->width);
        assert_int_equal(page->steps[i], steps);
        sum += steps;
    }
    for (int i = 0; i < render_bands(view); i++) {
        assert_int_equal(page->drawn[i], 1);
        assert_true(bands[i].start <= bands[i].end);
        told += bands[i].steps;
        rows += bands[i].rows;
    }
    assert_int_equal(told, sum);
    assert_int_equal(rows, view->height);
    assert_false(page->strange);
    assert_true(page->last <= view->height);
}

static void assert_draws(const struct julia *view, render_fn *draw,
                         const struct render_options *options)
{
    struct page page = page_new(view);
    struct render_band *bands =
        test_calloc((size_t)render_bands(view), sizeof *bands);

    assert_int_equal(fill(&page, draw, options, bands), 0);
    assert_page_is_right(&page, bands);
    test_free(bands);
    page_free(&page);
}

static const struct julia views[] = {
    {320, 180, -0.8F, 0.156F, 300}, {1, 1, -0.8F, 0.156F, 300},
    {1, 301, 0.285F, 0.01F, 100},   {301, 1, 0.285F, 0.01F, 100},
    {333, 77, -0.4F, 0.6F, 999},    {17, 5, 3.0F, 3.0F, 1},
};
enum { VIEWS = sizeof views / sizeof views[0] };

static void
all_threads_schedules_and_sets_draw_what_one_pixel_at_a_time_does(void **state)
{
    (void)state;
    for (int v = 0; v < VIEWS; v++)
        for (int t = 0; t < 4; t++)
            for (enum render_schedule how = 0; how < RENDER_SCHEDULES; how++)
                for (enum julia_isa isa = 0; isa < JULIA_ISAS; isa++) {
                    const struct render_options options = {thread_counts[t],
                                                           isa, how, t};
                    if (julia_isa_present(isa))
                        assert_draws(&views[v], render, &options);
                }
}

static void a_channel_brings_the_same_picture(void **state)
{
    (void)state;
    for (int v = 0; v < VIEWS; v++)
        for (int t = 0; t < 4; t++) {
            const struct render_options options = {.threads = thread_counts[t]};
            assert_draws(&views[v], render_by_channel, &options);
        }
}

static void a_large_picture_comes_in_parts(void **state)
{
    const struct julia view = {40000, 272, 3.0F, 3.0F, 1};
    const struct render_options options = {.isa = julia_isa_best()};
    struct page page = page_new(&view);
    int count = render_bands(&view), part = render_part_bands(&view);
    (void)state;
    assert_true(part < count);
    assert_int_equal(fill(&page, render, &options, NULL), 0);
    assert_int_equal(page.parts, (count + part - 1) / part);
    for (int i = 0; i < count; i++)
        assert_int_equal(page.drawn[i], 1);
    assert_false(page.strange);
    page_free(&page);
}

static void a_band_that_fails_ends_the_work(void **state)
{
    const struct julia view = {60, 90, -0.8F, 0.156F, 300};
    (void)state;
    for (int t = 0; t < 4; t++) {
        const struct render_options options = {.threads = thread_counts[t]};
        struct page page = page_new(&view);
        page.refuse = 3;
        assert_int_equal(fill(&page, render, &options, NULL), -EXDEV);
        assert_int_equal(page.parts, 0);
        page_free(&page);
    }
}

static void what_cannot_be_drawn_is_refused(void **state)
{
    struct julia view = {1, 1, -0.8F, 0.156F, 300};
    struct page page = page_new(&view);
    struct render_options options = {.threads = -1};
    (void)state;
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    options.threads = RENDER_THREADS_MAX + 1;
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    options = (struct render_options){.chunk = -1};
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    options = (struct render_options){.schedule = RENDER_SCHEDULES};
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    options = (struct render_options){.isa = JULIA_ISAS};
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    options = (struct render_options){.threads = 1};
    view.width = 0;
    assert_int_equal(fill(&page, render, &options, NULL), -EINVAL);
    view.width = view.height = JULIA_SIDE_MAX;
    assert_int_equal(fill(&page, render, &options, NULL), -EOVERFLOW);
    assert_int_equal(page.drawn[0], 0);
    page_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            all_threads_schedules_and_sets_draw_what_one_pixel_at_a_time_does),
        cmocka_unit_test(a_channel_brings_the_same_picture),
        cmocka_unit_test(a_large_picture_comes_in_parts),
        cmocka_unit_test(a_band_that_fails_ends_the_work),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
