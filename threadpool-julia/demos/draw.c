/* SPDX-License-Identifier: MIT
 *
 * draw.c - the Julia set as a PNG file, its rows drawn by all cores at once. One
 * pixel in a thousand is then computed again by main alone, and must match.
 *
 * Try: threadpool-julia draw --cx 0.285 --cy 0.01 -o other.png
 * Read with: Rust Cookbook, "Concurrency", "Draw fractal ...".
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "../demo.h"
#include "../palette.h"
#include "../png_file.h"
#include "../render.h"
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

static int wrong_pixels(const struct julia *view, const unsigned char *rgb)
{
    int wrong = 0, pixels = view->width * view->height;
    struct palette palette;

    palette_init(&palette);
    for (long i = 0; i < pixels; i += 1009) { /* a prime: no column is left */
        int steps =
            julia_steps(view, (int)i % view->width, (int)i / view->width);
        wrong += memcmp(palette_color(&palette, steps, view->iterations),
                        rgb + 3 * i, 3) != 0;
    }
    return wrong;
}

int draw_main(int argc, char **argv)
{
    struct order order = order_parse("Draws a Julia set.", argc, argv);
    const struct julia *view = &order.view;
    struct progress progress;
    int64_t steps = 0, start = now_ns();

    unsigned char *rgb = malloc(3 * (size_t)view->width * (size_t)view->height);
    if (rgb == NULL)
        error(EXIT_FAILURE, ENOMEM, "hold the picture");
    const struct render_watch *watch = progress_begin(&progress, view->height);
    must(render(view, order.threads, rgb, watch, &steps));
    progress_end(watch);
    int64_t drawn = now_ns();
    int wrong = wrong_pixels(view, rgb);
    if (wrong > 0)
        error(EXIT_FAILURE, 0, "%d pixels differ from main's own", wrong);

    FILE *out = words(order.output);
    int64_t checked = now_ns();
    int rc = png_file_write(order.output, rgb, view->width, view->height);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write the picture to '%s'", order.output);
    fprintf(out, "%s: %d x %d pixels, %" PRId64 " steps\n", order.output,
            view->width, view->height, steps);
    fprintf(out, "drawn in %.1f ms, written in %.1f ms\n",
            (double)(drawn - start) / 1e6, (double)(now_ns() - checked) / 1e6);
    free(rgb);
    return EXIT_SUCCESS;
}
