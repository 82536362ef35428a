/* SPDX-License-Identifier: MIT
 *
 * test_picture.c - what picture.h promises, read back by libpng.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "deflate.h"
#include "picture.h"
#include "png_file.h"
#include "sha256sum.h"
#include "who.h"

static const struct julia book = {1920, 1080, -0.8F, 0.156F, 300};
static const char name[] = "test_picture.png";

/* The pixels of the file, for test_free(). */
static unsigned char *read_pixels(const struct julia *view)
{
    png_image image = {.version = PNG_IMAGE_VERSION};

    assert_int_equal(png_image_begin_read_from_file(&image, name), 1);
    assert_int_equal(image.format, PNG_FORMAT_RGB);
    assert_int_equal(image.width, view->width);
    assert_int_equal(image.height, view->height);
    unsigned char *rgb = test_malloc(PNG_IMAGE_SIZE(image));
    assert_int_equal(png_image_finish_read(&image, NULL, rgb, 0, NULL), 1);
    assert_int_equal(unlink(name), 0);
    return rgb;
}

static void assert_is_the_books(const struct picture *picture)
{
    struct render_band *bands =
        test_calloc((size_t)render_bands(&book), sizeof *bands);
    int64_t steps = 0;
    char sum[65];

    assert_int_equal(picture_draw(picture, name, bands), 0);
    for (int i = 0; i < render_bands(&book); i++)
        steps += bands[i].steps;
    assert_int_equal(steps, 78854648);
    unsigned char *rgb = read_pixels(&book);
    sha256sum(rgb, (size_t)3 * 1920 * 1080, sum);
    assert_string_equal(sum, SHA256_OF_THE_BOOKS_PICTURE);
    test_free(rgb);
    test_free(bands);
}

static void every_set_and_schedule_draws_the_originals_pixels(void **state)
{
    (void)state;
    for (enum julia_isa isa = 0; isa < JULIA_ISAS; isa++) {
        struct picture picture = {book, .options = {.isa = isa}};
        if (!julia_isa_present(isa))
            continue;
        picture.options.schedule = isa % RENDER_SCHEDULES;
        picture.options.threads = 1 + (int)isa;
        picture.level = (int)isa;
        assert_is_the_books(&picture);
    }
}

static void a_channel_brings_the_originals_pixels(void **state)
{
    const struct picture picture = {book, .options = {.threads = 3},
                                    .by_channel = true};
    (void)state;
    assert_is_the_books(&picture);
}

/* The whole file, for test_free(). */
static unsigned char *read_file(size_t *size)
{
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    unsigned char *bytes = test_malloc(1 << 20);
    *size = fread(bytes, 1, 1 << 20, file);
    assert_true(*size > 0 && *size < 1 << 20);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(name), 0);
    return bytes;
}

static void the_file_is_the_same_to_the_byte_whoever_draws_it(void **state)
{
    static const int thread_counts[] = {1, 2, 3, 8};
    struct picture picture = {{640, 360, -0.8F, 0.156F, 300},
                              .level = DEFLATE_DEFAULT};
    size_t size, first_size;
    (void)state;
    assert_int_equal(picture_draw(&picture, name, NULL), 0);
    unsigned char *first = read_file(&first_size);
    for (int i = 0; i < 4 * RENDER_SCHEDULES * JULIA_ISAS; i++) {
        picture.options = (struct render_options){
            .threads = thread_counts[i % 4],
            .schedule = (enum render_schedule)(i / 4 % RENDER_SCHEDULES),
            .chunk = i % 4,
            .isa = (enum julia_isa)(i / 4 / RENDER_SCHEDULES)};
        picture.by_channel = picture.options.isa == JULIA_SCALAR && i % 2 == 0;
        if (!julia_isa_present(picture.options.isa))
            continue;
        assert_int_equal(picture_draw(&picture, name, NULL), 0);
        unsigned char *bytes = read_file(&size);
        assert_int_equal(size, first_size);
        assert_memory_equal(bytes, first, size);
        test_free(bytes);
    }
    test_free(first);
}

static void the_colors_tell_who_drew_it(void **state)
{
    const struct julia view = {50, 33, -0.8F, 0.156F, 40};
    const struct picture picture = {view, .options = {.threads = 1}};
    struct render_band bands[5];
    unsigned char lights[41], pixel[3];
    (void)state;
    assert_int_equal(render_bands(&view), 5);
    for (int i = 0; i < 5; i++)
        bands[i] = (struct render_band){.thread = 4 - i};
    assert_int_equal(picture_who(&picture, name, bands), 0);
    unsigned char *rgb = read_pixels(&view);
    who_lights(view.iterations, lights);
    for (int i = 0; i < view.width * view.height; i++) {
        int y = i / view.width;
        int32_t steps = julia_steps(&view, i % view.width, y);
        who_paint(bands[y / RENDER_BAND_ROWS].thread, lights, &steps, 1, pixel);
        assert_memory_equal(rgb + (size_t)3 * (size_t)i, pixel, 3);
    }
    assert_int_equal(bands[0].thread, 4);
    test_free(rgb);
}

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    struct picture picture = {book, .options = {.threads = -1}};
    (void)state;
    assert_int_equal(picture_draw(&picture, name, NULL), -EINVAL);
    picture.options.threads = 1;
    picture.level = 10;
    assert_int_equal(picture_draw(&picture, name, NULL), -EINVAL);
    picture.level = 0;
    picture.view.width = 0;
    assert_int_equal(picture_draw(&picture, name, NULL), -EINVAL);
    assert_int_equal(picture_who(&picture, name, NULL), -EINVAL);
    assert_int_equal(access(name, F_OK), -1);
    picture.view.width = 1;
    assert_int_equal(picture_draw(&picture, "no-such-folder/a.png", NULL),
                     -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_and_schedule_draws_the_originals_pixels),
        cmocka_unit_test(a_channel_brings_the_originals_pixels),
        cmocka_unit_test(the_file_is_the_same_to_the_byte_whoever_draws_it),
        cmocka_unit_test(the_colors_tell_who_drew_it),
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
