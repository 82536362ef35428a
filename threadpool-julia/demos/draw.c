/* SPDX-License-Identifier: MIT
 *
 * draw.c - the Julia set as a PNG file, its rows drawn by all cores at once; and
 * who drew what, and when.
 *
 * Try: threadpool-julia draw --threads 4 --schedule static --stats --who who.png
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal ...".
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "../demo.h"
#include "../who.h"
#include "order.h"
#include "progress.h"
#include "verbs.h"

/* Words go to stdout, unless the picture itself does. */
static FILE *words(const char *output)
{
    struct stat picture, out;
    bool taken = stat(output, &picture) == 0 &&
                 fstat(STDOUT_FILENO, &out) == 0 &&
                 picture.st_dev == out.st_dev && picture.st_ino == out.st_ino;

    return taken ? stderr : stdout;
}

static void print_stats(FILE *out, const struct who *threads, int count,
                        const struct who *all, int64_t span)
{
    fprintf(out, "%-10s %8s %8s %8s %8s\n", "", "rows %", "steps %", "busy ms",
            "busy %");
    for (int i = 0; i < count; i++)
        fprintf(out, "thread %-3d %8.2f %8.2f %8.2f %8.2f\n", i,
                100.0 * threads[i].rows / all->rows,
                100 * (double)threads[i].steps / (double)all->steps,
                (double)threads[i].busy / 1e6,
                100 * (double)threads[i].busy / (double)span);
    fprintf(out, "imbalance: the busiest thread had %.2fx an equal share\n",
            who_imbalance(threads, count));
}

/* What was asked for beside the picture. */
static void tell_who(const struct order *order, const struct render_band *bands,
                     const struct who_run *run)
{
    int rc = 0;

    if (order->who != NULL)
        rc = picture_who(&order->picture, order->who, bands);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write who drew it to '%s'", order->who);
    if (order->timeline != NULL)
        rc = who_timeline(order->timeline, run, 1);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write the timeline to '%s'", order->timeline);
}

int draw_main(int argc, char **argv)
{
    struct order order = order_parse("Draws a Julia set.", argc, argv);
    struct picture *picture = &order.picture;
    const struct julia *view = &picture->view;
    int count = render_bands(view);
    struct render_band *bands = calloc((size_t)count, sizeof *bands);
    struct who threads[RENDER_THREADS_MAX], all;
    struct progress progress;
    int64_t start = now_ns();

    if (bands == NULL)
        error(EXIT_FAILURE, ENOMEM, "hold the bands");
    progress_begin(&progress, picture);
    int rc = picture_draw(picture, order.output, bands);
    progress_end(picture);
    if (rc == -EBADMSG)
        error(EXIT_FAILURE, 0, "a pixel counted again has other steps");
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write the picture to '%s'", order.output);
    int64_t drawn = now_ns();

    FILE *out = words(order.output);
    int thread_count = who_sum(bands, count, threads, &all);
    fprintf(out, "%s: %d x %d pixels, %" PRId64 " steps\n", order.output,
            view->width, view->height, all.steps);
    fprintf(out, "drawn and written in %.1f ms\n",
            (double)(drawn - start) / 1e6);
    if (order.stats)
        print_stats(out, threads, thread_count, &all, who_span(bands, count));
    tell_who(&order, bands,
             &(struct who_run){order.output, bands, count, thread_count});
    free(bands);
    return EXIT_SUCCESS;
}
