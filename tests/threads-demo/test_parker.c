/* SPDX-License-Identifier: MIT
 *
 * test_parker.c - what parker.h promises. With a number as argument, that many
 * pairs of park and unpark instead of 100,000. Linked with --wrap=futex_wait
 * (verbs.cmake): a time-out comes when the test wants it.
 */
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "futex.h"
#include "parker.h"
#include "util.h"

static long pairs = 100000;
static struct parker *unpark_late;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline);
int __wrap_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline);
int __wrap_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline)
{
    if (unpark_late == NULL)
        return __real_futex_wait(word, expected, deadline);
    parker_unpark(unpark_late);
    unpark_late = NULL;
    return -ETIMEDOUT;
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void a_token_that_came_first_is_taken_without_waiting(void **state)
{
    struct parker p;
    (void)state;
    parker_init(&p);
    parker_unpark(&p);
    parker_park(&p);
}

static void two_tokens_are_one(void **state)
{
    struct parker p;
    (void)state;
    parker_init(&p);
    parker_unpark(&p);
    parker_unpark(&p);
    parker_park(&p);
    assert_int_equal(parker_park_until(&p, now_ns()), -ETIMEDOUT);
}

static void a_time_out_leaves_it_as_it_was(void **state)
{
    struct parker p;
    (void)state;
    parker_init(&p);
    assert_int_equal(parker_park_until(&p, -1), -ETIMEDOUT);
    assert_int_equal(parker_park_until(&p, 0), -ETIMEDOUT);
    assert_int_equal(parker_park_until(&p, now_ns() + 1000), -ETIMEDOUT);
    parker_unpark(&p);
    assert_int_equal(parker_park_until(&p, 0), 0);
}

static void a_token_that_comes_with_the_time_out_is_taken(void **state)
{
    struct parker p;
    (void)state;
    parker_init(&p);
    unpark_late = &p;
    assert_int_equal(parker_park_until(&p, now_ns() + 1000), 0);
    assert_int_equal(parker_park_until(&p, 0), -ETIMEDOUT);
}

struct turn {
    struct parker mine, theirs;
    long number; /* not atomic: the tokens order it */
};

static void *answer(void *arg)
{
    struct turn *t = arg;
    for (long i = 0; i < pairs; i++) {
        parker_park(&t->theirs);
        t->number++;
        parker_unpark(&t->mine);
    }
    return NULL;
}

static void no_wake_up_is_lost_and_each_orders_what_came_before(void **state)
{
    static struct turn t; /* clang's TSan overlooks the main thread's stack */
    pthread_t thread;
    long wrong = 0;
    (void)state;
    parker_init(&t.mine);
    parker_init(&t.theirs);
    must(pthread_create(&thread, NULL, answer, &t));
    for (long i = 0; i < pairs; i++) {
        parker_unpark(&t.theirs);
        parker_park(&t.mine);
        wrong += t.number != i + 1;
    }
    must(pthread_join(thread, NULL));
    assert_int_equal(wrong, 0);
}

static void *unpark_it(void *arg)
{
    parker_unpark(arg);
    return NULL;
}

static void a_token_beats_a_time_out_or_stays(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct parker p; /* on our stack: its waker must not outlive it */
        pthread_t thread;
        parker_init(&p);
        must(pthread_create(&thread, NULL, unpark_it, &p));
        int rc =
            parker_park_until(&p, now_ns() + (round % 100) * INT64_C(1000));
        if (rc != 0)
            parker_park(&p); /* it is still to come, or stayed */
        must(pthread_join(thread, NULL));
        assert_int_equal(parker_park_until(&p, 0), -ETIMEDOUT);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_that_came_first_is_taken_without_waiting),
        cmocka_unit_test(two_tokens_are_one),
        cmocka_unit_test(a_time_out_leaves_it_as_it_was),
        cmocka_unit_test(a_token_that_comes_with_the_time_out_is_taken),
        cmocka_unit_test(no_wake_up_is_lost_and_each_orders_what_came_before),
        cmocka_unit_test(a_token_beats_a_time_out_or_stays),
    };
    if (argc > 1)
        must(parse_count(argv[1], 1, LONG_MAX, &pairs));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
