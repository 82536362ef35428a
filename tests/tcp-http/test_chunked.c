/* SPDX-License-Identifier: MIT
 *
 * test_chunked.c - what chunked.h promises. Every body is read whole, byte by
 * byte, and in two pieces cut at every place, each piece in a heap block of its
 * exact size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chunked.h"

enum { ROOM = 100000 };

/* A body under way: what came out of it, and how it ended. */
struct reading {
    struct chunked chunked;
    enum parse result;
    size_t read; /* bytes of the body, all pieces */
    size_t length;
    char *data;
};

static void begin(struct reading *r)
{
    *r = (struct reading){.chunked.room = ROOM, .result = PARSE_MORE};
    r->data = malloc(ROOM);
    assert_non_null(r->data);
}

/* One piece, which is gone when this returns. */
static void feed(struct reading *r, const char *bytes, size_t count)
{
    char *piece = malloc(count > 0 ? count : 1);
    struct text rest = {piece, count}, data;
    assert_non_null(piece);
    memcpy(piece, bytes, count);
    while (r->result == PARSE_MORE && rest.length > 0) {
        r->result = chunked_parse(&r->chunked, &rest, &data);
        assert_in_range(r->length + data.length, 0, ROOM);
        memcpy(r->data + r->length, data.at, data.length);
        r->length += data.length;
    }
    r->read += count - rest.length;
    free(piece);
}

/* The first piece has first bytes, the others step. */
static struct reading read_in_pieces(const char *bytes, size_t count,
                                     size_t first, size_t step)
{
    struct reading r;
    begin(&r);
    feed(&r, bytes, first);
    for (size_t at = first; at < count && r.result == PARSE_MORE; at += step)
        feed(&r, bytes + at, count - at < step ? count - at : step);
    return r;
}

static void assert_same(struct reading *a, struct reading b)
{
    assert_int_equal(a->result, b.result);
    assert_int_equal(a->chunked.status, b.chunked.status);
    assert_int_equal(a->read, b.read);
    assert_int_equal(a->length, b.length);
    assert_memory_equal(a->data, b.data, a->length);
    free(b.data);
}

/* Reads in all ways, which must agree. */
static struct reading read_all_ways(const char *bytes, size_t count)
{
    struct reading whole = read_in_pieces(bytes, count, count, 1);
    assert_same(&whole, read_in_pieces(bytes, count, 0, 1));
    for (size_t cut = 0; cut < count; cut++)
        assert_same(&whole, read_in_pieces(bytes, count, cut, count));
    return whole;
}

/* The body ends where bytes end, and not before; its data is this. */
static void good(const char *bytes, const char *data)
{
    size_t count = strlen(bytes);
    struct reading r = read_all_ways(bytes, count);
    assert_int_equal(r.result, PARSE_DONE);
    assert_int_equal(r.read, count);
    assert_int_equal(r.length, strlen(data));
    assert_memory_equal(r.data, data, r.length);
    free(r.data);
}

static int bad_bytes(const char *bytes, size_t count)
{
    struct reading r = read_all_ways(bytes, count);
    assert_int_equal(r.result, PARSE_BAD);
    free(r.data);
    return r.chunked.status;
}

static int bad(const char *bytes)
{
    return bad_bytes(bytes, strlen(bytes));
}

