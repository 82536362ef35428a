/* SPDX-License-Identifier: MIT
 *
 * test_lines.c - what lines.h promises; the whole is compared with sort(1) by
 * sort.bash. Memory runs out on cue (the linker's --wrap, set in verbs.cmake).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lines.h"
#include "pool.h"
#include "util.h"

static int allocs_left = -1; /* -1: no fault */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

/* One fails, and then there is memory again. */
static bool may_allocate(void)
{
    return allocs_left < 0 || allocs_left-- > 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return may_allocate() ? __real_realloc(old, size) : NULL;
}

static int sort(struct task *top, void *lines)
{
    lines_sort(top, lines);
    return 0;
}

/* The text's lines, sorted, each with a '|' behind it; for free(). */
static char *sorted(const char *text, size_t size, bool numbers)
{
    char *result = malloc(size + 2);
    struct pool *pool;
    struct lines lines;
    size_t used = 0, which;

    if (result == NULL)
        abort();
    must(lines_cut(&lines, text, size));
    if (numbers)
        must(lines_as_numbers(&lines, &which));
    must(pool_new(&pool, 2));
    must(pool_run(pool, sort, &lines));
    pool_free(pool);
    for (size_t i = 0; i < lines.count; i++) {
        memcpy(result + used, lines.line[i].text, lines.line[i].length);
        used += lines.line[i].length;
        result[used++] = '|';
    }
    result[used] = '\0';
    lines_free(&lines);
    return result;
}

static void assert_sorted(const char *text, bool numbers, const char *expected)
{
    char *result = sorted(text, strlen(text), numbers);
    bool same = strcmp(result, expected) == 0;
    if (!same)
        print_error("'%s' gives '%s'\n", text, result);
    free(result);
    assert_true(same);
}

static void each_end_of_line_ends_a_line_and_so_does_the_end(void **state)
{
    (void)state;
    assert_sorted("", false, "");
    assert_sorted("\n", false, "|");
    assert_sorted("a", false, "a|");
    assert_sorted("a\n", false, "a|");
    assert_sorted("b\n\na", false, "|a|b|");
}

static void lines_are_sorted_as_bytes_the_shorter_first(void **state)
{
    (void)state;
    assert_sorted("b\na\nB\n\xff\n ", false, " |B|a|b|\xff|");
    assert_sorted("aaaaaaaab\naaaaaaaaa\naaaaaaaa\naaaa", false,
                  "aaaa|aaaaaaaa|aaaaaaaaa|aaaaaaaab|");
    char *result = sorted("a\0b\na\na\0", 8, false);
    int differs = memcmp(result, "a|a\0|a\0b|", 10);
    free(result);
    assert_int_equal(differs, 0);
}

static void numbers_are_sorted_by_value_and_then_as_bytes(void **state)
{
    (void)state;
    assert_sorted("10\n9\n-1\n07\n7\n-0\n0\n 7\n\t7\n", true,
                  "-1|-0|0|\t7| 7|07|7|9|10|");
    assert_sorted("9223372036854775807\n-9223372036854775808\n0\n", true,
                  "-9223372036854775808|0|9223372036854775807|");
}

static void what_is_no_whole_number_is_named(void **state)
{
    const char *bad[] = {"",
                         "x",
                         "1x",
                         "1.5",
                         "+7",
                         "\r7",
                         "\v7",
                         "- 7",
                         "-",
                         "7 ",
                         "--7",
                         "9223372036854775808",
                         "00000000000000000000000000000001"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lines lines;
        size_t which = 0;
        snprintf(text, sizeof text, "1\n2\n%s\n3\n", bad[i]);
        assert_int_equal(lines_cut(&lines, text, strlen(text)), 0);
        int rc = lines_as_numbers(&lines, &which);
        lines_free(&lines);
        assert_int_equal(rc, -EINVAL);
        assert_int_equal(which, 2);
    }
    struct lines lines;
    size_t which = 7;
    assert_int_equal(lines_cut(&lines, "1\0", 2), 0);
    int rc = lines_as_numbers(&lines, &which);
    lines_free(&lines);
    assert_int_equal(rc, -EINVAL);
    assert_int_equal(which, 0);
}

static void all_of_a_file_is_read(void **state)
{
    enum { MOST = 200000 };
    static char written[MOST];
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        written[i] = (char)(i * 7 % 251);
    for (size_t size = 0; size <= MOST; size = 3 * size + 65536) {
        size_t got = SIZE_MAX;
        char *text = NULL;
        FILE *file = tmpfile();
        assert_non_null(file);
        assert_int_equal(fwrite(written, 1, size, file), size);
        rewind(file);
        int rc = lines_read(file, &text, &got);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rc, 0);
        assert_int_equal(got, size);
        assert_memory_equal(text, written, size);
        free(text);
    }
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    size_t size = 0;
    char *text = NULL;
    FILE *file = fopen("/", "re");
    (void)state;
    assert_non_null(file);
    int rc = lines_read(file, &text, &size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rc, -EISDIR);
    assert_null(text);
}

static void memory_that_runs_out_is_reported(void **state)
{
    struct lines lines = {NULL, 0};
    size_t size = 0;
    (void)state;
    for (int grown = 0; grown < 2; grown++) {
        char *text = NULL;
        FILE *file = fopen("/dev/zero", "re"); /* it never ends */
        assert_non_null(file);
        allocs_left = grown;
        int rc = lines_read(file, &text, &size);
        allocs_left = -1;
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rc, -ENOMEM);
        assert_null(text);
    }
    allocs_left = 0;
    int rc = lines_cut(&lines, "a\nb\n", 4);
    allocs_left = -1;
    assert_int_equal(rc, -ENOMEM);
    assert_null(lines.line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_of_line_ends_a_line_and_so_does_the_end),
        cmocka_unit_test(lines_are_sorted_as_bytes_the_shorter_first),
        cmocka_unit_test(numbers_are_sorted_by_value_and_then_as_bytes),
        cmocka_unit_test(what_is_no_whole_number_is_named),
        cmocka_unit_test(all_of_a_file_is_read),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why),
        cmocka_unit_test(memory_that_runs_out_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
