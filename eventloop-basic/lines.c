/* SPDX-License-Identifier: MIT
 *
 * lines.c - find the end of line; join what a cut has parted.
 *
 * Each byte is looked at once: what is held has no end of line in it, so the
 * search begins with each new piece. What is held is at most limit + 1 bytes:
 * the one more may be the "\r" of an end whose "\n" is still to come.
 *
 * Read with: Tokio's tutorial, "Framing".
 */
#include "lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { FIRST_ROOM = 64 };

void lines_init(struct lines *lines, size_t limit)
{
    *lines = (struct lines){.limit = limit};
}

void lines_destroy(struct lines *lines)
{
    free(lines->kept);
    free(lines->half);
}

void lines_feed(struct lines *lines, const char *bytes, size_t count)
{
    assert(lines->left == 0 && lines->kept == NULL);
    lines->piece = bytes;
    lines->left = count;
}

/* The first count bytes of the piece join what is held. */
static int hold(struct lines *lines, size_t count)
{
    size_t room = lines->room == 0 ? FIRST_ROOM : lines->room;

    while (room < lines->held + count)
        room *= 2;
    if (room != lines->room) {
        char *half = realloc(lines->half, room);
        if (half == NULL)
            return -ENOMEM;
        lines->half = half;
        lines->room = room;
    }
    if (count > 0)
        memcpy(lines->half + lines->held, lines->piece, count);
    lines->held += count;
    return 0;
}

static void forget_half(struct lines *lines)
{
    free(lines->half);
    lines->half = NULL;
    lines->held = lines->room = 0;
    lines->half_given = false;
}

static void take(struct lines *lines, size_t count)
{
    lines->piece += count;
    lines->left -= count;
}

/* Nothing of the piece is left. */
static int more(struct lines *lines)
{
    free(lines->kept);
    lines->kept = NULL;
    return LINES_MORE;
}

static int refuse(struct lines *lines)
{
    lines->too_long = true;
    take(lines, lines->left);
    more(lines);
    return -EMSGSIZE;
}

int lines_next(struct lines *lines, const char **line, size_t *length)
{
    if (lines->half_given)
        forget_half(lines);
    if (lines->too_long)
        return refuse(lines);
    if (lines->left == 0)
        return more(lines);

    const char *end = memchr(lines->piece, '\n', lines->left);
    size_t count = end == NULL ? lines->left : (size_t)(end - lines->piece);
    if (count > lines->limit + 1 - lines->held)
        return refuse(lines);

    *line = lines->piece;
    *length = count;
    if (end == NULL || lines->held > 0) {
        int rc = hold(lines, count);
        if (rc < 0)
            return rc;
        *line = lines->half;
        *length = lines->held;
    }
    if (end == NULL) {
        take(lines, count);
        return more(lines);
    }
    take(lines, count + 1);
    lines->half_given = lines->held > 0;
    if (*length > 0 && (*line)[*length - 1] == '\r')
        --*length;
    return *length > lines->limit ? refuse(lines) : LINES_LINE;
}

int lines_keep(struct lines *lines)
{
    if (lines->left == 0 || lines->kept != NULL)
        return 0; /* nothing lent */
    lines->kept = malloc(lines->left);
    if (lines->kept == NULL)
        return -ENOMEM;
    memcpy(lines->kept, lines->piece, lines->left);
    lines->piece = lines->kept;
    return 0;
}

size_t lines_held(const struct lines *lines)
{
    return lines->half_given ? 0 : lines->held;
}
