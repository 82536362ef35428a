/* SPDX-License-Identifier: MIT
 *
 * test_timers.c - what timers.h promises. The clock is a number; the oracle is
 * an array that is searched from end to end.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "poller.h"
#include "timers.h"

static bool out_of_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    return out_of_memory ? NULL : __real_reallocarray(memory, count, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct owner {
    int64_t deadline;
    long order; /* 0: has no timer */
    uint32_t place;
};

static void add(struct timers *timers, int64_t deadline, struct owner *owner)
{
    assert_int_equal(timers_add(timers, deadline, owner, &owner->place), 0);
    assert_int_not_equal(owner->place, TIMER_NONE);
}

static void without_timers_nothing_is_due(void **state)
{
    struct timers timers = {.count = 0};
    uint32_t place = TIMER_NONE;
    (void)state;
    assert_true(timers_earliest(&timers) == INT64_MAX);
    assert_true(timers_left(&timers, 5) == POLLER_FOREVER);
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
        add(&timers, deadlines[i], &owner[i]);
    assert_int_equal(timers_earliest(&timers), 10);
    assert_null(timers_take_due(&timers, 9));
    assert_ptr_equal(timers_take_due(&timers, 10), &owner[1]);
    assert_int_equal(owner[1].place, TIMER_NONE);
    assert_null(timers_take_due(&timers, 19));
    assert_ptr_equal(timers_take_due(&timers, 100), &owner[2]);
    assert_ptr_equal(timers_take_due(&timers, 100), &owner[0]);
    assert_null(timers_take_due(&timers, 100));
    timers_destroy(&timers);
}

static void what_is_left_is_counted_from_the_callers_now(void **state)
{
    struct owner owner = {0};
    struct timers timers = {.count = 0};
    (void)state;
    add(&timers, 100, &owner);
    assert_int_equal(timers_left(&timers, 40), 60);
    assert_int_equal(timers_left(&timers, 99), 1);
    assert_int_equal(timers_left(&timers, 100), 0);
    assert_int_equal(timers_left(&timers, 1000), 0);
    timers_destroy(&timers);
}

static void equal_deadlines_keep_their_order(void **state)
{
    static struct owner owner[1000];
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 1000; i++)
        add(&timers, 7, &owner[i]);
    for (int i = 0; i < 1000; i += 3)
        timers_cancel(&timers, &owner[i].place);
    for (int i = 0; i < 1000; i++)
        if (i % 3 != 0)
            assert_ptr_equal(timers_take_due(&timers, 7), &owner[i]);
    assert_null(timers_take_due(&timers, 7));
    timers_destroy(&timers);
}

static void cancelled_twice_it_is_cancelled_once(void **state)
{
    struct owner owner[2] = {{0}};
    struct timers timers = {.count = 0};
    (void)state;
    add(&timers, 1, &owner[0]);
    add(&timers, 2, &owner[1]);
    for (int i = 0; i < 2; i++) {
        timers_cancel(&timers, &owner[0].place);
        assert_int_equal(owner[0].place, TIMER_NONE);
    }
    assert_ptr_equal(timers_take_due(&timers, 9), &owner[1]);
    timers_cancel(&timers, &owner[1].place); /* it has been taken */
    assert_null(timers_take_due(&timers, 9));
    timers_destroy(&timers);
}

static void one_added_while_others_are_taken_is_taken_too(void **state)
{
    struct owner owner[2] = {{0}};
    struct timers timers = {.count = 0};
    (void)state;
    add(&timers, 5, &owner[0]);
    assert_ptr_equal(timers_take_due(&timers, 8), &owner[0]);
    add(&timers, 8, &owner[1]);
    add(&timers, 9, &owner[0]);
    assert_ptr_equal(timers_take_due(&timers, 8), &owner[1]);
    assert_null(timers_take_due(&timers, 8));
    timers_destroy(&timers);
}

static void destroyed_they_are_as_new(void **state)
{
    struct timers timers = {.count = 0};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct owner owner = {0};
        assert_true(timers_earliest(&timers) == INT64_MAX);
        add(&timers, 5, &owner);
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
            add(&timers, o->deadline, o);
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
        out_of_memory = true;
        int rc = timers_add(&timers, i, &owner[i], &owner[i].place);
        out_of_memory = false;
        assert_int_equal(rc, grows ? -ENOMEM : 0);
        assert_true((owner[i].place == TIMER_NONE) == grows);
        if (grows)
            add(&timers, i, &owner[i]);
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
        cmocka_unit_test(what_is_left_is_counted_from_the_callers_now),
        cmocka_unit_test(equal_deadlines_keep_their_order),
        cmocka_unit_test(cancelled_twice_it_is_cancelled_once),
        cmocka_unit_test(one_added_while_others_are_taken_is_taken_too),
        cmocka_unit_test(destroyed_they_are_as_new),
        cmocka_unit_test(adds_and_cancels_in_any_order_agree_with_the_oracle),
        cmocka_unit_test(without_memory_the_timer_is_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
