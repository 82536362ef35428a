/* SPDX-License-Identifier: MIT
 *
 * picture.c - where render.h's bands meet palette.h's colors and png_file.h's
 * pieces.
 */
#include "picture.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "palette.h"
#include "png_file.h"
#include "who.h"

/* What the bands need. */
struct canvas {
    struct png_file *file;
    const struct picture *picture;
    struct shade *shades;            /* the colors, */
    const struct render_band *drawn; /* or NULL, or whose, */
    unsigned char *lights;           /* and how light */
};

/* Counts some pixels a second time; a prime, so that no column is left out. */
static bool counts_hold(const struct julia *view, int top, int rows,
                        const int32_t *steps)
{
    for (int i = 0; i < rows * view->width; i += 1009)
        if (julia_steps(view, i % view->width, top + i / view->width) !=
            steps[i])
            return false;
    return true;
}

static int paint_band(void *context, int thread, int number, int place,
                      int rows, const int32_t *steps)
{
    struct canvas *canvas = context;
    const struct julia *view = &canvas->picture->view;
    size_t count = (size_t)rows * (size_t)view->width;

    if (!counts_hold(view, number * RENDER_BAND_ROWS, rows, steps))
        return -EBADMSG;
    unsigned char *rgb = malloc(3 * count + 1);
    if (rgb == NULL)
        return -ENOMEM;
    if (canvas->drawn != NULL)
        who_paint(canvas->drawn[number].thread, canvas->lights, steps, count,
                  rgb);
    else
        palette_paint(canvas->shades, steps, count, rgb);
    int rc = png_file_band(canvas->file, thread, place, rgb, rows);
    free(rgb);
    return rc;
}

static int finish_part(void *context)
{
    struct canvas *canvas = context;

    return png_file_part(canvas->file);
}

static void tell(void *context, int rows)
{
    struct canvas *canvas = context;

    if (canvas->picture->progress != NULL)
        canvas->picture->progress(canvas->picture->context, rows);
}

static int open_file(const struct picture *picture, const char *target,
                     struct png_file **file)
{
    const struct julia *view = &picture->view;
    char parameters[160];
    const struct png_note notes[] = {
        {"Software", "threadpool-julia"},
        {"Title", "Julia set"},
        {"Description", parameters},
    };
    int threads = picture->options.threads;
    const struct png_format format = {
        .width = view->width,
        .height = view->height,
        .level = picture->level,
        .threads = threads > 0 ? threads : render_threads(),
        .bands = render_part_bands(view),
        .notes = notes,
        .note_count = sizeof notes / sizeof notes[0],
    };

    snprintf(parameters, sizeof parameters, "c = %.9g %+.9gi, iterations = %d",
             (double)view->cx, (double)view->cy, view->iterations);
    return png_file_open(file, target, &format);
}

static int fill_file(struct canvas *canvas, const char *target,
                     struct render_band *bands)
{
    const struct picture *picture = canvas->picture;
    const struct render_sink sink = {paint_band, finish_part, tell, canvas};

    int rc = open_file(picture, target, &canvas->file);
    if (rc < 0)
        return rc;
    rc = (picture->by_channel ? render_by_channel : render)(
        &picture->view, &picture->options, &sink, bands);
    if (rc < 0) {
        png_file_abandon(canvas->file);
        return rc;
    }
    return png_file_close(canvas->file);
}

int picture_draw(const struct picture *picture, const char *target,
                 struct render_band *bands)
{
    struct canvas canvas = {.picture = picture};
    struct palette palette;

    int rc = julia_check(&picture->view);
    if (rc < 0)
        return rc;
    canvas.shades =
        calloc((size_t)picture->view.iterations + 1, sizeof *canvas.shades);
    if (canvas.shades == NULL)
        return -ENOMEM;
    palette_init(&palette);
    palette_shades(&palette, picture->view.iterations, canvas.shades);
    rc = fill_file(&canvas, target, bands);
    free(canvas.shades);
    return rc;
}

int picture_who(const struct picture *picture, const char *target,
                const struct render_band *bands)
{
    struct canvas canvas = {.picture = picture, .drawn = bands};

    int rc = julia_check(&picture->view);
    if (rc < 0)
        return rc;
    canvas.lights = malloc((size_t)picture->view.iterations + 1);
    if (canvas.lights == NULL)
        return -ENOMEM;
    who_lights(picture->view.iterations, canvas.lights);
    rc = fill_file(&canvas, target, NULL);
    free(canvas.lights);
    return rc;
}
