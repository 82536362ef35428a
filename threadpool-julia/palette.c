/* SPDX-License-Identifier: MIT
 *
 * palette.c - wavelengths as red, green and blue, in straight lines between
 * the pure colours. A power makes them even for the eye; since it is dear, each
 * wavelength's colour is computed once, not once a pixel.
 */
#include "palette.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct color {
    float r, g, b;
};

static struct color pure_color(int wavelength)
{
    float w = (float)wavelength;

    if (wavelength < 440)
        return (struct color){(440.0F - w) / 60.0F, 0.0F, 1.0F};
    if (wavelength < 490)
        return (struct color){0.0F, (w - 440.0F) / 50.0F, 1.0F};
    if (wavelength < 510)
        return (struct color){0.0F, 1.0F, (510.0F - w) / 20.0F};
    if (wavelength < 580)
        return (struct color){(w - 510.0F) / 70.0F, 1.0F, 0.0F};
    if (wavelength < 645)
        return (struct color){1.0F, (645.0F - w) / 65.0F, 0.0F};
    return (struct color){1.0F, 0.0F, 0.0F};
}

/* Towards both ends of what an eye can see, light grows dim. */
static float brightness(int wavelength)
{
    float w = (float)wavelength;

    if (wavelength < 420)
        return 0.3F + 0.7F * (w - 380.0F) / 40.0F;
    if (wavelength > 700)
        return 0.3F + 0.7F * (780.0F - w) / 80.0F;
    return 1.0F;
}

static unsigned char channel(float value, float factor)
{
    return (unsigned char)(powf(value * factor, 0.8F) * 255.0F);
}

void palette_init(struct palette *palette)
{
    for (int w = WAVELENGTH_MIN; w <= WAVELENGTH_MAX; w++) {
        unsigned char *rgb = palette->rgb[w - WAVELENGTH_MIN];
        struct color color = pure_color(w);
        float factor = brightness(w);

        rgb[0] = channel(color.r, factor);
        rgb[1] = channel(color.g, factor);
        rgb[2] = channel(color.b, factor);
    }
}

int palette_wavelength(int steps, int iterations)
{
    assert(0 <= steps && steps <= iterations && iterations <= 1000000);
    int last = steps > 0 ? steps - 1 : 0; /* index of the last step */
    return WAVELENGTH_MIN + last * 400 / iterations;
}

const unsigned char *palette_color(const struct palette *palette, int steps,
                                   int iterations)
{
    return palette->rgb[palette_wavelength(steps, iterations) - WAVELENGTH_MIN];
}

void palette_shades(const struct palette *palette, int iterations,
                    struct shade *shades)
{
    for (int steps = 0; steps <= iterations; steps++)
        memcpy(shades[steps].rgb, palette_color(palette, steps, iterations), 3);
}

void palette_paint(const struct shade *shades, const int32_t *steps,
                   size_t count, unsigned char *rgb)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(rgb, shades[steps[i]].rgb,
               4); /* the next writes over the last */
        rgb += 3;
    }
}
