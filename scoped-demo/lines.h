/* SPDX-License-Identifier: MIT
 *
 * lines.h - the lines of a text, sorted in parallel as `LC_ALL=C sort` does.
 *
 * Read with: Rust Cookbook, "Sort a vector in parallel".
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct task;

struct line {
    uint64_t key; /* decides most comparisons without a look at the text */
    const char *text;
    size_t length; /* without the line's end */
};

struct lines {
    struct line *line;
    size_t count;
};

/* All that is in the file, for free(). -ENOMEM, or what read(2) says. */
int lines_read(FILE *file, char **text, size_t *size);

/* The lines of the text, which is borrowed; the last one may lack its end. They
 * are to be sorted as bytes, the shorter first if one begins with the other.
 * -ENOMEM. */
int lines_cut(struct lines *out, const char *text, size_t size);
void lines_free(struct lines *lines);

/* From now on they are to be sorted as the whole numbers that they are, equal ones
 * as bytes. -EINVAL: line number *which, from 0, is none; what strtol(3) takes for
 * a number and sort(1) does not, such as +7, is none either. */
int lines_as_numbers(struct lines *lines, size_t *which);

/* On a worker. */
void lines_sort(struct task *top, struct lines *lines);

/* By their bytes: less than, equal to, greater than 0. */
int line_compare(const struct line *a, const struct line *b);

#endif
