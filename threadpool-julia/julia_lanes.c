/* SPDX-License-Identifier: MIT
 *
 * julia_lanes.c - julia_steps() for many pixels at once. This text is compiled
 * once for each instruction set (CMakeLists.txt says with which flags); each
 * operation is the one that julia_steps() does, in its order, so that the counts
 * are the same.
 *
 * A vector is as slow as its slowest pixel: half the pixels of the book's
 * picture leave within four steps, one in thirty never does. So nobody waits
 * for a neighbour. All pixels walk a few steps; those still inside are moved
 * together, and only they walk on:
 *
 *     points    a b c d e f g h     8 steps, then b, c, e and h are left
 *     points    b c e h             8 steps, then c and h are left
 *     points    c h                 16 steps, ...
 *
 * Within such a walk a vector's pixels all move on, also those that have left;
 * a lane counts the steps it took inside. That is right because who has left
 * does not come back: |z * z + c| >= |z| * |z| - |c| > |z| if |z| >= 2 > |c|, by
 * a margin that dwarfs the rounding if |c| < 1.99; and a number too large for
 * a float becomes infinity, then perhaps NaN, neither of which is below 4. For
 * any other c a walk is one step long.
 */
#include "julia_lanes.h"

#include <math.h>
#include <stdbool.h>

#include "julia.h"

enum {
    GROUP = LANES * VECTORS,
    ROOM = TILE + GROUP, /* the last group may be short, and is filled */
    SHORT_WALK = 8,
    LONG_WALK = 16,
};

/* The points still inside, and where in steps[] each one's count goes. */
struct points {
    float re[ROOM], im[ROOM];
    int32_t pixel[ROOM];
    int count;
};

/* The pixels that left during this walk, and after how many steps. */
struct leavers {
    int32_t pixel[ROOM], steps[ROOM];
    int count;
};

/* Every pixel of the tile, row by row, where its point begins. */
static void begin(struct points *points, const struct julia *view,
                  const struct julia_tile *tile)
{
    float width = (float)view->width, height = (float)view->height;

    for (int x = 0; x < tile->columns; x++) {
        float column = (float)(tile->left + x);
        points->re[x] = 3.0F * (column - 0.5F * width) / width;
    }
    for (int y = 0; y < tile->rows; y++) {
        float row = (float)(tile->top + y);
        float im = 2.0F * (row - 0.5F * height) / height;
        int first = y * tile->columns;
        memmove(points->re + first, points->re,
                sizeof(float) * (size_t)tile->columns);
        for (int x = 0; x < tile->columns; x++) {
            points->im[first + x] = im;
            points->pixel[first + x] = y * view->width + x;
        }
    }
    points->count = tile->rows * tile->columns;
}

/* Fills the last group with copies of the last point: they find what it finds. */
static void fill_up(struct points *points)
{
    int last = points->count - 1;

    for (int i = points->count; i % GROUP != 0; i++) {
        points->re[i] = points->re[last];
        points->im[i] = points->im[last];
        points->pixel[i] = points->pixel[last];
    }
}

/* Walks a group of points, and counts each one's steps inside the circle. */
static inline void walk_group(const struct points *points, size_t first,
                              const struct julia *view, int walk,
                              floats re[VECTORS], floats im[VECTORS],
                              ints inside[VECTORS])
{
    for (size_t v = 0; v < VECTORS; v++) {
        re[v] = load_floats(points->re + first + v * LANES);
        im[v] = load_floats(points->im + first + v * LANES);
        inside[v] = (ints){0};
    }
    for (int step = 0; step < walk; step++)
        for (int v = 0; v < VECTORS; v++) {
            floats re2 = re[v] * re[v], im2 = im[v] * im[v];
            floats product = re[v] * im[v];
            inside[v] -= re2 + im2 < 4.0F; /* a true lane is -1 */
            im[v] = product + product + view->cy;
            re[v] = re2 - im2 + view->cx;
        }
}

/* All points walk; afterwards those still inside are left, and the leavers are
 * listed. A group is read before anything is written over it. */
static void walk_all(struct points *points, const struct julia *view, int walk,
                     int steps_before, struct leavers *leavers)
{
    size_t count = (size_t)points->count;
    int stay = 0, leave = 0;

    for (size_t first = 0; first < count; first += GROUP) {
        floats re[VECTORS], im[VECTORS];
        ints inside[VECTORS];
        walk_group(points, first, view, walk, re, im, inside);
        for (size_t v = 0; v < VECTORS; v++) {
            ints pixel = load_ints(points->pixel + first + v * LANES);
            unsigned in = lanes_where(inside[v] == walk);
            unsigned out = lanes_where(inside[v] != walk);
            pack(points->re + stay, (ints)re[v], in);
            pack(points->im + stay, (ints)im[v], in);
            pack(points->pixel + stay, pixel, in);
            stay += __builtin_popcount(in);
            pack(leavers->pixel + leave, pixel, out);
            pack(leavers->steps + leave, inside[v] + steps_before, out);
            leave += __builtin_popcount(out);
        }
    }
    points->count = stay;
    leavers->count = leave;
}

void julia_lanes(const struct julia *view, const struct julia_tile *tile,
                 int32_t *steps)
{
    bool none_comes_back =
        view->cx * view->cx + view->cy * view->cy < 1.99F * 1.99F;
    struct points points;
    struct leavers leavers;

    begin(&points, view, tile);
    for (int walk, done = 0; points.count > 0 && done < view->iterations;
         done += walk) {
        walk = !none_comes_back ? 1 : done < LONG_WALK ? SHORT_WALK : LONG_WALK;
        if (walk > view->iterations - done)
            walk = view->iterations - done;
        fill_up(&points);
        walk_all(&points, view, walk, done, &leavers);
        for (int i = 0; i < leavers.count; i++)
            steps[leavers.pixel[i]] = leavers.steps[i];
    }
    for (int i = 0; i < points.count; i++)
        /* NOLINTNEXTLINE(*.ArraySubscript): begin() and pack() have written it */
        steps[points.pixel[i]] = view->iterations;
}
