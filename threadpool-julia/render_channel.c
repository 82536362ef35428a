/* SPDX-License-Identifier: MIT
 *
 * render_channel.c - the shape of the book's program: a job for each row, a
 * message for each pixel, and one receiver who knows where it belongs. The
 * threads are plain ones, and a row goes to whoever asks next: an OpenMP
 * "dynamic" loop, made by hand.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "channel.h"
#include "render.h"
#include "util.h"

struct rows {
    const struct julia *view;
    struct channel channel;
    atomic_int next;
};

static void *send_rows(void *context)
{
    struct rows *rows = context;

    for (;;) {
        /* relaxed: it deals out numbers. What the receiver sees, the channel's
         * lock orders. */
        int y = atomic_fetch_add_explicit(&rows->next, 1, memory_order_relaxed);
        if (y >= rows->view->height)
            break;
        for (int x = 0; x < rows->view->width; x++)
            channel_send(&rows->channel,
                         (struct pixel){x, y, julia_steps(rows->view, x, y)});
    }
    channel_close(&rows->channel);
    return NULL;
}

static void receive_all(struct rows *rows, const struct render_sink *sink,
                        int32_t *steps)
{
    size_t width = (size_t)rows->view->width;
    struct pixel pixel;

    for (size_t count = 1; channel_receive(&rows->channel, &pixel); count++) {
        steps[(size_t)pixel.y * width + (size_t)pixel.x] = pixel.steps;
        if (sink->progress != NULL && count % width == 0)
            sink->progress(sink->context, (int)(count / width));
    }
}

/* The picture is whole; from here on it is one thread's. */
static int hand_on(const struct julia *view, const struct render_sink *sink,
                   const int32_t *steps, struct render_band *bands)
{
    int count = render_bands(view), part = render_part_bands(view), rc = 0;

    for (int number = 0; number < count && rc == 0; number++) {
        int left = view->height - number * RENDER_BAND_ROWS;
        int rows = left < RENDER_BAND_ROWS ? left : RENDER_BAND_ROWS;
        struct render_band band = {0, rows, now_ns(), 0, 0};
        rc = sink->band(sink->context, 0, number, number % part, rows, steps);
        if (rc == 0 && (number % part == part - 1 || number == count - 1))
            rc = sink->part(sink->context);
        for (int i = rows * view->width; i > 0; i--)
            band.steps += *steps++;
        band.end = now_ns();
        if (bands != NULL)
            bands[number] = band;
    }
    return rc;
}

/* Starts as many as it can of the threads wanted; those missing are done. */
static int start(struct rows *rows, pthread_t *threads, int wanted)
{
    int started = 0, rc = 0;

    while (started < wanted && rc == 0) {
        rc = -pthread_create(&threads[started], NULL, send_rows, rows);
        started += rc == 0;
    }
    for (int i = started; i < wanted; i++)
        channel_close(&rows->channel);
    return started;
}

int render_by_channel(const struct julia *view,
                      const struct render_options *options,
                      const struct render_sink *sink, struct render_band *bands)
{
    int rc = julia_check(view);
    if (rc < 0)
        return rc;
    if (options->threads < 0 || options->threads > RENDER_THREADS_MAX)
        return -EINVAL;

    int wanted = options->threads > 0 ? options->threads : render_threads();
    struct rows rows = {.view = view};
    pthread_t threads[RENDER_THREADS_MAX];
    int32_t *steps =
        calloc((size_t)view->width * (size_t)view->height, sizeof *steps);
    if (steps == NULL)
        return -ENOMEM;
    channel_init(&rows.channel, wanted);
    int started = start(&rows, threads, wanted);
    if (started > 0)
        receive_all(&rows, sink, steps);
    for (int i = 0; i < started; i++)
        must(pthread_join(threads[i], NULL));
    channel_destroy(&rows.channel);
    rc = started > 0 ? hand_on(view, sink, steps, bands) : -EAGAIN;
    free(steps);
    return rc;
}
