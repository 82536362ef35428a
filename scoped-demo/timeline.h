/* SPDX-License-Identifier: MIT
 *
 * timeline.h - a picture (SVG) of which worker ran which stolen task, when, and
 * whom it was stolen from.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

enum { TIMELINE_SPANS = 4096 };

struct span {
    int n;             /* what stands on it */
    unsigned from, by; /* workers: who offered it, who ran it */
    int64_t begin, end;
};

struct timeline {
    atomic_int
        count; /* of those below, or asked to be; the first is the whole */
    struct span span[TIMELINE_SPANS];
};

/* As yet there is only the whole, which timeline_end() tells. */
void timeline_begin(struct timeline *t);

/* Adds a theft; any thread may, many at once. What finds no room is left out. */
void timeline_note(struct timeline *t, const struct span *s);

/* The whole, from the first offer to the last result, after all notes. */
void timeline_end(struct timeline *t, const struct span *whole);

/* Draws it: a lane for each of so many workers, a bar for each span, an arrow for
 * each theft. Whether it could be written, the file's owner learns at fclose(). */
void timeline_draw(struct timeline *t, unsigned workers, FILE *svg);

#endif
