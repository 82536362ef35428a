/* SPDX-License-Identifier: MIT
 *
 * julia.h - how many steps a point of the plane takes to leave: the whole
 * mathematics of the picture, knowing no threads. One pixel at a time as the
 * book has it, or whole rows by the processor's vectors: the counts are the
 * same.
 *
 * A pixel (x, y) is the number z0 = (3 (x - w/2) / w, 2 (y - h/2) / h). A step
 * is z = z * z + c. The Julia set of c are the points that never leave the
 * circle |z| < 2; their neighbours leave late.
 *
 * All in float, each operation rounded on its own, so that every machine
 * counts the same steps (see -ffp-contract=off in CMakeLists.txt).
 *
 * Pure functions: any thread may call them at any time.
 *
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal dispatching work to a
 * thread pool".
 */
#ifndef JULIA_H
#define JULIA_H

#include <stdbool.h>
#include <stdint.h>

enum {
    JULIA_SIDE_MAX = 65535,       /* pixels in a row, or rows */
    JULIA_PIXELS_MAX = 715827882, /* times 3 bytes: just under 2 GiB */
    JULIA_ITERATIONS_MAX = 1000000,
    JULIA_ROWS_MAX = 64, /* of one call of julia_rows() */
};

/* What to draw. */
struct julia {
    int width, height; /* pixels */
    float cx, cy;      /* the constant c */
    int iterations;    /* after so many steps a point counts as staying */
};

/* 0 if view can be drawn. -EINVAL: a side or the iterations are not from 1 to
 * their limit, or c is not finite; -EOVERFLOW: more than JULIA_PIXELS_MAX. */
int julia_check(const struct julia *view);

/* The steps the pixel in column x, row y takes until |z| >= 2: from 0 to
 * view->iterations. view has passed julia_check(). */
int julia_steps(const struct julia *view, int x, int y);

/* ---- Whole rows ---- */

/* How to count: by julia_steps(), or by vectors of 4, 8 or 16 pixels. */
enum julia_isa {
    JULIA_SCALAR,
    JULIA_SSE2,
    JULIA_AVX2,
    JULIA_AVX512,
    JULIA_NEON,
    JULIA_ISAS
};

/* "scalar", "sse2", ... */
const char *julia_isa_name(enum julia_isa isa);

/* Can this program, on this processor, count so? Always true of JULIA_SCALAR. */
bool julia_isa_present(enum julia_isa isa);

/* The fastest that is present. */
enum julia_isa julia_isa_best(void);

/* Counts the steps of rows top to top + rows - 1, which must be rows of view,
 * into steps[rows * view->width]. isa is present; rows is at most
 * JULIA_ROWS_MAX. */
void julia_rows(enum julia_isa isa, const struct julia *view, int top, int rows,
                int32_t *steps);

#endif
