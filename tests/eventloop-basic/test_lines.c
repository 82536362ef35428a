/* SPDX-License-Identifier: MIT
 *
 * test_lines.c - what lines.h promises.
 *
 * The oracle is a loop over the whole text; the same text is then fed cut at
 * every place, at every two places, and byte by byte, each piece in a heap
 * block of its exact size, freed as soon as it may be: a look beyond a piece,
 * or at one that has gone, is seen by AddressSanitizer and valgrind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lines.h"
#include "util.h"

enum { LIMIT = 8 };

/* What a text became: each line in brackets, then how it ended. */
struct told {
    char text[512];
    size_t length;
};

static void tell(struct told *told, const char *bytes, size_t count)
{
    assert_true(told->length + count < sizeof told->text);
    memcpy(told->text + told->length, bytes, count);
    told->length += count;
}

static void tell_line(struct told *told, const char *line, size_t length)
{
    tell(told, "[", 1);
    tell(told, line, length);
    tell(told, "]", 1);
}

/* The rules of lines.h, read off the whole text at once. */
static void foresee(struct told *told, const char *text, size_t count)
{
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] != '\n')
            continue;
        size_t end = i > start && text[i - 1] == '\r' ? i - 1 : i;
        if (end - start > LIMIT) {
            tell(told, "too long", 8);
            return;
        }
        tell_line(told, text + start, end - start);
        start = i + 1;
    }
    size_t rest = count - start;
    if (rest > LIMIT + 1)
        tell(told, "too long", 8);
    else if (rest > 0)
        tell(told, "cut", 3);
}

/* Feeds one piece; false once a line was too long. */
static bool feed(struct lines *lines, struct told *told, const char *bytes,
                 size_t count, bool keep)
{
    const char *line;
    size_t length;
    int rc;
    char *piece = malloc(count + (count == 0));
    assert_non_null(piece);
    memcpy(piece, bytes, count);
    lines_feed(lines, piece, count);
    if (keep) {
        assert_int_equal(lines_keep(lines), 0);
        assert_int_equal(lines_keep(lines), 0);
        free(piece);
    }
    while ((rc = lines_next(lines, &line, &length)) == LINES_LINE)
        tell_line(told, line, length);
    if (!keep)
        free(piece);
    return rc == LINES_MORE;
}

/* Cuts text at two places, or, if step is not 0, into pieces of step bytes. */
static void cut_and_compare(const char *text, size_t count, size_t one,
                            size_t two, size_t step, bool keep)
{
    struct told want = {.length = 0}, got = {.length = 0};
    struct lines lines;
    bool good = true;
    foresee(&want, text, count);
    lines_init(&lines, LIMIT);
    for (size_t at = 0, next; at < count && good; at = next) {
        next = at < one ? one : at < two ? two : count;
        if (step > 0)
            next = at + step < count ? at + step : count;
        good = feed(&lines, &got, text + at, next - at, keep);
    }
    if (!good) {
        const char *line;
        size_t length;
        tell(&got, "too long", 8);
        assert_int_equal(lines_next(&lines, &line, &length), -EMSGSIZE);
    } else if (lines_held(&lines) > 0) {
        tell(&got, "cut", 3);
    }
    lines_destroy(&lines);
    assert_int_equal(got.length, want.length);
    assert_memory_equal(got.text, want.text, want.length);
}

static const struct {
    const char *text;
    size_t count;
} texts[] = {
#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
    TEXT(""),
    TEXT("\n"),
    TEXT("\r\n"),
    TEXT("one\n"),
    TEXT("one\ntwo\r\nthree"),
    TEXT("\n\n\r\n\r\r\n"),
    TEXT("a\rb\nc\0d\r\n"),
    TEXT("12345678\n12345678\r\nx"),
    TEXT("12345678\r"),
    TEXT("123456789\nx\n"),
    TEXT("123456789"),
    TEXT("12345678\rx\n"),
    TEXT("ok\n1234567\r\r\nno\n"),
    TEXT("ok\n0123456789abcdef0123456789abcdef\nno\n"),
};

static void a_text_gives_the_same_lines_at_every_cut(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        size_t count = texts[t].count;
        for (size_t one = 0; one <= count; one++)
            for (size_t two = one; two <= count; two++)
                for (int keep = 0; keep < 2; keep++)
                    cut_and_compare(texts[t].text, count, one, two, 0, keep);
    }
}

