/* SPDX-License-Identifier: MIT
 *
 * who.h - which thread drew what, and when: sums, a color for each, a timeline.
 *
 * Pure but for who_timeline(), which writes a file.
 */
#ifndef WHO_H
#define WHO_H

#include <stddef.h>
#include <stdint.h>

#include "render.h"

/* What a thread did. */
struct who {
    int bands, rows;
    int64_t steps, busy; /* nanoseconds in bands */
};

/* Adds up count bands into threads[RENDER_THREADS_MAX] and *all. Gives how many
 * threads there are: one more than the highest that drew. */
int who_sum(const struct render_band *bands, int count, struct who *threads,
            struct who *all);

/* From the first start to the last end, in nanoseconds. */
int64_t who_span(const struct render_band *bands, int count);

/* How long the busiest thread worked, as a multiple of an equal share: 1 is
 * perfect. */
double who_imbalance(const struct who *threads, int thread_count);

/* A thread's color: far from its neighbours', however many there are. */
void who_color(int thread, unsigned char rgb[3]);

/* How light a pixel is: lights[iterations + 1], for each number of steps. */
void who_lights(int iterations, unsigned char *lights);

/* Writes count pixels in the thread's color, each as light as its steps say. */
void who_paint(int thread, const unsigned char *lights, const int32_t *steps,
               size_t count, unsigned char *rgb);

/* ---- The timeline ---- */

/* A picture that was drawn. */
struct who_run {
    const char *title; /* without <, > or & */
    const struct render_band *bands;
    int count, threads;
};

/* Draws the runs one below the other as an SVG file: a line for each thread, on
 * it a box for each band; all on one scale. Errors as target_open(). */
int who_timeline(const char *target, const struct who_run *runs, int run_count);

#endif
