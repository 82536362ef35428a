/* SPDX-License-Identifier: MIT
 *
 * lines.c - a line and the first of it as one number, so that most comparisons
 * are of two numbers that lie side by side.
 */
#include "lines.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "util.h"

int line_compare(const struct line *a, const struct line *b)
{
    size_t both = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, both);

    return order != 0 ? order
                      : (a->length > b->length) - (a->length < b->length);
}

static bool is_before(const struct line *a, const struct line *b)
{
    return a->key != b->key ? a->key < b->key : line_compare(a, b) < 0;
}

#define SORT_NAME       sort_array
#define SORT_ELEMENT    struct line
#define SORT_LESS(a, b) is_before(&(a), &(b))
#include "sort.h"

void lines_sort(struct task *top, struct lines *lines)
{
    sort_array(top, lines->line, lines->count);
}

int lines_read(FILE *file, char **text, size_t *size)
{
    size_t room = 0, got = 0;
    char *all = NULL;

    do {
        room = 2 * room + 65536;
        char *more = realloc(all, room);
        if (more == NULL) {
            free(all);
            return -ENOMEM;
        }
        all = more;
        got += fread(all + got, 1, room - got, file);
    } while (got == room);
    if (ferror(file)) {
        int rc = -errno;
        free(all);
        return rc;
    }
    *text = all;
    *size = got;
    return 0;
}

/* The first eight bytes, as a number that is in their order; missing ones are as
 * small as a byte can be, and the whole text settles what that leaves open. */
static uint64_t key_of_text(const char *text, size_t length)
{
    uint64_t key = 0;

    for (size_t i = 0; i < 8; i++)
        key = key << 8 | (i < length ? (unsigned char)text[i] : 0);
    return key;
}

int lines_cut(struct lines *out, const char *text, size_t size)
{
    const char *end = text + size;
    struct lines lines = {NULL, 0};

    for (const char *at = text; at < end; at++)
        lines.count += *at == '\n' || at + 1 == end;
    lines.line = calloc(lines.count + 1, sizeof *lines.line);
    if (lines.line == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < lines.count; i++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline != NULL ? newline : end) - text);
        lines.line[i] = (struct line){key_of_text(text, length), text, length};
        text += length + 1;
    }
    *out = lines;
    return 0;
}

void lines_free(struct lines *lines)
{
    free(lines->line);
}

/* Whether the line is a whole number: then its key, moved up so that negative
 * ones are small. */
static bool number_key(struct line *line)
{
    char copy[32] = "";
    long number;

    if (line->length >= sizeof copy)
        return false;
    memcpy(copy, line->text, line->length);
    char first = copy[strspn(copy, " \t")];
    if (strlen(copy) != line->length ||
        (first != '-' && !isdigit((unsigned char)first)) ||
        parse_count(copy, INT64_MIN, INT64_MAX, &number) < 0)
        return false;
    line->key = (uint64_t)number ^ (uint64_t)1 << 63;
    return true;
}

int lines_as_numbers(struct lines *lines, size_t *which)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (!number_key(&lines->line[i])) {
            *which = i;
            return -EINVAL;
        }
    }
    return 0;
}
