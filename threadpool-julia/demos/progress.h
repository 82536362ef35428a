/* SPDX-License-Identifier: MIT
 *
 * progress.h - a line on the terminal that says how far the picture is; nothing
 * at all where stderr is no terminal.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "../render.h"

struct progress {
    int rows, percent; /* rows in all; what the line shows */
    struct render_watch watch;
};

/* What to hand to render(), valid as long as *progress; NULL: nobody looks. */
const struct render_watch *progress_begin(struct progress *progress, int rows);

/* Takes the line away. */
void progress_end(const struct render_watch *watch);

#endif
