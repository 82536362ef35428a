/* SPDX-License-Identifier: MIT
 *
 * progress.c - written only when the percentage has changed, a hundred times
 * and not a thousand, so that looking on costs nothing.
 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

static void show_percent(void *context, int rows_done)
{
    struct progress *progress = context;
    int percent = (int)(100LL * rows_done / progress->rows);

    if (percent != progress->percent)
        fprintf(stderr, "\rdrawing: %3d %%", percent);
    progress->percent = percent;
}

const struct render_watch *progress_begin(struct progress *progress, int rows)
{
    *progress = (struct progress){rows, -1, {show_percent, progress}};
    return isatty(STDERR_FILENO) ? &progress->watch : NULL;
}

void progress_end(const struct render_watch *watch)
{
    if (watch != NULL)
        fputs("\r\033[K", stderr); /* to the left edge, erase to the right */
}
