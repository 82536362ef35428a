/* SPDX-License-Identifier: MIT
 *
 * render.h - the whole picture, its rows shared out among threads by OpenMP.
 * Every thread count gives the same bytes.
 *
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal dispatching work to a
 * thread pool"; OpenMP 4.5, section 2.7.1 "Loop Construct".
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdint.h>

#include "julia.h"

/* Who wants to know how far it is. rows_done() is called on the thread that
 * called render(), after each row this thread itself has drawn: often, but the
 * last call need not say "all". NULL: nobody. */
struct render_watch {
    void (*rows_done)(void *context, int rows);
    void *context;
};

/* Threads for a picture when 0 are asked for: as many as there are cores, or
 * as OMP_NUM_THREADS says. */
int render_threads(void);

/* Draws view into rgb, 3 * width * height bytes of the caller's, row by row
 * from the top, and gives the sum of all steps. Blocks until all is drawn. The
 * threads belong to the OpenMP runtime, which keeps them for the next call and
 * ends the program if it cannot start them. Not to be called by two threads at
 * once on the same rgb. Errors as julia_check(); -EINVAL: threads < 0. */
int render(const struct julia *view, int threads, unsigned char *rgb,
           const struct render_watch *watch, int64_t *steps);

#endif
