/* SPDX-License-Identifier: MIT
 *
 * render.h - a picture's rows shared out among threads by OpenMP, a band of them
 * at a time, under the schedule that is asked for. What a thread has counted it
 * hands on at once, while it is in its cache.
 *
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal dispatching work to a
 * thread pool"; OpenMP 4.5, section 2.7.1 "Loop Construct".
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdint.h>

#include "julia.h"

enum {
    RENDER_BAND_ROWS = 8,
    RENDER_THREADS_MAX = 1024,
};

/* How OpenMP deals the bands out. */
enum render_schedule {
    RENDER_STATIC,  /* beforehand, as many to each */
    RENDER_DYNAMIC, /* one after the other, to whoever is free */
    RENDER_GUIDED,  /* so too, but many at first, then ever fewer */
    RENDER_SCHEDULES
};

const char *render_schedule_name(enum render_schedule schedule);

struct render_options {
    int threads; /* 0: render_threads() */
    enum julia_isa isa;
    enum render_schedule schedule;
    int chunk; /* bands dealt out at once; 0: as OpenMP likes */
};

/* Who drew a band, and when (now_ns()), from the first step to the end of what
 * the sink did with it. */
struct render_band {
    int thread, rows;
    int64_t start, end, steps;
};

/* What becomes of the counts. band() is called on the thread that counted, for
 * different bands at once: for the rows from top on; number counts the bands of
 * the whole picture, place those of this part of it. part() is called on the
 * caller's thread when all bands of a part are done. Both return 0 or a negative
 * errno, which ends the work. */
struct render_sink {
    int (*band)(void *context, int thread, int number, int place, int rows,
                const int32_t *steps);
    int (*part)(void *context);
    /* Called on the caller's thread after each band it has drawn: often, but
     * the last call need not say "all". NULL: nobody looks. */
    void (*progress)(void *context, int rows);
    void *context;
};

/* Threads for a picture when 0 are asked for: as many as there are cores, or
 * as OMP_NUM_THREADS says. */
int render_threads(void);

/* Bands of the picture; the most in a part. A part is as large as memory that
 * does not depend on the picture's height allows. */
int render_bands(const struct julia *view);
int render_part_bands(const struct julia *view);

/* Draws view. bands[render_bands(view)] is filled in, if not NULL. Blocks until
 * all is drawn. The threads belong to the OpenMP runtime, which keeps them for
 * the next call and ends the program if it cannot start them. Errors as
 * julia_check(); -EINVAL: an option is out of its range; -ENOMEM; or what the
 * sink returned. */
int render(const struct julia *view, const struct render_options *options,
           const struct render_sink *sink, struct render_band *bands);

/* The same picture in the shape of the book's program: each pixel is a message,
 * through one channel to one receiver, the caller, who alone appears in bands.
 * Of the options, the threads count. -EAGAIN: not one thread could start. */
int render_by_channel(const struct julia *view,
                      const struct render_options *options,
                      const struct render_sink *sink,
                      struct render_band *bands);

#endif
