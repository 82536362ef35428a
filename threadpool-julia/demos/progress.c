/* SPDX-License-Identifier: MIT
 *
 * progress.c - written only when the percentage has changed, a hundred times
 * and no more, so that looking on costs nothing.
 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "../util.h"

static void show(void *context, int rows_done)
{
    struct progress *progress = context;
    double share = (double)rows_done / progress->rows;
    double seconds = (double)(now_ns() - progress->start) / 1e9;

    if ((int)(100 * share) == progress->percent)
        return;
    progress->percent = (int)(100 * share);
    fprintf(stderr, "\rdrawing: %3d %%, %.1f megapixels/s, %.1f s left  ",
            progress->percent, progress->megapixels * share / seconds,
            seconds / share - seconds);
}

void progress_begin(struct progress *progress, struct picture *picture)
{
    const struct julia *view = &picture->view;

    *progress = (struct progress){now_ns(), view->height, -1,
                                  1e-6 * view->width * view->height};
    if (!isatty(STDERR_FILENO))
        return;
    picture->progress = show;
    picture->context = progress;
}

void progress_end(const struct picture *picture)
{
    if (picture->progress != NULL)
        fputs("\r\033[K", stderr); /* to the left edge, erase to the right */
}
