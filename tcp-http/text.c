/* SPDX-License-Identifier: MIT
 *
 * text.c - runs of bytes (scan.h), and what must stand between them.
 *
 * Read with: RFC 9110, 5.6; RFC 3986, appendix A.
 */
#include "text.h"

#include "scan.h"

static const char *end_of(struct text text)
{
    return text.at + text.length;
}

struct text text_trim(struct text text)
{
    const char *end = end_of(text);
    const char *at = scan(text.at, end, SCAN_BLANK);

    while (end > at && scan_is(end[-1], SCAN_BLANK))
        end--;
    return (struct text){at, (size_t)(end - at)};
}

bool text_cut(struct text *rest, char c, struct text *first)
{
    const char *end = memchr(rest->at, c, rest->length);
    size_t length = end ? (size_t)(end - rest->at) : rest->length;

    *first = (struct text){rest->at, length};
    if (end != NULL)
        length++;
    rest->at += length;
    rest->length -= length;
    return end != NULL;
}

bool text_is_token(struct text text)
{
    return text.length > 0 &&
           scan(text.at, end_of(text), SCAN_TOKEN) == end_of(text);
}

bool text_is_value(struct text text)
{
    return scan_value(text.at, end_of(text)) == end_of(text);
}

/* pct-encoded = "%" HEXDIG HEXDIG. NULL if that is not what stands at at. */
static const char *percent(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '%' && scan_is(at[1], SCAN_HEX) &&
                   scan_is(at[2], SCAN_HEX)
               ? at + 3
               : NULL;
}

const char *text_path_end(const char *at, const char *end)
{
    for (;;) {
        at = scan_path(at, end);
        const char *next = percent(at, end);
        if (next == NULL)
            return at;
        at = next;
    }
}

const char *text_query_end(const char *at, const char *end)
{
    for (;;) {
        at = text_path_end(at, end);
        if (at == end || *at != '?')
            return at;
        at++;
    }
}

bool text_is_path_and_query(struct text text)
{
    return text_query_end(text.at, end_of(text)) == end_of(text);
}

/* reg-name = *( unreserved / pct-encoded / sub-delims ): its end. */
static const char *name_end(const char *at, const char *end)
{
    for (;;) {
        at = scan(at, end, SCAN_HOST);
        const char *next = percent(at, end);
        if (next == NULL)
            return at;
        at = next;
    }
}

/* IP-literal = "[" IPv6address "]", here: hexadecimal digits, ":" and ".". Its
 * end, or NULL. */
static const char *literal_end(const char *at, const char *end)
{
    const char *first = ++at;

    while (at < end && (scan_is(*at, SCAN_HEX) || *at == ':' || *at == '.'))
        at++;
    return at < end && *at == ']' && at - first >= 2 ? at + 1 : NULL;
}

bool text_is_authority(struct text text)
{
    const char *at = text.at, *end = end_of(text);

    at = at < end && *at == '[' ? literal_end(at, end) : name_end(at, end);
    if (at == NULL)
        return false;
    if (at < end && *at == ':') { /* port = *DIGIT */
        at++;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
    }
    return at == end;
}

bool text_list_has(struct text list, const char *word)
{
    struct text member;

    while (list.length > 0) {
        text_cut(&list, ',', &member);
        if (text_is_nocase(text_trim(member), word))
            return true;
    }
    return false;
}

bool text_is_number(struct text text, int64_t *out)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.length; i++) {
        int digit = text.at[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        value =
            value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
    }
    if (text.length > 0)
        *out = value;
    return text.length > 0;
}
