/* SPDX-License-Identifier: MIT
 *
 * reading.h - a request that is read in pieces, its head and its chunked body.
 */
#ifndef READING_H
#define READING_H

#include <stdio.h>

#include "../chunked.h"
#include "../request.h"

enum { READING_MAX = 32768 }; /* bytes of one text */

struct reading {
    struct request request;
    struct chunked chunked;
    enum parse result; /* of the head, then of the body */
    bool in_body;
    size_t length;
    char data[READING_MAX]; /* of the body */
};

/* Reads all in pieces of so many bytes; the first has first of them. tell: shows
 * on stdout what the parser says to each. */
void reading_do(struct reading *r, const char *bytes, size_t count,
                size_t first, size_t piece, bool tell);

/* What was found: a line for each part. */
void reading_describe(const struct reading *r, const char *bytes, FILE *out);

#endif
