/* SPDX-License-Identifier: MIT
 *
 * bench.c - what a pixel costs to compute, by one thread and by all, and what
 * to compress into a PNG file.
 *
 * Try: threadpool-julia bench
 */
#include "../demo.h"
#include "../png_file.h"
#include "../render.h"
#include "verbs.h"

enum { WIDTH = 960, HEIGHT = 540 };

/* Drawn by the first rows of the table, compressed by the last: run_bench()
 * runs them in turn, on this one thread. */
static unsigned char picture[3 * WIDTH * HEIGHT];

static int draw_with(int threads)
{
    const struct julia view = {WIDTH, HEIGHT, -0.8F, 0.156F, 300};
    int64_t steps;

    return render(&view, threads, picture, NULL, &steps);
}

static int one_thread(long pixels)
{
    (void)pixels;
    return draw_with(1);
}

static int all_threads(long pixels)
{
    (void)pixels;
    return draw_with(0);
}

static int png_to_nowhere(long pixels)
{
    (void)pixels;
    return png_file_write("/dev/null", picture, WIDTH, HEIGHT);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"render, 1 thread", one_thread, (long)WIDTH * HEIGHT},
        {"render, all threads", all_threads, (long)WIDTH * HEIGHT},
        {"PNG, to /dev/null", png_to_nowhere, (long)WIDTH * HEIGHT},
    };

    return run_bench(argc, argv, "The default picture at 960 x 540, per pixel.",
                     rows, sizeof rows / sizeof rows[0]);
}
