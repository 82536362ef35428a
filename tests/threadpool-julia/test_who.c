/* SPDX-License-Identifier: MIT
 *
 * test_who.c - what who.h promises.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "who.h"

static const struct render_band bands[] = {
    {.thread = 0, .rows = 8, .start = 100, .end = 200, .steps = 10},
    {.thread = 2, .rows = 8, .start = 110, .end = 410, .steps = 30},
    {.thread = 0, .rows = 3, .start = 200, .end = 300, .steps = 5},
};
enum { BANDS = sizeof bands / sizeof bands[0] };

static void bands_are_summed_for_each_thread(void **state)
{
    static struct who threads[RENDER_THREADS_MAX];
    struct who all;
    (void)state;
    assert_int_equal(who_sum(bands, BANDS, threads, &all), 3);
    assert_int_equal(threads[0].bands, 2);
    assert_int_equal(threads[0].rows, 11);
    assert_int_equal(threads[0].steps, 15);
    assert_int_equal(threads[0].busy, 200);
    assert_int_equal(threads[1].bands, 0);
    assert_int_equal(threads[2].busy, 300);
    assert_int_equal(all.rows, 19);
    assert_int_equal(all.steps, 45);
    assert_int_equal(who_span(bands, BANDS), 310);
    /* 300 of 500 ns in three threads: an equal share is 166.7. */
    assert_true(who_imbalance(threads, 3) > 1.79);
    assert_true(who_imbalance(threads, 3) < 1.81);
}

static void neighbours_have_colors_of_their_own(void **state)
{
    unsigned char one[3], other[3];
    (void)state;
    for (int i = 0; i < 64; i++)
        for (int k = i + 1; k < i + 4; k++) {
            int apart = 0;
            who_color(i, one);
            who_color(k, other);
            for (int c = 0; c < 3; c++)
                apart += abs(one[c] - other[c]);
            assert_true(apart > 60);
        }
}

static void more_steps_are_another_light(void **state)
{
    const int32_t steps[2] = {0, 300};
    unsigned char lights[301], rgb[6];
    (void)state;
    who_lights(300, lights);
    assert_int_not_equal(lights[0], lights[300]);
    who_paint(1, lights, steps, 2, rgb);
    assert_memory_not_equal(rgb, rgb + 3, 3);
}

static void a_timeline_has_a_box_for_each_band(void **state)
{
    const struct who_run run = {"test", bands, BANDS, 3};
    char line[1024];
    int boxes = 0, ends = 0;
    (void)state;
    assert_int_equal(who_timeline("who.svg", &run, 1), 0);
    FILE *file = fopen("who.svg", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        boxes += strncmp(line, "<rect x=", 8) == 0;
        ends += strcmp(line, "</svg>\n") == 0;
    }
    fclose(file);
    assert_int_equal(boxes, BANDS);
    assert_int_equal(ends, 1);
    assert_int_equal(unlink("who.svg"), 0);
    assert_int_equal(who_timeline("no-such-folder/who.svg", &run, 1), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_are_summed_for_each_thread),
        cmocka_unit_test(neighbours_have_colors_of_their_own),
        cmocka_unit_test(more_steps_are_another_light),
        cmocka_unit_test(a_timeline_has_a_box_for_each_band),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
