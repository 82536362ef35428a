/* SPDX-License-Identifier: MIT
 *
 * scaling.h - what `scaling` measured, and its picture.
 */
#ifndef SCALING_H
#define SCALING_H

enum { SCALING_SIZES = 5, SCALING_WAYS = 4 };

extern const char *const scaling_names[SCALING_WAYS];

struct scaling {
    int rows;
    long idle[SCALING_SIZES]; /* descriptors */
    double ns[SCALING_SIZES][SCALING_WAYS];
};

/* Draws a line for each way, both axes logarithmic, as SVG. Ends the program if
 * the file cannot be written. */
void scaling_draw(const struct scaling *scaling, const char *file);

#endif
