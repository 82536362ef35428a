/* SPDX-License-Identifier: MIT
 *
 * order.c - the options that say what to draw, each with its limits.
 */
#include "order.h"

#include "../demo.h"

enum { C_MAX = 1000, THREADS_MAX = 1024 };

/* Options without a letter of their own; -h would be taken for help. */
enum { WIDTH = 256, HEIGHT, CX, CY, ITERATIONS, THREADS };

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
                   int max)
{
    return (int)count_arg(state, name, arg, 1, max);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct order *order = state->input;
    struct julia *view = &order->view;

    if (key == WIDTH)
        view->width = int_arg(state, "--width", arg, JULIA_SIDE_MAX);
    else if (key == HEIGHT)
        view->height = int_arg(state, "--height", arg, JULIA_SIDE_MAX);
    else if (key == CX)
        view->cx = real_arg(state, "--cx", arg);
    else if (key == CY)
        view->cy = real_arg(state, "--cy", arg);
    else if (key == ITERATIONS)
        view->iterations =
            int_arg(state, "--iterations", arg, JULIA_ITERATIONS_MAX);
    else if (key == THREADS)
        order->threads = int_arg(state, "--threads", arg, THREADS_MAX);
    else if (key == 'o')
        order->output = strcmp(arg, "-") == 0 ? "/dev/stdout" : arg;
    else if (key != ARGP_KEY_END)
        return unexpected(key, arg, state);
    else if (julia_check(view) == -EOVERFLOW)
        argp_error(state, "%d x %d is over the limit of %d pixels", view->width,
                   view->height, JULIA_PIXELS_MAX);
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
        {"output", 'o', "FILE", 0, "the PNG file; - is stdout (output.png)", 7},
        {0}};
    const struct argp argp = {options, parse, .doc = about};
    struct order order = {{1920, 1080, -0.8F, 0.156F, 300}, 0, "output.png"};

    argp_parse(&argp, argc, argv, 0, NULL, &order);
    return order;
}
