/* SPDX-License-Identifier: MIT
 *
 * julia.c - z = z * z + c, as the book writes it.
 *
 * The book asks norm(z) >= 2. Here the square of it is asked: no root, and the
 * same steps in every pixel of the picture (test_julia.c counts both ways).
 */
#include "julia.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

static_assert(FLT_EVAL_METHOD == 0, "float is computed as float, not wider");
static_assert(3LL * JULIA_PIXELS_MAX < 1LL << 31, "as julia.h says");

static bool in_range(int number, int max)
{
    return number >= 1 && number <= max;
}

int julia_check(const struct julia *view)
{
    if (!in_range(view->width, JULIA_SIDE_MAX) ||
        !in_range(view->height, JULIA_SIDE_MAX) ||
        !in_range(view->iterations, JULIA_ITERATIONS_MAX) ||
        !isfinite(view->cx) || !isfinite(view->cy))
        return -EINVAL;
    if (view->width > JULIA_PIXELS_MAX / view->height)
        return -EOVERFLOW; /* asked by division, which cannot overflow */
    return 0;
}

int julia_steps(const struct julia *view, int x, int y)
{
    float width = (float)view->width, height = (float)view->height;
    float re = 3.0F * ((float)x - 0.5F * width) / width;
    float im = 2.0F * ((float)y - 0.5F * height) / height;
    int steps = 0;

    while (steps < view->iterations && re * re + im * im < 4.0F) {
        float square = re * re - im * im;
        im = re * im + im * re + view->cy;
        re = square + view->cx;
        steps++;
    }
    return steps;
}
