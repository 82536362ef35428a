/* SPDX-License-Identifier: MIT
 *
 * test_timeouts.c - what timeouts.h promises; a plain array is the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "timeouts.h"

static void nobody_is_due_never(void **state)
{
    struct timeouts all;
    (void)state;
    timeouts_init(&all);
    assert_int_equal(timeouts_next(&all), INT64_MAX);
    assert_null(timeouts_take(&all, INT64_MAX));
}

static void the_earliest_of_all_kinds_is_next(void **state)
{
    struct timeouts all;
    struct timeout head = {.due = 0}, idle = {.due = 0}, body = {.due = 0};
    (void)state;
    timeouts_init(&all);
    timeouts_set(&all, &idle, TIMEOUT_IDLE, 60);
    timeouts_set(&all, &head, TIMEOUT_HEAD, 10);
    timeouts_set(&all, &body, TIMEOUT_BODY, 30);
    assert_int_equal(timeouts_next(&all), 10);
    assert_null(timeouts_take(&all, 9));
    assert_ptr_equal(timeouts_take(&all, 10), &head);
    assert_int_equal(timeouts_next(&all), 30);
    timeouts_clear(&all, &body);
    timeouts_clear(&all, &body); /* twice is as good */
    assert_int_equal(timeouts_next(&all), 60);
    timeouts_set(&all, &idle, TIMEOUT_WRITE, 70); /* no longer for the first */
    assert_null(timeouts_take(&all, 69));
    assert_ptr_equal(timeouts_take(&all, 70), &idle);
    assert_null(timeouts_take(&all, INT64_MAX));
}

/* Thousands who come, wait for something else, and leave, at times of all
 * orders, as the sleepers' may be. */
static void nobody_is_forgotten_or_called_early(void **state)
{
    enum { MANY = 500, ROUNDS = 20000 };
    static struct timeout each[MANY];
    struct timeouts all;
    unsigned seed = 1;
    int64_t now = 0;
    (void)state;
    timeouts_init(&all);
    for (int round = 0; round < ROUNDS; round++) {
        seed = seed * 1103515245 + 12345;
        struct timeout *one = &each[seed / 65536 % MANY];
        enum timeout_kind kind =
            (enum timeout_kind)(seed / 256 % TIMEOUT_KINDS);
        if (seed / 32 % 8 == 0)
            timeouts_clear(&all, one);
        else
            timeouts_set(&all, one, kind, now + seed / 65536 % 1000);
        now += 1;
        for (struct timeout *due; (due = timeouts_take(&all, now)) != NULL;) {
            assert_true(due->due <= now);
            assert_false(due->waits);
        }
        int64_t next = INT64_MAX;
        for (int i = 0; i < MANY; i++)
            if (each[i].waits && each[i].due < next)
                next = each[i].due;
        assert_int_equal(timeouts_next(&all), next);
        assert_true(next > now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_due_never),
        cmocka_unit_test(the_earliest_of_all_kinds_is_next),
        cmocka_unit_test(nobody_is_forgotten_or_called_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
