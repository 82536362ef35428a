/* SPDX-License-Identifier: MIT
 *
 * test_timeline.c - what timeline.h promises.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "timeline.h"
#include "util.h"

static struct timeline timeline;

static char svg[1 << 21]; /* the picture */

static void draw(unsigned workers)
{
    FILE *file = fmemopen(svg, sizeof svg, "w");

    if (file == NULL)
        abort();
    timeline_draw(&timeline, workers, file);
    must(fclose(file));
}

static int count(const char *text, const char *what)
{
    int found = 0;

    while ((text = strstr(text, what)) != NULL) {
        found++;
        text++;
    }
    return found;
}

static void each_theft_is_a_bar_and_an_arrow(void **state)
{
    (void)state;
    timeline_begin(&timeline);
    timeline_note(&timeline, &(struct span){7, 0, 2, 1500, 1900});
    timeline_note(&timeline, &(struct span){8, 2, 1, 1200, 1950});
    timeline_end(&timeline, &(struct span){9, 0, 0, 1000, 2000});
    draw(3);
    int bars = count(svg, "<title>"), arrows = count(svg, "<line ");
    int lanes = count(svg, ">worker ");
    char *whole = strstr(svg, "fib(9)"), *early = strstr(svg, "fib(8)");
    char *late = strstr(svg, "fib(7)");
    bool in_order = whole != NULL && whole < early && early < late;
    assert_int_equal(bars, 3);
    assert_int_equal(arrows, 2);
    assert_int_equal(lanes, 3);
    assert_true(in_order);
}

static void a_picture_of_nothing_stolen_is_one_bar(void **state)
{
    (void)state;
    timeline_begin(&timeline);
    timeline_end(&timeline, &(struct span){0, 0, 0, 1000, 1000});
    draw(1);
    int bars = count(svg, "<title>"), arrows = count(svg, "<line ");
    int wrong = count(svg, "nan") + count(svg, "inf");
    assert_int_equal(bars, 1);
    assert_int_equal(arrows, 0);
    assert_int_equal(wrong, 0);
}

enum { NOTERS = 4 };

static void *note_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < TIMELINE_SPANS; i++)
        timeline_note(&timeline, &(struct span){5, 0, 1, 1100, 1200});
    return NULL;
}

static void what_finds_no_room_is_left_out_but_not_the_whole(void **state)
{
    pthread_t thread[NOTERS];
    (void)state;
    timeline_begin(&timeline);
    for (int i = 0; i < NOTERS; i++)
        must(pthread_create(&thread[i], NULL, note_many, NULL));
    for (int i = 0; i < NOTERS; i++)
        must(pthread_join(thread[i], NULL));
    timeline_end(&timeline, &(struct span){9, 0, 0, 1000, 2000});
    draw(2);
    int wholes = count(svg, "<title>fib(9)");
    int thefts = count(svg, "<title>fib(5)");
    assert_int_equal(wholes, 1);
    assert_int_equal(thefts, TIMELINE_SPANS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_theft_is_a_bar_and_an_arrow),
        cmocka_unit_test(a_picture_of_nothing_stolen_is_one_bar),
        cmocka_unit_test(what_finds_no_room_is_left_out_but_not_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
