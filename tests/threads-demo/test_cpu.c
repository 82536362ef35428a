/* SPDX-License-Identifier: MIT
 *
 * test_cpu.c - what cpu.h promises.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu.h"
#include "util.h"

static cpu_set_t before;

static int remember(void **state)
{
    (void)state;
    return sched_getaffinity(0, sizeof before, &before);
}

static int restore(void **state)
{
    (void)state;
    return sched_setaffinity(0, sizeof before, &before);
}

static void who_is_pinned_stays(void **state)
{
    (void)state;
    int allowed = cpu_count();
    assert_int_equal(allowed, CPU_COUNT(&before));
    for (int n = 0; n < allowed; n++) {
        int cpu = cpu_pin(n);
        assert_true(cpu >= 0);
        assert_true(CPU_ISSET((size_t)cpu, &before)); /* not just any: ours */
        assert_int_equal(sched_getcpu(), cpu);
        assert_int_equal(cpu_count(), 1);
        must(sched_setaffinity(0, sizeof before, &before));
    }
}

static void counting_goes_round(void **state)
{
    (void)state;
    int allowed = cpu_count();
    int first = cpu_pin(0);
    must(sched_setaffinity(0, sizeof before, &before));
    assert_int_equal(cpu_pin(allowed), first);
    must(sched_setaffinity(0, sizeof before, &before));
    int last = cpu_pin(allowed - 1);
    assert_int_equal(cpu_pin(0), last); /* of one, every number is that one */
    assert_int_equal(cpu_pin(1), last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_pinned_stays, remember, restore),
        cmocka_unit_test_setup_teardown(counting_goes_round, remember, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