static void chunks_are_data_with_its_length_in_front(void **state)
{
    (void)state;
    good("0\r\n\r\n", "");
    good("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
    good("a\r\n0123456789\r\n00A\r\nabcdefghij\r\n000\r\n\r\n",
         "0123456789abcdefghij");
    good("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
}

static void data_is_not_copied_and_comes_in_one_run(void **state)
{
    static const char body[] = "5\r\nhello\r\n2\r\n, \r\n0\r\n\r\nnext";
    struct chunked chunked = {.room = ROOM};
    struct text bytes = text_of(body), data;
    (void)state;
    assert_int_equal(chunked_parse(&chunked, &bytes, &data), PARSE_MORE);
    assert_ptr_equal(data.at, body + 3);
    assert_int_equal(data.length, 5);
    assert_int_equal(chunked_parse(&chunked, &bytes, &data), PARSE_MORE);
    assert_ptr_equal(data.at, body + 13);
    assert_int_equal(data.length, 2);
    assert_int_equal(chunked_parse(&chunked, &bytes, &data), PARSE_DONE);
    assert_int_equal(data.length, 0);
    assert_true(text_is(bytes, "next"));
    assert_int_equal(chunked.room, ROOM - 7);
}

static void extensions_and_trailers_are_read_and_dropped(void **state)
{
    (void)state;
    good("5;a=b;c\r\nhello\r\n0;z=\"q;\\\"\"\r\n\r\n", "hello");
    good("5 \t ;a\r\nhello\r\n0\r\n\r\n", "hello");
    good("0\r\nX-T: 1\r\nX-U:\t2 \r\nX-V:\r\n\r\n", "");
}

static void a_size_is_hexadecimal_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "g\r\n",   "0x5\r\n", "-5\r\n", "+5\r\n", "\r\n",  " 5\r\n",
        "5 \r\n",  "5\n",     ";a\r\n", "5\r5",   "5,5\r", "5;a\n",
        "5;\x01a", "5;a\r\r", "@\r\n",  "`\r\n",  "G\r\n", "/\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(bad(wrong[i]), 400);
    assert_int_equal(bad_bytes("5\0\r\n", 4), 400);
}

static void no_size_wraps_to_a_small_one(void **state)
{
    (void)state;
    assert_int_equal(bad("ffffffffffffffff\r\n"), 413);
    assert_int_equal(bad("8000000000000000\r\n"), 413);
    assert_int_equal(bad("7fffffffffffffff\r\n"), 413);
    assert_int_equal(bad("10000000000000005\r\n"), 400);
    good("0000000000000002\r\nab\r\n0000000000000000\r\n\r\n", "ab");
}

static void data_is_as_long_as_its_size_and_ends_with_crlf(void **state)
{
    (void)state;
    assert_int_equal(bad("3\r\nhello\r\n0\r\n\r\n"), 400);
    assert_int_equal(bad("7\r\nhello\r\n0\r\n\r\n"), 400);
    assert_int_equal(bad("5\r\nhello0\r\n\r\n"), 400);
    assert_int_equal(bad("5\r\nhello\n0\r\n\r\n"), 400);
    assert_int_equal(bad("5\r\nhello\rx"), 400);
}

static void a_trailer_is_a_field_line_by_line(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "A\r\n",          "A : 1\r\n", ": 1\r\n",  " A: 1\r\n",
        "A: 1\n",         "A: \x01\r", "A: 1\r\r", "A(B): 1\r",
        "A: 1\r\n 2\r\n", "\n",        "\r\r",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char body[64] = "0\r\n";
        strncat(body, wrong[i], sizeof body - 4);
        assert_int_equal(bad(body), 400);
    }
}

static void more_data_than_there_is_room_for_is_refused(void **state)
{
    struct chunked chunked = {.room = 10};
    struct text bytes = text_of("6\r\nabcdef\r\n5\r\nghijk"), data;
    (void)state;
    assert_int_equal(chunked_parse(&chunked, &bytes, &data), PARSE_MORE);
    assert_int_equal(data.length, 6);
    /* before a byte of it has come */
    assert_int_equal(chunked_parse(&chunked, &bytes, &data), PARSE_BAD);
    assert_int_equal(chunked.status, 413);
    assert_int_equal(data.length, 0);
    assert_true(text_is(bytes, "ghijk"));
}

/* Repeats what for ever; gives how many bytes were read until it was refused. */
static size_t read_until_refused(const char *front, const char *what)
{
    struct reading r;
    begin(&r);
    feed(&r, front, strlen(front));
    while (r.result == PARSE_MORE && r.read < 10UL * CHUNKED_EXTRA_MAX)
        feed(&r, what, strlen(what));
    assert_int_equal(r.result, PARSE_BAD);
    assert_int_equal(r.chunked.status, 431);
    free(r.data);
    return r.read;
}

static void extensions_and_trailers_have_a_limit_together(void **state)
{
    (void)state;
    assert_in_range(read_until_refused("5;a=", "e"), CHUNKED_EXTRA_MAX,
                    CHUNKED_EXTRA_MAX + 16);
    assert_in_range(read_until_refused("5", " "), CHUNKED_EXTRA_MAX,
                    CHUNKED_EXTRA_MAX + 16);
    assert_in_range(read_until_refused("0\r\n", "X-T: v\r\n"),
                    CHUNKED_EXTRA_MAX, CHUNKED_EXTRA_MAX + 16);
    assert_in_range(read_until_refused("", "1;abcdefg\r\nx\r\n"),
                    CHUNKED_EXTRA_MAX, 2 * CHUNKED_EXTRA_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_data_with_its_length_in_front),
        cmocka_unit_test(data_is_not_copied_and_comes_in_one_run),
        cmocka_unit_test(extensions_and_trailers_are_read_and_dropped),
        cmocka_unit_test(a_size_is_hexadecimal_digits_and_nothing_else),
        cmocka_unit_test(no_size_wraps_to_a_small_one),
        cmocka_unit_test(data_is_as_long_as_its_size_and_ends_with_crlf),
        cmocka_unit_test(a_trailer_is_a_field_line_by_line),
        cmocka_unit_test(more_data_than_there_is_room_for_is_refused),
        cmocka_unit_test(extensions_and_trailers_have_a_limit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
