/* SPDX-License-Identifier: MIT
 *
 * test_thumbnail.c - what thumbnail.h promises, of files that libpng's own writer
 * has made, and of the same files broken. In a folder of its own.
 */
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "thumbnail.h"

enum { MOST = 1 << 20 };

/* A PNG file, in memory. */
struct bytes {
    unsigned char at[MOST];
    size_t size;
};
static struct bytes bytes;

static void put(png_structp png, png_bytep at, size_t size)
{
    struct bytes *to = png_get_io_ptr(png);

    if (size > MOST - to->size)
        png_error(png, "room");
    memcpy(to->at + to->size, at, size);
    to->size += size;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* Pixels as PNG's color type and depth have them, row after row. */
static void encode(int width, int height, int type, int depth, int interlace,
                   const unsigned char *pixels)
{
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep rows[64];

    bytes.size = 0;
    png_set_write_fn(png, &bytes, put, flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, depth,
                 type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < height; y++)
        rows[y] = (png_bytep)(uintptr_t)pixels +
                  (size_t)y * png_get_rowbytes(png, info);
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
}

static void save(const char *name)
{
    FILE *file = fopen(name, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

static struct thumbnail made;

static int shrink(int side)
{
    save("from.png");
    return thumbnail_make("from.png", "to.png", side, &made);
}

/* The thumbnail's pixels, of 3 bytes. */
static unsigned char *result(void)
{
    png_image image = {.version = PNG_IMAGE_VERSION};

    assert_int_not_equal(png_image_begin_read_from_file(&image, "to.png"), 0);
    assert_int_equal(image.width, made.width);
    assert_int_equal(image.height, made.height);
    image.format = PNG_FORMAT_RGB;
    unsigned char *rgb = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(rgb);
    assert_int_not_equal(png_image_finish_read(&image, NULL, rgb, 0, NULL), 0);
    return rgb;
}

/* from.png alone is left in the folder, or nothing. */
static void nothing_was_made(void)
{
    unlink("from.png");
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(rmdir("thumbnails"), 0);
    assert_int_equal(mkdir("thumbnails", 0777), 0);
    assert_int_equal(chdir("thumbnails"), 0);
}

/* ---- Sound files ---- */

/* The text of what a thumbnail is: the mean of the pixels it covers. */
static int mean(const unsigned char *rgb, int width, int height, int x, int y,
                int channel)
{
    int sum = 0, count = 0;

    for (int v = 0; v < height; v++)
        for (int u = 0; u < width; u++)
            if (u * made.width / width == x && v * made.height / height == y) {
                sum += rgb[3 * (v * width + u) + channel];
                count++;
            }
    assert_true(count > 0); /* it is never larger than the picture */
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    return (2 * sum + count) / (2 * count);
}

static void check_means(int width, int height, int interlace)
{
    unsigned char rgb[3 * 64 * 64];

    for (int i = 0; i < 3 * width * height; i++)
        rgb[i] = (unsigned char)(i * 7919 >> 3);
    encode(width, height, PNG_COLOR_TYPE_RGB, 8, interlace, rgb);
    assert_int_equal(shrink(10), 0);
    assert_int_equal(made.from_width, width);
    assert_int_equal(made.from_height, height);
    unsigned char *small = result();
    for (int i = 0; i < 3 * made.width * made.height; i++)
        assert_int_equal(small[i], mean(rgb, width, height, i / 3 % made.width,
                                        i / 3 / made.width, i % 3));
    free(small);
}

static void each_pixel_is_the_mean_of_those_it_covers(void **state)
{
    (void)state;
    check_means(64, 36, PNG_INTERLACE_NONE);
    assert_int_equal(made.width, 10);
    assert_int_equal(made.height, 6);
    check_means(13, 61, PNG_INTERLACE_NONE);
    assert_int_equal(made.width, 2);
    assert_int_equal(made.height, 10);
    check_means(64, 1, PNG_INTERLACE_NONE);
    assert_int_equal(made.height, 1);
    check_means(1, 64, PNG_INTERLACE_NONE);
    assert_int_equal(made.width, 1);
}

static void an_interlaced_file_gives_the_same(void **state)
{
    (void)state;
    for (int width = 1; width < 20; width++)
        for (int height = 1; height < 20; height++)
            check_means(width, height, PNG_INTERLACE_ADAM7);
    check_means(64, 36, PNG_INTERLACE_ADAM7);
}

static void a_small_picture_keeps_its_size(void **state)
{
    const unsigned char rgb[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252};
    (void)state;
    encode(2, 2, PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, rgb);
    assert_int_equal(shrink(300), 0);
    assert_int_equal(made.width, 2);
    unsigned char *small = result();
    assert_memory_equal(small, rgb, 12);
    free(small);
}

static void what_is_transparent_lies_before_white(void **state)
{
    /* Two pixels: black, opaque; red, not to be seen. */
    const unsigned char rgba[8] = {0, 0, 0, 255, 255, 0, 0, 0};
    (void)state;
    encode(2, 1, PNG_COLOR_TYPE_RGB_ALPHA, 8, PNG_INTERLACE_NONE, rgba);
    assert_int_equal(shrink(1), 0);
    unsigned char *small = result();
    assert_memory_equal(small, "\x80\x80\x80", 3); /* of 0 and 255 */
    free(small);
}

static void bits_and_wide_greys_become_bytes(void **state)
{
    const unsigned char bits[1] = {0x40}, wide[4] = {0x80, 0x80, 0xff, 0xff};
    unsigned char *small;
    (void)state;
    encode(2, 1, PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE, bits);
    assert_int_equal(shrink(2), 0);
    small = result();
    assert_memory_equal(small, "\0\0\0\xff\xff\xff", 6);
    free(small);
    encode(2, 1, PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE, wide);
    assert_int_equal(shrink(2), 0);
    small = result();
    assert_memory_equal(small, "\x80\x80\x80\xff\xff\xff", 6);
    free(small);
}

/* ---- Broken files ---- */

static void encode_some(void)
{
    unsigned char rgb[3 * 64 * 36];

    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (unsigned char)(i * 7919 >> 3);
    encode(64, 36, PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, rgb);
}

static void a_cut_file_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    unlink("to.png");
    encode_some();
    size_t step = bytes.size / 97 + 1;
    for (size_t size = bytes.size; size > 0;
         size = size > step ? size - step : 0) {
        bytes.size = size - 1;
        assert_int_equal(shrink(10), -EBADMSG);
        assert_int_not_equal(made.fault[0], '\0');
    }
    nothing_was_made();
}

/* In the name, the data or the sum of IHDR and IDAT: libpng looks at all. */
static void a_changed_byte_is_found(void **state)
{
    const size_t places[] = {0, 7, 12, 16, 24, 29, 37, 41, 45, 100};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        encode_some();
        bytes.at[places[i]] ^= 0x11;
        assert_int_equal(shrink(10), -EBADMSG);
    }
    encode_some();
    bytes.at[bytes.size - 1] ^= 1; /* IEND's sum */
    assert_int_equal(shrink(10), -EBADMSG);
    nothing_was_made();
}

/* The head may claim 2^31 - 1 pixels a side, or 2^16: over our limit. Or just
 * below it, with nothing behind: nothing large is allocated for that. */
static void a_huge_claim_costs_no_memory(void **state)
{
    static const unsigned sides[] = {0x7fffffff, 0x10000, 0xffff};
    (void)state;
    encode_some();
    for (int i = 0; i < 3; i++) {
        png_save_uint_32(bytes.at + 16, sides[i]);
        png_save_uint_32(bytes.at + 20, sides[i]);
        uint32_t sum = (uint32_t)crc32(0, bytes.at + 12, 17);
        png_save_uint_32(bytes.at + 29, sum);
        assert_int_equal(shrink(10), -EBADMSG);
        assert_int_equal(made.from_width, i < 2 ? 0 : 65535);
    }
    nothing_was_made();
}

static void what_cannot_be_read_or_written_says_why(void **state)
{
    (void)state;
    assert_int_equal(thumbnail_make("none.png", "to.png", 10, &made), -ENOENT);
    assert_int_equal(thumbnail_make(".", "to.png", 10, &made), -EISDIR);
    bytes.size = 0;
    assert_int_equal(shrink(10), -EBADMSG);
    assert_int_equal(shrink(0), -EINVAL);
    assert_int_equal(shrink(THUMBNAIL_SIDE_MAX + 1), -EINVAL);
    encode_some();
    save("from.png");
    assert_int_equal(thumbnail_make("from.png", "no/to.png", 10, &made),
                     -ENOENT);
    nothing_was_made();
}

static int enter_folder(void **state)
{
    (void)state;
    if (mkdir("thumbnails", 0777) < 0 && errno != EEXIST)
        return -1;
    return chdir("thumbnails");
}

static int leave_folder(void **state)
{
    (void)state;
    unlink("from.png");
    unlink("to.png");
    return chdir("..") == 0 ? rmdir("thumbnails") : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pixel_is_the_mean_of_those_it_covers),
        cmocka_unit_test(an_interlaced_file_gives_the_same),
        cmocka_unit_test(a_small_picture_keeps_its_size),
        cmocka_unit_test(what_is_transparent_lies_before_white),
        cmocka_unit_test(bits_and_wide_greys_become_bytes),
        cmocka_unit_test(a_cut_file_is_refused_wherever_it_is_cut),
        cmocka_unit_test(a_changed_byte_is_found),
        cmocka_unit_test(a_huge_claim_costs_no_memory),
        cmocka_unit_test(what_cannot_be_read_or_written_says_why),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
