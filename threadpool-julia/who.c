/* SPDX-License-Identifier: MIT
 *
 * who.c - the log of the bands, read in three ways.
 */
#include "who.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

static void add(struct who *who, const struct render_band *band)
{
    who->bands++;
    who->rows += band->rows;
    who->steps += band->steps;
    who->busy += band->end - band->start;
}

int who_sum(const struct render_band *bands, int count, struct who *threads,
            struct who *all)
{
    int thread_count = 0;

    memset(threads, 0, RENDER_THREADS_MAX * sizeof *threads);
    memset(all, 0, sizeof *all);
    for (int i = 0; i < count; i++) {
        add(&threads[bands[i].thread], &bands[i]);
        add(all, &bands[i]);
        if (bands[i].thread >= thread_count)
            thread_count = bands[i].thread + 1;
    }
    return thread_count;
}

static int64_t first_start(const struct render_band *bands, int count)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < count; i++)
        if (bands[i].start < first)
            first = bands[i].start;
    return first;
}

int64_t who_span(const struct render_band *bands, int count)
{
    int64_t last = 0;

    for (int i = 0; i < count; i++)
        if (bands[i].end > last)
            last = bands[i].end;
    return last - first_start(bands, count);
}

double who_imbalance(const struct who *threads, int thread_count)
{
    double most = 0, sum = 0;

    for (int i = 0; i < thread_count; i++) {
        sum += (double)threads[i].busy;
        if ((double)threads[i].busy > most)
            most = (double)threads[i].busy;
    }
    return sum > 0 ? most * thread_count / sum : 1;
}

/* ---- Colors ---- */

/* Around the circle of hues by its golden section, which never comes back to
 * where it was. */
void who_color(int thread, unsigned char rgb[3])
{
    double hue = fmod(0.58 + thread * 0.61803398875, 1.0);

    for (int i = 0; i < 3; i++) {
        double distance = fabs(fmod(hue + i / 3.0, 1.0) * 6 - 3) - 1;
        double pure = distance < 0 ? 0 : distance > 1 ? 1 : distance;
        rgb[i] = (unsigned char)(255 * (0.25 + 0.75 * pure));
    }
}

void who_lights(int iterations, unsigned char *lights)
{
    for (int steps = 0; steps <= iterations; steps++)
        lights[steps] =
            (unsigned char)(64 + 191 * log1p(steps) / log1p(iterations));
}

void who_paint(int thread, const unsigned char *lights, const int32_t *steps,
               size_t count, unsigned char *rgb)
{
    unsigned char color[3];

    who_color(thread, color);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < 3; k++)
            *rgb++ = (unsigned char)(color[k] * lights[steps[i]] / 255);
}

/* ---- The timeline ---- */

enum { WIDTH = 960, LINE = 28, LEFT = 80, RIGHT = 10, HEAD = 30 };

static void print_box(FILE *svg, const struct render_band *band, int64_t begin,
                      double scale, int top)
{
    unsigned char rgb[3];

    who_color(band->thread, rgb);
    fprintf(svg,
            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
            "fill=\"#%02x%02x%02x\"/>\n",
            LEFT + scale * (double)(band->start - begin),
            top + LINE * band->thread,
            scale * (double)(band->end - band->start), LINE - 8, rgb[0], rgb[1],
            rgb[2]);
}

/* Gives the height. */
static int print_run(FILE *svg, const struct who_run *run, double scale,
                     int top)
{
    int64_t begin = first_start(run->bands, run->count);

    fprintf(svg, "<text x=\"10\" y=\"%d\">%s: %.1f ms</text>\n",
            top + HEAD - 10, run->title,
            (double)who_span(run->bands, run->count) / 1e6);
    top += HEAD;
    fputs("<g stroke=\"#000000\" stroke-width=\"0.4\">\n", svg);
    for (int i = 0; i < run->count; i++)
        print_box(svg, &run->bands[i], begin, scale, top);
    fputs("</g>\n", svg);
    for (int i = 0; i < run->threads; i++)
        fprintf(svg, "<text x=\"10\" y=\"%d\">thread %d</text>\n",
                top + LINE * i + LINE / 2 + 1, i);
    return HEAD + LINE * run->threads;
}

static void print_timeline(FILE *svg, const struct who_run *runs, int run_count)
{
    int64_t longest = 1;
    int height = 10, top = 0;

    for (int i = 0; i < run_count; i++) {
        int64_t span = who_span(runs[i].bands, runs[i].count);
        longest = span > longest ? span : longest;
        height += HEAD + LINE * runs[i].threads;
    }
    fprintf(svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"14\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            WIDTH, height);
    for (int i = 0; i < run_count; i++)
        top += print_run(svg, &runs[i],
                         (WIDTH - LEFT - RIGHT) / (double)longest, top);
    fputs("</svg>\n", svg);
}

int who_timeline(const char *target, const struct who_run *runs, int run_count)
{
    struct target file;
    char *text = NULL;
    size_t size = 0;

    FILE *svg = open_memstream(&text, &size);
    if (svg == NULL)
        return -ENOMEM;
    print_timeline(svg, runs, run_count);
    int rc = fclose(svg) == 0 ? target_open(&file, target) : -ENOMEM;
    if (rc == 0) {
        rc = target_write(&file, text, size);
        if (rc == 0)
            rc = target_keep(&file);
        else
            target_drop(&file);
    }
    free(text);
    return rc;
}
