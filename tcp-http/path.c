/* SPDX-License-Identifier: MIT
 *
 * path.c - cut at the slashes first, then decode: a slash that comes out of a
 * code is part of a component, and no file's name can have it.
 */
#include "path.h"

#include <errno.h>

static const char index_page[] = "index.html";

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* a letter becomes a small one */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one component, which may become shorter, and checks that a file which
 * may be seen can have this name. The number of its bytes, or a negative errno. */
static int decode(struct text code, char *out)
{
    size_t length = 0;

    for (size_t i = 0; i < code.length; i++) {
        char c = code.at[i];
        if (c == '%') {
            int high = i + 2 < code.length ? digit_of(code.at[i + 1]) : -1;
            int low = high >= 0 ? digit_of(code.at[i + 2]) : -1;
            if (low < 0)
                return -EINVAL;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return -EINVAL;
        if (c == '/')
            return -ENOENT;
        out[length++] = c;
    }
    struct text name = {out, length};
    if (text_is(name, ".") || text_is(name, ".."))
        return -EINVAL;
    return length == 0 || out[0] == '.' ? -ENOENT : (int)length;
}

/* path = 1*( "/" component ); the last may be empty */
int path_to_name(struct text path, char name[PATH_NAME_MAX])
{
    struct text component;
    bool more = path.length > 0;
    char *end = name;

    /* The most that can be written: so nothing below outgrows name. */
    if (path.length + sizeof index_page > PATH_NAME_MAX)
        return -ENAMETOOLONG;
    if (more && (!text_cut(&path, '/', &component) || component.length > 0))
        return -EINVAL;
    while (more) {
        more = text_cut(&path, '/', &component);
        if (!more && component.length == 0)
            break;
        int length = decode(component, end);
        if (length < 0)
            return length;
        end += length;
        *end++ = more ? '/' : '\0';
    }
    if (end == name || end[-1] == '/')
        memcpy(end, index_page, sizeof index_page);
    return 0;
}
