/* SPDX-License-Identifier: MIT
 *
 * render.c - one loop over rows, run by many threads.
 *
 * A row belongs to one thread alone, and no row looks at another: that is why
 * the picture cannot depend on who draws what. Rows differ in cost, by a
 * factor of sixty in the book's picture, so they are dealt out one by one to
 * whoever is free (dynamic) and not in equal shares beforehand (static).
 */
#include "render.h"

#include <errno.h>
#include <omp.h>
#include <stdatomic.h>
#include <stddef.h>

#include "palette.h"

static int64_t draw_row(const struct julia *view, const struct palette *palette,
                        int y, unsigned char *row)
{
    int64_t sum = 0;

    for (int x = 0; x < view->width; x++) {
        int steps = julia_steps(view, x, y);
        const unsigned char *color =
            palette_color(palette, steps, view->iterations);
        for (int i = 0; i < 3; i++)
            *row++ = color[i];
        sum += steps;
    }
    return sum;
}

int render_threads(void)
{
    return omp_get_max_threads();
}

int render(const struct julia *view, int threads, unsigned char *rgb,
           const struct render_watch *watch, int64_t *steps)
{
    int rc = julia_check(view);
    if (rc < 0)
        return rc;
    if (threads < 0)
        return -EINVAL;

    size_t row_size = 3 * (size_t)view->width;
    struct palette palette;
    palette_init(&palette);
    atomic_int rows = 0;
    int64_t sum = 0;

#pragma omp parallel for schedule(dynamic) reduction(+ : sum) \
    num_threads(threads > 0 ? threads : render_threads())
    for (int y = 0; y < view->height; y++) {
        sum += draw_row(view, &palette, y, rgb + (size_t)y * row_size);
        /* relaxed, and paired with nothing: a number to show. What orders the
         * pixels is the barrier at the end of the loop. */
        int done =
            1 + atomic_fetch_add_explicit(&rows, 1, memory_order_relaxed);
        if (watch != NULL && omp_get_thread_num() == 0)
            watch->rows_done(watch->context, done);
    }
    *steps = sum;
    return 0;
}
