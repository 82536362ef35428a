/* SPDX-License-Identifier: MIT
 *
 * test_backoff.c - what backoff.h promises.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"
#include "cpu.h"
#include "util.h"

static void on_one_cpu_nobody_spins(void **state)
{
    cpu_set_t before;
    (void)state;
    must(sched_getaffinity(0, sizeof before, &before));
    assert_true(cpu_pin(0) >= 0);
    unsigned rounds = backoff_rounds();
    must(sched_setaffinity(0, sizeof before, &before));
    assert_int_equal(rounds, 0);
    struct backoff wait = backoff_start(rounds);
    assert_false(backoff_again(&wait));
}

static void patience_ends(void **state)
{
    struct backoff wait = backoff_start(5);
    int rounds = 0;
    (void)state;
    while (backoff_again(&wait))
        rounds++;
    assert_int_equal(rounds, 5);
    assert_false(backoff_again(&wait));
}

static void a_step_is_waited_for_without_end(void **state)
{
    struct backoff step = backoff_start(1);
    (void)state;
    for (int i = 0; i < 100; i++)
        backoff_for_a_step(&step); /* never parks: it comes back each time */
    assert_false(backoff_again(&step));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_one_cpu_nobody_spins),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(a_step_is_waited_for_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
