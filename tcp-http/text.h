/* SPDX-License-Identifier: MIT
 *
 * text.h - a run of bytes in somebody else's buffer, and what RFC 9110 and RFC
 * 3986 allow in one.
 *
 * A text owns nothing and ends without a NUL: it is good for as long as the
 * buffer it points into. All functions are pure; any thread may call them.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at; /* borrowed */
    size_t length;
};

/* The text of a C string, without its NUL. */
static inline struct text text_of(const char *string)
{
    return (struct text){string, strlen(string)};
}

/* The same bytes; the second form takes a-z and A-Z as equal, and no other
 * letters, whatever the locale. Inline, for the length tells most texts apart. */
static inline bool text_is(struct text text, const char *string)
{
    return text.length == strlen(string) &&
           memcmp(text.at, string, text.length) == 0;
}

static inline int text_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline bool text_is_nocase(struct text text, const char *string)
{
    size_t i = 0, length = strlen(string);

    if (text.length != length)
        return false;
    while (i < length && text_lower(text.at[i]) == text_lower(string[i]))
        i++;
    return i == length;
}

/* Without the blanks and tabs at both ends (OWS in RFC 9110, 5.6.3). */
struct text text_trim(struct text text);

/* The text up to the first c, which *rest loses together with c; the whole of
 * it, and false, if there is no c. */
bool text_cut(struct text *rest, char c, struct text *first);

/* token = 1*tchar (RFC 9110, 5.6.2): methods, field names, options. */
bool text_is_token(struct text text);

/* What may stand in a field's value (RFC 9110, 5.5): no NUL, CR, LF or other
 * control character but the tab. Bytes over 0x7f are opaque. May be empty. */
bool text_is_value(struct text text);

/* The first byte that cannot be of a path, or of a query, or end (RFC 3986, 3.3
 * and 3.4). Each % is followed by two hexadecimal digits. */
const char *text_path_end(const char *at, const char *end);
const char *text_query_end(const char *at, const char *end);

/* path-abempty [ "?" query ]. May be empty. */
bool text_is_path_and_query(struct text text);

/* uri-host [ ":" port ] (RFC 9110, 7.2): a name, an IPv4 address or an IPv6
 * address in brackets; no user, no blank. May be empty. */
bool text_is_authority(struct text text);

/* Whether one member of a comma-separated list is this word, in any case: "foo,
 * Close ,bar" has close, "x-closely" has not (RFC 9110, 5.6.1). */
bool text_list_has(struct text list, const char *word);

/* 1*DIGIT. False if it is anything else; a number over INT64_MAX becomes
 * INT64_MAX, and cannot wrap to a small one. */
bool text_is_number(struct text text, int64_t *out);

#endif
