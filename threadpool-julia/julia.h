/* SPDX-License-Identifier: MIT
 *
 * julia.h - how many steps a point of the plane takes to leave: the whole
 * mathematics of the picture, one pixel at a time, knowing no threads.
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

enum {
    JULIA_SIDE_MAX = 65535,       /* pixels in a row, or rows */
    JULIA_PIXELS_MAX = 715827882, /* times 3 bytes: just under 2 GiB */
    JULIA_ITERATIONS_MAX = 1000000,
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

#endif
