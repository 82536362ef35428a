/* SPDX-License-Identifier: MIT
 *
 * chunked.c - a state for each place in the grammar where bytes may run out.
 *
 *     chunked-body = *chunk last-chunk trailer-section CRLF
 *     chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *     chunk-size   = 1*HEXDIG                         (16 at the most, here)
 *     last-chunk   = 1*"0" [ chunk-ext ] CRLF
 *     chunk-ext    = *( BWS ";" ... )       (anything a field's value may have)
 *     trailer-section = *( field-line CRLF )
 *
 *     SIZE -;- EXTENSION -CR- SIZE_LF -LF- DATA -- DATA_CR -- DATA_LF -- SIZE
 *                                      \ size 0
 *                                       LINE -- NAME -:- VALUE -CR- VALUE_LF
 *                                       | ^-----------------------------LF-'
 *                                       CR
 *                                       LAST_LF -- PARSE_DONE
 *
 * Read with: RFC 9112, 7.1 "Chunked Transfer Coding".
 */
#include "chunked.h"

enum {
    SIZE, /* 0: what a zeroed struct begins with */
    BLANKS,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE,
    NAME,
    VALUE,
    VALUE_LF,
    LAST_LF,
    OVER,
    BROKEN
};

static int broken(struct chunked *chunked, int status)
{
    chunked->status = status;
    return BROKEN;
}

/* The state after next, if c is what must stand here. */
static int expect(struct chunked *chunked, char c, char wanted, int next)
{
    return c == wanted ? next : broken(chunked, 400);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* chunk-size = 1*HEXDIG. A size that is too large to count stays the largest, and
 * cannot wrap to a small one. */
static int after_size(struct chunked *chunked, char c)
{
    int digit = hex_value(c);

    if (digit >= 0) {
        if (chunked->digits == 16)
            return broken(chunked, 400);
        chunked->digits++;
        chunked->left = chunked->left > INT64_MAX / 16
                            ? INT64_MAX
                            : chunked->left * 16 + digit;
        return SIZE;
    }
    if (chunked->digits == 0)
        return broken(chunked, 400);
    if (c == ' ' || c == '\t')
        return BLANKS;
    return c == ';' ? EXTENSION : expect(chunked, c, '\r', SIZE_LF);
}

/* The end of a size line. */
static int after_size_line(struct chunked *chunked)
{
    if (chunked->left > chunked->room)
        return broken(chunked, 413);
    chunked->room -= chunked->left;
    chunked->digits = 0;
    return chunked->left > 0 ? DATA : LINE;
}

/* The state after c. */
static int step(struct chunked *chunked, char c)
{
    struct text one = {&c, 1};

    switch (chunked->state) {
    case SIZE:
        return after_size(chunked, c);
    case BLANKS: /* BWS stands before a ";" only */
        return c == ' ' || c == '\t' ? BLANKS
                                     : expect(chunked, c, ';', EXTENSION);
    case EXTENSION:
        return text_is_value(one) ? EXTENSION
                                  : expect(chunked, c, '\r', SIZE_LF);
    case SIZE_LF:
        return c == '\n' ? after_size_line(chunked) : broken(chunked, 400);
    case DATA_CR:
        return expect(chunked, c, '\r', DATA_LF);
    case DATA_LF:
        return expect(chunked, c, '\n', SIZE);
    case LINE: /* a name begins with no blank: a folded line is refused */
        return text_is_token(one) ? NAME : expect(chunked, c, '\r', LAST_LF);
    case NAME:
        return text_is_token(one) ? NAME : expect(chunked, c, ':', VALUE);
    case VALUE:
        return text_is_value(one) ? VALUE : expect(chunked, c, '\r', VALUE_LF);
    case VALUE_LF:
        return expect(chunked, c, '\n', LINE);
    default:
        return expect(chunked, c, '\n', OVER);
    }
}

/* Whether bytes in this state are neither data nor needed: extensions and
 * trailers, which the client may not send for ever. */
static bool is_extra(int state)
{
    return state == BLANKS || state == EXTENSION ||
           (state >= LINE && state < OVER);
}

/* chunk-data: as much of it as is here, in one run. */
static void take_data(struct chunked *chunked, struct text *bytes,
                      struct text *data)
{
    size_t length = bytes->length;

    if (chunked->left < (int64_t)length)
        length = (size_t)chunked->left;
    *data = (struct text){bytes->at, length};
    bytes->at += length;
    bytes->length -= length;
    chunked->left -= (int64_t)length;
    if (chunked->left == 0)
        chunked->state = DATA_CR;
}

enum parse chunked_parse(struct chunked *chunked, struct text *bytes,
                         struct text *data)
{
    *data = (struct text){bytes->at, 0};
    while (bytes->length > 0 && data->length == 0) {
        if (chunked->state == DATA) {
            take_data(chunked, bytes, data);
            continue;
        }
        chunked->state = step(chunked, *bytes->at);
        bytes->at++;
        bytes->length--;
        if (is_extra(chunked->state) && ++chunked->extra > CHUNKED_EXTRA_MAX)
            chunked->state = broken(chunked, 431);
        if (chunked->state == BROKEN)
            return PARSE_BAD;
        if (chunked->state == OVER)
            return PARSE_DONE;
    }
    return PARSE_MORE;
}
