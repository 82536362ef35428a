/* SPDX-License-Identifier: MIT
 *
 * test_futex.c - what futex.h promises.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "futex.h"
#include "util.h"

static void another_value_ends_the_wait_at_once(void **state)
{
    _Atomic uint32_t word = 1;
    (void)state;
    assert_int_equal(futex_wait(&word, 2, NEVER), 0);
    assert_int_equal(futex_wait(&word, 2, 0), 0);
}

static void a_deadline_that_has_passed_is_a_time_out(void **state)
{
    _Atomic uint32_t word = 1;
    (void)state;
    assert_int_equal(futex_wait(&word, 1, now_ns() - 1), -ETIMEDOUT);
    assert_int_equal(futex_wait(&word, 1, 0), -ETIMEDOUT);
    assert_int_equal(futex_wait(&word, 1, INT64_MIN), -ETIMEDOUT);
    assert_int_equal(futex_wait(&word, 1, now_ns() + 1000000), -ETIMEDOUT);
}

static void nothing_happens_when_nobody_sleeps(void **state)
{
    _Atomic uint32_t word = 1;
    (void)state;
    futex_wake(&word, 1);
    assert_int_equal(atomic_load_explicit(&word, memory_order_relaxed), 1);
}

static void on_signal(int number)
{
    (void)number;
}

static void *interrupt(void *arg)
{
    const pthread_t *sleeper = arg;
    for (int i = 0; i < 100; i++) {
        must(pthread_kill(*sleeper, SIGUSR1));
        sched_yield();
    }
    return NULL;
}

/* A wait that began anew at each signal would outlast them; one that ended with
 * the first would say so. The deadline stands. */
static void signals_do_not_end_a_wait(void **state)
{
    const struct sigaction action = {.sa_handler = on_signal};
    _Atomic uint32_t word = 1;
    pthread_t self = pthread_self(), thread;
    (void)state;
    must(sigaction(SIGUSR1, &action, NULL));
    must(pthread_create(&thread, NULL, interrupt, &self));
    assert_int_equal(futex_wait(&word, 1, now_ns() + 20000000), -ETIMEDOUT);
    must(pthread_join(thread, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_value_ends_the_wait_at_once),
        cmocka_unit_test(a_deadline_that_has_passed_is_a_time_out),
        cmocka_unit_test(nothing_happens_when_nobody_sleeps),
        cmocka_unit_test(signals_do_not_end_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
