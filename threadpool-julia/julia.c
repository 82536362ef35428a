/* SPDX-License-Identifier: MIT
 *
 * julia.c - z = z * z + c, as the book writes it; and the choice among the
 * vectors that the processor has.
 *
 * The book asks norm(z) >= 2. Here the square of it is asked: no root, and the
 * same steps in every pixel of the picture (test_julia.c counts both ways).
 */
#include "julia.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "julia_tile.h"

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

/* ---- Whole rows ---- */

/* What this program holds; CMakeLists.txt says which for which processor. */
static const struct {
    const char *name;
    julia_lanes_fn *count;
} isas[JULIA_ISAS] = {
    [JULIA_SCALAR] = {"scalar", NULL},
#ifdef JULIA_HAS_X86
    [JULIA_SSE2] = {"sse2", julia_lanes_sse2},
    [JULIA_AVX2] = {"avx2", julia_lanes_avx2},
    [JULIA_AVX512] = {"avx512", julia_lanes_avx512},
#else
    [JULIA_SSE2] = {"sse2", NULL},     [JULIA_AVX2] = {"avx2", NULL},
    [JULIA_AVX512] = {"avx512", NULL},
#endif
#ifdef JULIA_HAS_NEON
    [JULIA_NEON] = {"neon", julia_lanes_neon},
#else
    [JULIA_NEON] = {"neon", NULL},
#endif
};

const char *julia_isa_name(enum julia_isa isa)
{
    return isas[isa].name;
}

bool julia_isa_present(enum julia_isa isa)
{
    if (isa == JULIA_SCALAR)
        return true;
#ifdef JULIA_HAS_X86
    if (isa == JULIA_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (isa == JULIA_AVX512)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512dq");
#endif
    return isas[isa].count != NULL; /* SSE2 and NEON: all 64-bit ones have it */
}

enum julia_isa julia_isa_best(void)
{
    for (enum julia_isa isa = JULIA_ISAS - 1; isa > JULIA_SCALAR; isa--)
        if (julia_isa_present(isa))
            return isa;
    return JULIA_SCALAR;
}

void julia_rows(enum julia_isa isa, const struct julia *view, int top, int rows,
                int32_t *steps)
{
    assert(julia_isa_present(isa) && rows >= 1 && rows <= JULIA_ROWS_MAX);
    if (isa == JULIA_SCALAR) {
        for (int y = top; y < top + rows; y++)
            for (int x = 0; x < view->width; x++)
                *steps++ = julia_steps(view, x, y);
        return;
    }
    struct julia_tile tile = {0, top, TILE / rows, rows};
    for (; tile.left < view->width; tile.left += tile.columns) {
        if (tile.columns > view->width - tile.left)
            tile.columns = view->width - tile.left;
        isas[isa].count(view, &tile, steps + tile.left);
    }
}
