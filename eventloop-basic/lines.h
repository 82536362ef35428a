/* SPDX-License-Identifier: MIT
 *
 * lines.h - framing: bytes in, in pieces of any size; lines out.
 *
 * A read from a socket gives half a line, exactly one, or several. The cuts
 * between reads mean nothing: whatever they are, the lines are the same. This
 * module knows no socket; it copies only what a cut makes it copy, so a client
 * that sends whole lines, or nothing, holds no memory here.
 *
 * Read with: Tokio's tutorial, "Framing".
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { LINES_MORE = 0, LINES_LINE = 1 };

/* In the caller's memory; the fields are lines.c's. */
struct lines {
    size_t limit;
    const char *piece; /* lent by lines_feed(), or kept */
    size_t left;       /* of it, not yet taken */
    char *kept;        /* the memory of a piece that is ours, or NULL */
    char *half;        /* how the line under way began, in earlier pieces */
    size_t held, room; /* bytes in half, and how many it could hold */
    bool half_given;   /* half is the line that was given last */
    bool too_long;
};

/* Lines of at most limit bytes, the end of line not counted. */
void lines_init(struct lines *lines, size_t limit);
void lines_destroy(struct lines *lines);

/* Lends the next bytes, which must stay until lines_next() has said LINES_MORE
 * (only then is the next piece fed) or lines_keep() has copied them. */
void lines_feed(struct lines *lines, const char *bytes, size_t count);

/* LINES_LINE: the next line, without its "\n" or "\r\n", valid until the next
 * call; not ended by a 0, and a 0 may be in it. LINES_MORE: the rest, if any,
 * is half a line, and was copied. -EMSGSIZE: the line is too long, and so said
 * from then on. -ENOMEM: nothing was taken; ask again. */
int lines_next(struct lines *lines, const char **line, size_t *length);

/* Copies what was lent and is not yet taken: for one who stops in the middle,
 * because the answers pile up. -ENOMEM. */
int lines_keep(struct lines *lines);

/* Bytes of a line that has not ended. At the end of input: was it cut? */
size_t lines_held(const struct lines *lines);

#endif
