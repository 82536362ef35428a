/* SPDX-License-Identifier: MIT
 *
 * test_deflate.c - what deflate.h promises: zlib reads the joined pieces.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "deflate.h"

enum { PIECES = 5, MOST = 100000 };

/* Sizes that differ much; bytes that repeat, or do not. */
static const size_t sizes[PIECES] = {0, 1, 70000, 3, MOST};

static void fill(unsigned char *bytes, size_t size, int piece)
{
    uint32_t x = (uint32_t)piece;

    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223; /* Numerical Recipes' generator */
        bytes[i] = (unsigned char)(piece % 2 == 0 ? x >> 24 : i / 100);
    }
}

struct stream {
    unsigned char *bytes;
    size_t size;
};

static void append(struct stream *stream, const void *bytes, size_t size)
{
    memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
}

static void assert_inflates(const struct stream *stream)
{
    unsigned char *got = test_malloc((size_t)2 * MOST), *at = got;
    unsigned char *expected = test_malloc(MOST);
    z_stream z = {.next_in = stream->bytes,
                  .avail_in = (uInt)stream->size,
                  .next_out = got,
                  .avail_out = 2 * MOST};

    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    for (int i = 0; i < PIECES; i++) {
        fill(expected, sizes[i], i);
        assert_memory_equal(at, expected, sizes[i]);
        at += sizes[i];
    }
    assert_int_equal(z.total_out, at - got);
    inflateEnd(&z);
    test_free(expected);
    test_free(got);
}

static void pieces_of_every_level_join(void **state)
{
    unsigned char *bytes = test_malloc(MOST);
    (void)state;
    for (int level = 0; level <= DEFLATE_LEVEL_MAX; level++) {
        struct stream stream = {test_malloc((size_t)4 * MOST), 0};
        struct deflater *deflater;
        const unsigned char *piece;
        size_t size;
        assert_int_equal(deflater_new(&deflater, level), 0);
        for (int i = 0; i < PIECES; i++) {
            fill(bytes, sizes[i], i);
            assert_int_equal(
                deflater_run(deflater, bytes, sizes[i], &piece, &size), 0);
            append(&stream, piece, size);
        }
        append(&stream, DEFLATE_END, DEFLATE_END_SIZE);
        assert_inflates(&stream);
        deflater_free(deflater);
        test_free(stream.bytes);
    }
    test_free(bytes);
}

static void there_are_ten_levels(void **state)
{
    struct deflater *deflater;
    (void)state;
    assert_int_equal(deflater_new(&deflater, -1), -EINVAL);
    assert_int_equal(deflater_new(&deflater, DEFLATE_LEVEL_MAX + 1), -EINVAL);
    assert_string_equal(deflate_library(1), "zlib");
    assert_true(strcmp(deflate_library(0), "zlib") == 0 ||
                strcmp(deflate_library(0), "igzip") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_every_level_join),
        cmocka_unit_test(there_are_ten_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
