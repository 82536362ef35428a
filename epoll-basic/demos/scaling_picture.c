/* SPDX-License-Identifier: MIT
 *
 * scaling_picture.c - equal factors are equal steps on both axes: a straight
 * line upwards at 45 degrees is a cost that grows as N does.
 */
#include <math.h>

#include "../demo.h"
#include "scaling.h"

const char *const scaling_names[SCALING_WAYS] = {"select", "poll",
                                                 "epoll level", "epoll edge"};

static const char *const colours[SCALING_WAYS] = {"#c33", "#e80", "#37c",
                                                  "#185"};

/* The plane: 10^0 to 10^4 descriptors, 10^2 to 10^7 ns. */
enum {
    LEFT = 70,
    TOP = 40,
    WIDTH = 440,
    HEIGHT = 300,
    X_DECADES = 4,
    Y_FIRST = 2,
    Y_DECADES = 5
};

static double x_of(double idle)
{
    return LEFT + WIDTH * log10(idle) / X_DECADES;
}

static double y_of(double ns)
{
    return TOP + HEIGHT - HEIGHT * (log10(ns) - Y_FIRST) / Y_DECADES;
}

static void draw_grid(FILE *out)
{
    static const char *const times[] = {"100 ns", "1 µs", "10 µs",
                                        "100 µs", "1 ms", "10 ms"};
    fprintf(out, "<g stroke=\"#ccc\">\n");
    for (int i = 0; i <= X_DECADES; i++)
        fprintf(out, "<path d=\"M%.0f %dV%d\"/>\n", x_of(pow(10, i)), TOP,
                TOP + HEIGHT);
    for (int i = 0; i <= Y_DECADES; i++)
        fprintf(out, "<path d=\"M%d %.0fH%d\"/>\n", LEFT,
                y_of(pow(10, Y_FIRST + i)), LEFT + WIDTH);
    fprintf(out, "</g>\n<g text-anchor=\"middle\">\n");
    for (int i = 0; i <= X_DECADES; i++)
        fprintf(out, "<text x=\"%.0f\" y=\"%d\">%.0f</text>\n",
                x_of(pow(10, i)), TOP + HEIGHT + 18, pow(10, i));
    fprintf(out,
            "<text x=\"%d\" y=\"%d\">idle descriptors</text>\n</g>\n"
            "<g text-anchor=\"end\">\n",
            LEFT + WIDTH / 2, TOP + HEIGHT + 38);
    for (int i = 0; i <= Y_DECADES; i++)
        fprintf(out, "<text x=\"%d\" y=\"%.0f\">%s</text>\n", LEFT - 8,
                y_of(pow(10, Y_FIRST + i)) + 4, times[i]);
    fprintf(out, "</g>\n");
}

/* A name near the end of its line, but below the one before it. */
static void draw_lines(FILE *out, const struct scaling *s)
{
    double last = 0;

    for (int way = 0; way < SCALING_WAYS; way++) {
        fprintf(out,
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
                "points=\"",
                colours[way]);
        for (int i = 0; i < s->rows; i++)
            fprintf(out, "%.1f,%.1f ", x_of((double)s->idle[i]),
                    y_of(s->ns[i][way]));
        double y = s->rows > 0 ? y_of(s->ns[s->rows - 1][way]) : TOP;
        last = fmax(y + 4, last + 15);
        fprintf(out, "\"/>\n<text x=\"%d\" y=\"%.0f\" fill=\"%s\">%s</text>\n",
                LEFT + WIDTH + 8, last, colours[way], scaling_names[way]);
    }
}

void scaling_draw(const struct scaling *scaling, const char *file)
{
    FILE *out = fopen(file, "we");

    if (out == NULL)
        error(EXIT_FAILURE, errno, "open %s", file);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"620\" "
            "height=\"400\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"620\" height=\"400\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"24\" font-size=\"14\">One event among N idle "
            "descriptors: write, wait, read</text>\n",
            LEFT);
    draw_grid(out);
    draw_lines(out, scaling);
    fprintf(out, "</svg>\n");
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        error(EXIT_FAILURE, errno, "write %s", file);
}