static void a_text_gives_the_same_lines_byte_by_byte(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (size_t step = 1; step < 5; step++)
            cut_and_compare(texts[t].text, texts[t].count, 0, 0, step, false);
}

static void random_texts_give_the_same_lines_at_random_cuts(void **state)
{
    static const char alphabet[] = "ab\r\n\n\r\n"; /* and its 0 */
    uint32_t seed = 1;
    char text[40];
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t at[3];
        for (size_t i = 0; i < sizeof text + 3; i++) {
            seed = seed * 1664525 + 1013904223;
            if (i < sizeof text)
                text[i] = alphabet[(seed >> 16) % sizeof alphabet];
            else
                at[i - sizeof text] = (seed >> 16) % (sizeof text + 1);
        }
        size_t one = at[0] < at[1] ? at[0] : at[1];
        size_t two = at[0] < at[1] ? at[1] : at[0];
        cut_and_compare(text, at[2], one < at[2] ? one : at[2],
                        two < at[2] ? two : at[2], 0, round % 2);
    }
}

/* A line that never ends is refused as soon as it is too long, and no more of
 * it is held than that. */
static void a_line_without_end_holds_no_more_than_the_limit(void **state)
{
    struct lines lines;
    const char *line;
    size_t length, fed = 0;
    int rc = LINES_MORE;
    (void)state;
    lines_init(&lines, 1000);
    while (rc == LINES_MORE && fed < 1 << 20) {
        lines_feed(&lines, "x", 1);
        rc = lines_next(&lines, &line, &length);
        fed++;
        assert_true(lines_held(&lines) <= 1001);
    }
    assert_int_equal(rc, -EMSGSIZE);
    assert_int_equal(fed, 1002);
    lines_feed(&lines, "\nfine\n", 6); /* it stays refused */
    assert_int_equal(lines_next(&lines, &line, &length), -EMSGSIZE);
    lines_destroy(&lines);
}

static int no_memory_in; /* this many more calls succeed; -1: all */

/* The linker's names, not ours. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

static bool fails(void)
{
    return no_memory_in >= 0 && no_memory_in-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static void without_memory_nothing_is_lost(void **state)
{
    struct lines lines;
    const char *line = "";
    size_t length = 0;
    (void)state;
    lines_init(&lines, 1000);
    lines_feed(&lines, "half", 4);
    no_memory_in = 0;
    assert_int_equal(lines_next(&lines, &line, &length), -ENOMEM);
    no_memory_in = 0;
    assert_int_equal(lines_keep(&lines), -ENOMEM);
    no_memory_in = -1;
    assert_int_equal(lines_next(&lines, &line, &length), LINES_MORE);
    lines_feed(&lines, " and half\nrest", 14);
    assert_int_equal(lines_next(&lines, &line, &length), LINES_LINE);
    assert_int_equal(length, 13);
    assert_memory_equal(line, "half and half", length);
    assert_int_equal(lines_held(&lines), 0); /* it has ended */
    assert_int_equal(lines_next(&lines, &line, &length), LINES_MORE);
    assert_int_equal(lines_held(&lines), 4);
    lines_destroy(&lines);
}

static void whole_lines_hold_no_memory(void **state)
{
    struct lines lines;
    const char *line;
    size_t length;
    int count = 0;
    (void)state;
    lines_init(&lines, LIMIT);
    lines_feed(&lines, "one\ntwo\n", 8);
    no_memory_in = 0; /* none is asked for */
    while (lines_next(&lines, &line, &length) == LINES_LINE)
        count++;
    assert_int_equal(no_memory_in, 0);
    no_memory_in = -1;
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_gives_the_same_lines_at_every_cut),
        cmocka_unit_test(a_text_gives_the_same_lines_byte_by_byte),
        cmocka_unit_test(random_texts_give_the_same_lines_at_random_cuts),
        cmocka_unit_test(a_line_without_end_holds_no_more_than_the_limit),
        cmocka_unit_test(without_memory_nothing_is_lost),
        cmocka_unit_test(whole_lines_hold_no_memory),
    };
    no_memory_in = -1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
