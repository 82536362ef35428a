/* SPDX-License-Identifier: MIT
 *
 * test_palette.c - what palette.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "palette.h"

/* From double arithmetic, elsewhere: trunc(pow(value * factor, 0.8) * 255). */
static void each_wavelength_has_the_books_color(void **state)
{
    static const struct {
        int wavelength;
        unsigned char rgb[3];
    } table[] = {
        {380, {97, 0, 97}},   {381, {100, 0, 101}}, {400, {130, 0, 180}},
        {419, {108, 0, 251}}, {420, {105, 0, 255}}, {430, {60, 0, 255}},
        {439, {9, 0, 255}},   {440, {0, 0, 255}},   {465, {0, 146, 255}},
        {489, {0, 250, 255}}, {490, {0, 255, 255}}, {500, {0, 255, 146}},
        {509, {0, 255, 23}},  {510, {0, 255, 0}},   {545, {146, 255, 0}},
        {579, {252, 255, 0}}, {580, {255, 255, 0}}, {612, {255, 148, 0}},
        {644, {255, 9, 0}},   {645, {255, 0, 0}},   {700, {255, 0, 0}},
        {701, {253, 0, 0}},   {740, {180, 0, 0}},   {778, {101, 0, 0}},
        {780, {97, 0, 0}},
    };
    struct palette palette;
    (void)state;
    palette_init(&palette);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_memory_equal(palette.rgb[table[i].wavelength - WAVELENGTH_MIN],
                            table[i].rgb, 3);
}

static void few_steps_are_violet_and_many_red(void **state)
{
    (void)state;
    assert_int_equal(palette_wavelength(0, 300), 380);
    assert_int_equal(palette_wavelength(1, 300), 380);
    assert_int_equal(palette_wavelength(2, 300), 381);
    assert_int_equal(palette_wavelength(4, 300), 384);
    assert_int_equal(palette_wavelength(300, 300), 778);
    assert_int_equal(palette_wavelength(0, 1), 380);
    assert_int_equal(palette_wavelength(1, 1), 380);
    assert_int_equal(palette_wavelength(1000000, 1000000), 779);
}

static void the_color_is_that_of_the_wavelength(void **state)
{
    struct palette palette;
    (void)state;
    palette_init(&palette);
    for (int steps = 0; steps <= 300; steps++)
        assert_ptr_equal(palette_color(&palette, steps, 300),
                         palette.rgb[palette_wavelength(steps, 300) - 380]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wavelength_has_the_books_color),
        cmocka_unit_test(few_steps_are_violet_and_many_red),
        cmocka_unit_test(the_color_is_that_of_the_wavelength),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
