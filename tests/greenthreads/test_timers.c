/* SPDX-License-Identifier: MIT
 *
 * test_timers.c - what timers.h promises. The oracle is an array that is searched
 * from end to end.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "faults.h"
#include "timers.h"

struct owner {
    int64_t deadline;
    long order;
    uint32_t place;
};

static void without_timers_nothing_is_due(void **state)
{
    struct timers timers = {.count = 0};
    uint32_t place = TIMER_NONE;
    (void)state;
    assert_true(timers_earliest(&timers) == INT64_MAX);
    assert_null(timers_take_due(&timers, INT64_MAX));
    timers_cancel(&timers, &place); /* there is none: nothing happens */
    timers_destroy(&timers);
}

static void the_earliest_is_due_first_and_none_before_its_time(void **state)
{
    const int64_t deadlines[] = {30, 10, 20};
    struct owner owner[3] = {{0}};
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            timers_add(&timers, deadlines[i], &owner[i], &owner[i].place), 0);
    assert_int_equal(timers_earliest(&timers), 10);
    assert_null(timers_take_due(&timers, 9));
    assert_ptr_equal(timers_take_due(&timers, 10), &owner[1]);
    assert_int_equal(owner[1].place, TIMER_NONE);
    assert_null(timers_take_due(&timers, 19));
    assert_ptr_equal(timers_take_due(&timers, 100), &owner[2]);
    assert_ptr_equal(timers_take_due(&timers, 100), &owner[0]);
    assert_null(timers_take_due(&timers, 100));
    assert_true(timers_earliest(&timers) == INT64_MAX);
    timers_destroy(&timers);
}

static void equal_deadlines_keep_their_order(void **state)
{
    static struct owner owner[1000];
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(timers_add(&timers, 7, &owner[i], &owner[i].place), 0);
    for (int i = 0; i < 1000; i += 3)
        timers_cancel(&timers, &owner[i].place);
    for (int i = 0; i < 1000; i++)
        if (i % 3 != 0)
            assert_ptr_equal(timers_take_due(&timers, 7), &owner[i]);
    assert_null(timers_take_due(&timers, 7));
    timers_destroy(&timers);
}

static void destroyed_they_are_as_new(void **state)
{
    struct owner owner[2] = {{0}};
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(timers_earliest(&timers) == INT64_MAX);
        assert_int_equal(timers_add(&timers, 5, &owner[i], &owner[i].place), 0);
        assert_int_equal(timers.count, 1);
        timers_destroy(&timers);
    }
}

enum { OWNERS = 300, STEPS = 100000 };

static struct owner *oracle_earliest(struct owner *owner)
{
    struct owner *first = NULL;
    for (int i = 0; i < OWNERS; i++) {
        struct owner *o = &owner[i];
        if (o->order == 0)
            continue;
        if (first == NULL || o->deadline < first->deadline ||
            (o->deadline == first->deadline && o->order < first->order))
            first = o;
    }
    return first;
}

/* order is 0 for those who have no timer. */
static void adds_and_cancels_in_any_order_agree_with_the_oracle(void **state)
{
    static struct owner owner[OWNERS];
    struct timers timers = {.count = 0};
    (void)state;
    srandom(1);
    for (long step = 1; step <= STEPS; step++) {
        struct owner *o = &owner[random() % OWNERS];
        if (o->order != 0 && random() % 2 == 0) {
            timers_cancel(&timers, &o->place);
            o->order = 0;
        } else if (o->order == 0) {
            o->deadline = random() % 50;
            o->order = step;
            assert_int_equal(timers_add(&timers, o->deadline, o, &o->place), 0);
        }
        if (random() % 8 == 0) {
            struct owner *expected = oracle_earliest(owner);
            assert_ptr_equal(timers_take_due(&timers, 50), expected);
            if (expected != NULL)
                expected->order = 0;
        }
        assert_true((o->place != TIMER_NONE) == (o->order != 0));
        struct owner *first = oracle_earliest(owner);
        assert_true(timers_earliest(&timers) ==
                    (first != NULL ? first->deadline : INT64_MAX));
    }
    timers_destroy(&timers);
}

static void without_memory_the_timer_is_not_added(void **state)
{
    struct owner owner[17] = {{0}};
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 17; i++) {
        bool grows = i == 0 || i == 16;
        fail_after(0, false);
        int rc = timers_add(&timers, i, &owner[i], &owner[i].place);
        fail_after(-1, false);
        assert_int_equal(rc, grows ? -ENOMEM : 0);
        assert_true((owner[i].place == TIMER_NONE) == grows);
        if (grows)
            assert_int_equal(timers_add(&timers, i, &owner[i], &owner[i].place),
                             0);
    }
    for (int i = 0; i < 17; i++)
        assert_ptr_equal(timers_take_due(&timers, 100), &owner[i]);
    timers_destroy(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_timers_nothing_is_due),
        cmocka_unit_test(the_earliest_is_due_first_and_none_before_its_time),
        cmocka_unit_test(equal_deadlines_keep_their_order),
        cmocka_unit_test(destroyed_they_are_as_new),
        cmocka_unit_test(adds_and_cancels_in_any_order_agree_with_the_oracle),
        cmocka_unit_test(without_memory_the_timer_is_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
