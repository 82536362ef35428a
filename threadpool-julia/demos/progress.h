/* SPDX-License-Identifier: MIT
 *
 * progress.h - a line on the terminal that says how far the picture is, how fast
 * and how long to go; nothing at all where stderr is no terminal.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "../picture.h"

struct progress {
    int64_t start;
    int rows, percent; /* in all; what the line shows */
    double megapixels; /* in all */
};

/* Lets picture tell progress, which lives as long as picture draws. */
void progress_begin(struct progress *progress, struct picture *picture);

/* Takes the line away. */
void progress_end(const struct picture *picture);

#endif
