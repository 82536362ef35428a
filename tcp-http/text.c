/* SPDX-License-Identifier: MIT
 *
 * text.c - one table of character classes, and loops over it.
 *
 * Read with: RFC 9110, 5.6; RFC 3986, appendix A.
 */
#include "text.h"

enum { TOKEN = 1, VALUE = 2, PATH = 4, HOST = 8 };

/* For each byte up to 0x7f the classes it belongs to. PATH is pchar, "/" and
 * "?"; HOST is what reg-name is made of. In both a "%" is looked at again. */
static const unsigned char classes[128] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  15, 2,  3,  15, 15,
    15, 15, 14, 14, 15, 15, 14, 15, 15, 6,  15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 6,  14, 2,  14, 2,  6,  6,  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 2,  2,  2,  3,
    15, 3,  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 2,  3,  2,  15, 0,
};

static bool all_are(struct text text, unsigned class)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c > 0x7f ? class != VALUE : (classes[c] & class) == 0)
            return false;
    }
    return true;
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool text_is(struct text text, const char *string)
{
    size_t length = strlen(string);
    return text.length == length && memcmp(text.at, string, length) == 0;
}

bool text_is_nocase(struct text text, const char *string)
{
    if (text.length != strlen(string))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (lower(text.at[i]) != lower(string[i]))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text text)
{
    while (text.length > 0 && is_blank(text.at[0]))
        text.at++, text.length--;
    while (text.length > 0 && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
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
    return text.length > 0 && all_are(text, TOKEN);
}

bool text_is_value(struct text text)
{
    return all_are(text, VALUE);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* pct-encoded = "%" HEXDIG HEXDIG */
static bool percents_are_whole(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] == '%' &&
            (text.length - i < 3 || !is_hex(text.at[i + 1]) ||
             !is_hex(text.at[i + 2])))
            return false;
    return true;
}

bool text_is_path_and_query(struct text text)
{
    return all_are(text, PATH) && percents_are_whole(text);
}

/* port = *DIGIT */
static bool is_port(struct text text)
{
    int64_t ignored;
    return text.length == 0 || text_is_number(text, &ignored);
}

/* IP-literal = "[" IPv6address "]", here: hexadecimal digits, ":" and ".". */
static bool is_ip_literal(struct text text)
{
    if (text.length < 4 || text.at[text.length - 1] != ']')
        return false;
    for (size_t i = 1; i < text.length - 1; i++)
        if (!is_hex(text.at[i]) && text.at[i] != ':' && text.at[i] != '.')
            return false;
    return true;
}

bool text_is_authority(struct text text)
{
    bool literal = text.length > 0 && text.at[0] == '[';
    size_t host = 0;

    /* The ":" that begins the port: after the "]" if there is one. */
    while (host < text.length && text.at[host] != (literal ? ']' : ':'))
        host++;
    if (literal && host < text.length)
        host++;
    struct text name = {text.at, host};
    struct text rest = {text.at + host, text.length - host};

    if (literal ? !is_ip_literal(name)
                : !all_are(name, HOST) || !percents_are_whole(name))
        return false;
    return rest.length == 0 ||
           (rest.at[0] == ':' &&
            is_port((struct text){rest.at + 1, rest.length - 1}));
}

bool text_list_has(struct text list, const char *word)
{
    while (list.length > 0) {
        const char *comma = memchr(list.at, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.at) : list.length;
        if (text_is_nocase(text_trim((struct text){list.at, length}), word))
            return true;
        if (comma != NULL)
            length++;
        list.at += length;
        list.length -= length;
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
