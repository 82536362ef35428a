/* SPDX-License-Identifier: MIT
 *
 * test_status.c - what status.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "status.h"
#include "util.h"

static void the_threads_are_summed_up(void **state)
{
    static struct counters counters[2];
    char text[STATUS_MAX];
    (void)state;
    for (int i = 0; i < COUNTERS; i++) {
        count_to(&counters[0], (enum counter)i, 100 * (uint64_t)(i + 1));
        count(&counters[1], (enum counter)i);
    }
    count_to(&counters[0], COUNT_ACCEPTED, 300);
    size_t length = status_write(counters, 2, text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text,
                        "{\"threads\":2,\"connections\":100,\"accepted\":301,"
                        "\"requests\":301,\"errors\":401,\"timed_out\":501,"
                        "\"sleeping\":601,\"exchanges\":701,\"wakes\":801}\n");
}

static void the_largest_numbers_fit(void **state)
{
    static struct counters counters;
    char text[STATUS_MAX];
    (void)state;
    for (int i = 0; i < COUNTERS; i++)
        count_to(&counters, (enum counter)i, UINT64_MAX);
    size_t length = status_write(&counters, 1, text);
    assert_true(length < STATUS_MAX);
    assert_string_equal(text + length - 2, "}\n");
}

/* ---- One writes, another reads ---- */

enum { ROUNDS = 100000 };

static void *come_and_go(void *arg)
{
    struct counters *counters = arg;
    for (int i = 0; i < ROUNDS; i++) {
        count(counters, COUNT_ACCEPTED);
        count(counters, COUNT_CLOSED);
    }
    return NULL;
}

static void nothing_is_lost_and_no_difference_is_negative(void **state)
{
    static struct counters counters[2];
    pthread_t threads[2];
    int wrong = 0;
    (void)state;
    for (int i = 0; i < 2; i++)
        must(pthread_create(&threads[i], NULL, come_and_go, &counters[i]));
    for (int i = 0; i < 1000; i++) {
        char text[STATUS_MAX];
        const char *connections = text + sizeof "{\"threads\":2,";
        status_write(counters, 2, text);
        connections += sizeof "\"connections\":" - 2;
        wrong += strtoull(connections, NULL, 10) > 2 * (uint64_t)ROUNDS;
    }
    for (int i = 0; i < 2; i++)
        must(pthread_join(threads[i], NULL));
    assert_int_equal(wrong, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(count_of(&counters[i], COUNT_CLOSED), ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_threads_are_summed_up),
        cmocka_unit_test(the_largest_numbers_fit),
        cmocka_unit_test(nothing_is_lost_and_no_difference_is_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
