/* SPDX-License-Identifier: MIT
 *
 * compare.c - the same rows under four schedules, one after the other: who drew
 * how much, how long it took, and a picture of the four, each pixel in the color
 * of its thread.
 *
 * Try: threadpool-julia compare --threads 4 --timeline compare.svg
 * Read with: OpenMP 4.5, section 2.7.1.1 "Determining the Schedule".
 */
#include <inttypes.h>

#include "../demo.h"
#include "../png_file.h"
#include "../who.h"
#include "verbs.h"

enum { WIDTH = 640, HEIGHT = 360, ITERATIONS = 300 };
enum { BANDS = (HEIGHT + RENDER_BAND_ROWS - 1) / RENDER_BAND_ROWS };
enum { KINDS = 4, ACROSS = 2, DOWN = KINDS / ACROSS };

static const struct kind {
    const char *name;
    enum render_schedule schedule;
    int chunk;
} kinds[KINDS] = {
    {"static", RENDER_STATIC, 0},   /* a block of rows for each */
    {"static,1", RENDER_STATIC, 1}, /* dealt like cards */
    {"dynamic", RENDER_DYNAMIC, 0},
    {"guided", RENDER_GUIDED, 0},
};

struct request {
    int threads;
    const char *output, *timeline;
};

/* One of the four fields of the picture, while it is painted. */
struct field {
    unsigned char *corner;
    unsigned char lights[ITERATIONS + 1];
};

static int paint(void *context, int thread, int number, int place, int rows,
                 const int32_t *steps)
{
    struct field *field = context;

    (void)place;
    for (int y = 0; y < rows; y++) {
        int row = number * RENDER_BAND_ROWS + y;
        who_paint(thread, field->lights, steps + (size_t)y * WIDTH, WIDTH,
                  field->corner + (size_t)row * ACROSS * WIDTH * 3);
    }
    return 0;
}

static int nothing_more(void *context)
{
    (void)context;
    return 0;
}

static void print_row(const struct who_run *run, const struct who *threads,
                      const struct who *all)
{
    printf("%-10s %7.2f ms %9.2fx  ", run->title,
           (double)who_span(run->bands, run->count) / 1e6,
           who_imbalance(threads, run->threads));
    for (int i = 0; i < run->threads; i++)
        printf(" %3.0f", 100.0 * (double)threads[i].steps / (double)all->steps);
    putchar('\n');
}

/* Draws the picture under one schedule; gives its steps. */
static int64_t draw(const struct request *request, int which,
                    unsigned char *corner, struct render_band *bands,
                    struct who_run *run)
{
    const struct julia view = {WIDTH, HEIGHT, -0.8F, 0.156F, ITERATIONS};
    const struct kind *kind = &kinds[which];
    const struct render_options options = {request->threads, JULIA_SCALAR,
                                           kind->schedule, kind->chunk};
    struct who threads[RENDER_THREADS_MAX], all;
    struct field field = {.corner = corner};
    const struct render_sink sink = {paint, nothing_more, NULL, &field};

    who_lights(ITERATIONS, field.lights);
    int rc = render(&view, &options, &sink, bands);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "draw by %s", kind->name);
    *run = (struct who_run){kind->name, bands, BANDS,
                            who_sum(bands, BANDS, threads, &all)};
    print_row(run, threads, &all);
    return all.steps;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *request = state->input;

    if (key == 't')
        request->threads =
            (int)count_arg(state, "--threads", arg, 1, RENDER_THREADS_MAX);
    else if (key == 'o')
        request->output = arg;
    else if (key == 'l')
        request->timeline = arg;
    else
        return unexpected(key, arg, state);
    return 0;
}

int compare_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"output", 'o', "FILE", 0, "the four, as a PNG (compare.png)", 1},
        {"timeline", 'l', "FILE", 0, "an SVG: who drew when", 2},
        {"threads", 't', "COUNT", 0, "threads (4)", 3},
        {0}};
    const struct argp argp = {options, parse, .doc = "Four schedules."};
    struct request request = {.threads = 4, .output = "compare.png"};
    struct render_band bands[KINDS][BANDS];
    struct who_run runs[KINDS];
    int64_t steps[KINDS];

    argp_parse(&argp, argc, argv, 0, NULL, &request);
    unsigned char *rgb = malloc((size_t)KINDS * WIDTH * HEIGHT * 3);
    if (rgb == NULL)
        error(EXIT_FAILURE, ENOMEM, "hold the picture");
    printf("%-10s %10s %10s   %s\n", "schedule", "time", "imbalance",
           "% of the steps, by thread");
    for (int i = 0; i < KINDS; i++) {
        int pixel = (i / ACROSS * HEIGHT * ACROSS + i % ACROSS) * WIDTH;
        steps[i] =
            draw(&request, i, rgb + (ptrdiff_t)pixel * 3, bands[i], &runs[i]);
        if (steps[i] != steps[0])
            error(EXIT_FAILURE, 0, "%s took other steps than %s", kinds[i].name,
                  kinds[0].name);
    }
    int rc = png_file_write(request.output, rgb, ACROSS * WIDTH, DOWN * HEIGHT);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write the picture to '%s'", request.output);
    free(rgb);
    rc = request.timeline == NULL ? 0
                                  : who_timeline(request.timeline, runs, KINDS);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "write the timeline to '%s'",
              request.timeline);
    printf("%s: %" PRId64 " steps under each\n", request.output, steps[0]);
    return EXIT_SUCCESS;
}
