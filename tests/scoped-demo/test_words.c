/* SPDX-License-Identifier: MIT
 *
 * test_words.c - what words.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util.h"
#include "words.h"

static void only_negative_numbers_are_shielded(void **state)
{
    char *line[] = {(char[]){"max"},
                    (char[]){"-4"},
                    (char[]){"4"},
                    (char[]){"--how"},
                    (char[]){"-w"},
                    (char[]){"-"},
                    (char[]){""},
                    (char[]){"-1x"},
                    (char[]){"--"},
                    (char[]){"x-1"},
                    (char[]){"-0"},
                    (char[]){" -1"},
                    NULL};
    const char *expected[] = {"max", " -4",  "4",  "--how", "-w",  "-",
                              "",    " -1x", "--", "x-1",   " -0", " -1"};
    enum { WORDS = 12 };
    (void)state;
    char **copy = words_shield(WORDS, line);
    assert_non_null(copy);
    for (int i = 0; i < WORDS; i++)
        assert_string_equal(copy[i], expected[i]);
    assert_null(copy[WORDS]);
    free(copy);
}

static void a_shielded_number_is_still_a_number(void **state)
{
    char *line[] = {(char[]){"-2147483648"}, NULL};
    long value = 0;
    (void)state;
    char **copy = words_shield(1, line);
    assert_non_null(copy);
    assert_int_equal(parse_count(copy[0], -2147483648, 0, &value), 0);
    assert_string_equal(words_bare(copy[0]), line[0]);
    free(copy);
    assert_int_equal(value, -2147483648);
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    assert_null(words_bare(NULL));
    char **copy = words_shield(0, NULL);
    assert_non_null(copy);
    assert_null(copy[0]);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_negative_numbers_are_shielded),
        cmocka_unit_test(a_shielded_number_is_still_a_number),
        cmocka_unit_test(nothing_stays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
