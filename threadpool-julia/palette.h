/* SPDX-License-Identifier: MIT
 *
 * palette.h - steps as colours of the rainbow: few steps are violet (380 nm),
 * the more the redder (780 nm), and where the eye fades, so does the colour.
 *
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal dispatching work to a
 * thread pool" (wavelength_to_rgb).
 */
#ifndef PALETTE_H
#define PALETTE_H

#include <stddef.h>
#include <stdint.h>

enum { WAVELENGTH_MIN = 380, WAVELENGTH_MAX = 780 }; /* nanometres */

/* The colour of light of each wavelength: red, green, blue, 0 to 255. */
struct palette {
    unsigned char rgb[WAVELENGTH_MAX - WAVELENGTH_MIN + 1][3];
};

/* Computes all of them; then any number of threads may read. */
void palette_init(struct palette *palette);

/* The wavelength for steps out of iterations, as julia_steps() counts them. The
 * book counts from 0, so no step and one step look the same. */
int palette_wavelength(int steps, int iterations);

/* The colour for it: three bytes inside palette. */
const unsigned char *palette_color(const struct palette *palette, int steps,
                                   int iterations);

/* ---- Many pixels ---- */

/* A color for each number of steps. The fourth byte is there so that four can be
 * copied at once, which is one instruction. */
struct shade {
    unsigned char rgb[4];
};

/* Fills shades[iterations + 1] with the palette's colors. */
void palette_shades(const struct palette *palette, int iterations,
                    struct shade *shades);

/* Writes the colors of count pixels, and one byte more. */
void palette_paint(const struct shade *shades, const int32_t *steps,
                   size_t count, unsigned char *rgb);

#endif
