/* SPDX-License-Identifier: MIT
 *
 * order.c - the options that say what to draw, each with its limits.
 */
#include "order.h"

#include "../deflate.h"
#include "../demo.h"

enum { C_MAX = 1000, CHUNK_MAX = 8192 };

/* Options without a letter of their own; -h would be taken for help. */
enum {
    WIDTH = 256,
    HEIGHT,
    CX,
    CY,
    ITERATIONS,
    THREADS,
    SCHEDULE,
    HOW,
    ISA,
    LEVEL,
    WHO,
    TIMELINE,
    STATS
};

static float real_arg(struct argp_state *state, const char *name,
                      const char *arg)
{
    double value = 0;
    if (parse_real(arg, &value) < 0 || fabs(value) > C_MAX)
        argp_error(state, "%s: '%s' is not a number from %d to %d", name, arg,
                   -C_MAX, C_MAX);
    return (float)value;
}

static int int_arg(struct argp_state *state, const char *name, const char *arg,
                   int min, int max)
{
    return (int)count_arg(state, name, arg, min, max);
}

void schedule_arg(struct argp_state *state, const char *arg,
                  struct render_options *options)
{
    size_t length = strcspn(arg, ",");

    options->chunk = 0;
    if (arg[length] == ',')
        options->chunk =
            int_arg(state, "--schedule", arg + length + 1, 1, CHUNK_MAX);
    for (int i = 0; i < RENDER_SCHEDULES; i++) {
        const char *name = render_schedule_name((enum render_schedule)i);
        options->schedule = (enum render_schedule)i;
        if (strlen(name) == length && strncmp(arg, name, length) == 0)
            return;
    }
    argp_error(state, "--schedule: '%s' is not static, dynamic or guided", arg);
}

static enum julia_isa isa_arg(struct argp_state *state, const char *arg)
{
    char names[64] = "";
    size_t length = 0;

    for (int i = 0; i < JULIA_ISAS; i++) {
        enum julia_isa isa = (enum julia_isa)i;
        if (!julia_isa_present(isa))
            continue;
        if (strcmp(arg, julia_isa_name(isa)) == 0)
            return isa;
        length += (size_t)snprintf(names + length, sizeof names - length, " %s",
                                   julia_isa_name(isa));
    }
    argp_error(state, "--isa: '%s' is none of those here:%s", arg, names);
    return JULIA_SCALAR;
}

static bool is_channel(struct argp_state *state, const char *arg)
{
    bool channel = strcmp(arg, "channel") == 0;

    if (!channel && strcmp(arg, "rows") != 0)
        argp_error(state, "--how: '%s' is not rows or channel", arg);
    return channel;
}

/* false: key is none of what the picture is. */
static bool parse_view(struct argp_state *state, int key, const char *arg,
                       struct julia *view)
{
    if (key == WIDTH)
        view->width = int_arg(state, "--width", arg, 1, JULIA_SIDE_MAX);
    else if (key == HEIGHT)
        view->height = int_arg(state, "--height", arg, 1, JULIA_SIDE_MAX);
    else if (key == CX)
        view->cx = real_arg(state, "--cx", arg);
    else if (key == CY)
        view->cy = real_arg(state, "--cy", arg);
    else if (key == ITERATIONS)
        view->iterations =
            int_arg(state, "--iterations", arg, 1, JULIA_ITERATIONS_MAX);
    else
        return false;
    return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct order *order = state->input;
    struct picture *picture = &order->picture;
    struct render_options *options = &picture->options;

    if (key == THREADS)
        options->threads =
            int_arg(state, "--threads", arg, 1, RENDER_THREADS_MAX);
    else if (key == SCHEDULE)
        schedule_arg(state, arg, options);
    else if (key == HOW)
        picture->by_channel = is_channel(state, arg);
    else if (key == ISA)
        options->isa = isa_arg(state, arg);
    else if (key == LEVEL)
        picture->level = int_arg(state, "--level", arg, 0, DEFLATE_LEVEL_MAX);
    else if (key == WHO)
        order->who = arg;
    else if (key == TIMELINE)
        order->timeline = arg;
    else if (key == STATS)
        order->stats = true;
    else if (key == 'o')
        order->output = strcmp(arg, "-") == 0 ? "/dev/stdout" : arg;
    else if (key == ARGP_KEY_END && julia_check(&picture->view) == -EOVERFLOW)
        argp_error(state, "%d x %d is over the limit of %d pixels",
                   picture->view.width, picture->view.height, JULIA_PIXELS_MAX);
    else if (key != ARGP_KEY_END &&
             !parse_view(state, key, arg, &picture->view))
        return unexpected(key, arg, state);
    return 0;
}

struct order order_parse(const char *about, int argc, char **argv)
{
    const struct argp_option options[] = {
        {"width", WIDTH, "PIXELS", 0, "pixels in a row (1920)", 1},
        {"height", HEIGHT, "PIXELS", 0, "rows (1080)", 2},
        {"cx", CX, "NUMBER", 0, "real part of c (-0.8)", 3},
        {"cy", CY, "NUMBER", 0, "imaginary part of c (0.156)", 4},
        {"iterations", ITERATIONS, "COUNT", 0, "most steps of a pixel (300)",
         5},
        {"threads", THREADS, "COUNT", 0, "threads (one per core)", 6},
        {"schedule", SCHEDULE, "KIND[,BANDS]", 0,
         "static, dynamic (default) or guided; bands of 8 rows at once", 7},
        {"how", HOW, "rows|channel", 0,
         "bands of rows, or a message for each pixel", 8},
        {"isa", ISA, "NAME", 0,
         "scalar, sse2, avx2, avx512 or neon (the fastest)", 9},
        {"level", LEVEL, "0..9", 0,
         "zlib's 1 to 9 (1); 0 is ISA-L's, faster, whose bytes may vary", 10},
        {"output", 'o', "FILE", 0, "the PNG file; - is stdout (output.png)",
         11},
        {"who", WHO, "FILE", 0, "a second PNG: who drew what", 12},
        {"timeline", TIMELINE, "FILE", 0, "an SVG: who drew when", 13},
        {"stats", STATS, NULL, 0, "a table: who drew how much", 14},
        {0}};
    const struct argp argp = {options, parse, .doc = about};
    struct order order = {.picture = {.view = {1920, 1080, -0.8F, 0.156F, 300},
                                      .options = {.isa = julia_isa_best(),
                                                  .schedule = RENDER_DYNAMIC},
                                      .level = DEFLATE_DEFAULT},
                          .output = "output.png"};

    argp_parse(&argp, argc, argv, 0, NULL, &order);
    return order;
}
