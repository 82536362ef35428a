/* SPDX-License-Identifier: MIT
 *
 * chunked.h - a body that comes in chunks, each with its length in front: bytes
 * in, data out, in as many pieces as the network likes.
 *
 * Every byte is read once, when it comes, and none has to be kept: what the
 * decoder must remember of half a line is in the struct. Data is not copied; a
 * run of it is a part of the bytes given. Extensions and trailer fields are
 * read, checked, counted and dropped: nobody here knows any.
 *
 *     struct chunked chunked = {.room = 1 << 20};
 *     do {
 *         struct text bytes = what was received;
 *         while (result == PARSE_MORE && bytes.length > 0) {
 *             result = chunked_parse(&chunked, &bytes, &data);
 *             use data, which may be empty
 *         }
 *     } while (result == PARSE_MORE);
 *     PARSE_DONE: the next request begins at bytes.at
 *     PARSE_BAD:  answer chunked.status, then close
 *
 * Pure: no I/O, no allocation, any thread. Read with: RFC 9112, 7.1.
 */
#ifndef CHUNKED_H
#define CHUNKED_H

#include <stdint.h>

#include "request.h"
#include "text.h"

enum {
    CHUNKED_EXTRA_MAX = 8192 /* bytes of all extensions and trailer fields */
};

struct chunked {
    int64_t room; /* set it first: how much data may still come. It falls */
    int status;   /* PARSE_BAD: what to answer: 400; 413 (too much data); 431
                   * (too much else) */

    /* How far we are; for chunked.c alone. */
    int state, digits;
    int64_t left; /* of this chunk's data; while its size is read, the size */
    uint32_t extra;
};

/* Reads on: *bytes loses what was read, and *data is set to the run of data that
 * was found in it, perhaps an empty one. PARSE_MORE with bytes left over means
 * that there was data in front of them. After DONE or BAD it is not to be called
 * again. */
enum parse chunked_parse(struct chunked *chunked, struct text *bytes,
                         struct text *data);

#endif
