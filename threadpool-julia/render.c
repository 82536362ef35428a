/* SPDX-License-Identifier: MIT
 *
 * render.c - one loop over bands of rows, run by many threads.
 *
 * A band belongs to one thread alone, and none looks at another: that is why the
 * picture cannot depend on who draws what. Bands differ in cost, by a factor of
 * forty in the book's picture, so it matters how they are dealt out.
 *
 * The barrier at the end of a part orders all that its threads wrote before what
 * part() reads.
 */
#include "render.h"

#include <errno.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "util.h"

enum { PART_PIXELS = 10 * 1024 * 1024 }; /* 30 MiB of pixels */

/* What the threads share. */
struct job {
    const struct julia *view;
    const struct render_options *options;
    const struct render_sink *sink;
    struct render_band *bands;
    atomic_int rows; /* done, for the progress */
};

static const struct {
    const char *name;
    omp_sched_t kind;
} schedules[RENDER_SCHEDULES] = {
    [RENDER_STATIC] = {"static", omp_sched_static},
    [RENDER_DYNAMIC] = {"dynamic", omp_sched_dynamic},
    [RENDER_GUIDED] = {"guided", omp_sched_guided},
};

const char *render_schedule_name(enum render_schedule schedule)
{
    return schedules[schedule].name;
}

int render_threads(void)
{
    return omp_get_max_threads();
}

int render_bands(const struct julia *view)
{
    return (view->height + RENDER_BAND_ROWS - 1) / RENDER_BAND_ROWS;
}

int render_part_bands(const struct julia *view)
{
    int most = PART_PIXELS / (RENDER_BAND_ROWS * view->width);
    int bands = render_bands(view);

    return bands < most ? bands : most;
}

static void report(struct job *job, int rows)
{
    /* relaxed, and paired with nothing: a number to show. */
    int done = rows + atomic_fetch_add_explicit(&job->rows, rows,
                                                memory_order_relaxed);

    if (job->sink->progress != NULL && omp_get_thread_num() == 0)
        job->sink->progress(job->sink->context, done);
}

static int draw_band(struct job *job, int number, int place, int32_t *steps)
{
    const struct julia *view = job->view;
    int top = number * RENDER_BAND_ROWS, left = view->height - top;
    int rows = left < RENDER_BAND_ROWS ? left : RENDER_BAND_ROWS;
    struct render_band band = {omp_get_thread_num(), rows, now_ns(), 0, 0};

    julia_rows(job->options->isa, view, top, rows, steps);
    for (int i = 0; i < rows * view->width; i++)
        band.steps += steps[i];
    int rc = job->sink->band(job->sink->context, band.thread, number, place,
                             rows, steps);
    band.end = now_ns();
    if (job->bands != NULL)
        job->bands[number] = band;
    report(job, rows);
    return rc;
}

/* ---- Each thread on a processor of its own ----
 *
 * The kernel starts a thread where its maker runs, and may take longer than the
 * whole picture to move it away. So each is told where to run, and at the end
 * the caller's thread gets back what it had. A hint: that it is not taken is no
 * error. Who sets OMP_PROC_BIND or wants more threads than there are processors
 * is left alone. */

static bool should_spread(int threads, cpu_set_t *allowed)
{
    CPU_ZERO(allowed);
    return omp_get_proc_bind() == omp_proc_bind_false &&
           pthread_getaffinity_np(pthread_self(), sizeof *allowed, allowed) ==
               0 &&
           threads <= CPU_COUNT(allowed);
}

static void stay_on(const cpu_set_t *allowed, int number)
{
    size_t cpu = 0;
    cpu_set_t one;

    for (; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, allowed) && number-- == 0)
            break;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

/* ---- The loop ---- */

/* Bands first to last - 1. Of the threads' errors, the lowest. */
static int draw_part(struct job *job, int threads, int first, int last)
{
    size_t size = sizeof(int32_t) * RENDER_BAND_ROWS * (size_t)job->view->width;
    int lowest = 0;
    cpu_set_t allowed;
    bool spread = should_spread(threads, &allowed);

#pragma omp parallel num_threads(threads) reduction(min : lowest)
    {
        if (spread)
            stay_on(&allowed, omp_get_thread_num());
        int32_t *steps = malloc(size); /* by each thread, its own */
        int rc = steps == NULL ? -ENOMEM : 0;
#pragma omp for schedule(runtime)
        for (int number = first; number < last; number++)
            if (rc == 0)
                rc = draw_band(job, number, number - first, steps);
        free(steps);
        lowest = rc;
    }
    if (spread)
        (void)pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed);
    return lowest;
}

static bool options_fit(const struct render_options *options)
{
    return options->threads >= 0 && options->threads <= RENDER_THREADS_MAX &&
           options->schedule < RENDER_SCHEDULES && options->chunk >= 0 &&
           options->isa < JULIA_ISAS && julia_isa_present(options->isa);
}

int render(const struct julia *view, const struct render_options *options,
           const struct render_sink *sink, struct render_band *bands)
{
    int rc = julia_check(view);
    if (rc < 0)
        return rc;
    if (!options_fit(options))
        return -EINVAL;

    struct job job = {view, options, sink, bands, 0};
    int threads = options->threads > 0 ? options->threads : render_threads();
    int count = render_bands(view), part = render_part_bands(view);

    omp_set_schedule(schedules[options->schedule].kind, options->chunk);
    for (int first = 0; first < count && rc == 0; first += part) {
        int last = count - first < part ? count : first + part;
        rc = draw_part(&job, threads, first, last);
        if (rc == 0)
            rc = sink->part(sink->context);
    }
    return rc;
}
