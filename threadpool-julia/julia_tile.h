/* SPDX-License-Identifier: MIT
 *
 * julia_tile.h - between julia.c and the copies of julia_lanes.c: one function,
 * under the name of each instruction set.
 */
#ifndef JULIA_TILE_H
#define JULIA_TILE_H

#include <stdint.h>

#include "julia.h"

/* A part of the picture, of at most TILE pixels: what a copy of julia_lanes.c
 * works on at once. As many as fit in a core's second cache, for the more there
 * are, the fuller are the vectors towards the end. */
struct julia_tile {
    int left, top, columns, rows;
};

enum { TILE = 16384 };

/* Counts the steps of the tile's pixels. Of steps[], which begins at the tile's
 * upper left pixel, a row is view->width long. */
typedef void julia_lanes_fn(const struct julia *view,
                            const struct julia_tile *tile, int32_t *steps);

julia_lanes_fn julia_lanes_sse2, julia_lanes_avx2, julia_lanes_avx512,
    julia_lanes_neon;

#endif
