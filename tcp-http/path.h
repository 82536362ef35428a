/* SPDX-License-Identifier: MIT
 *
 * path.h - the path of a URL to the name of a file: percent-decoding, once, and
 * what it must not hide.
 *
 * Pure; any thread. Read with: RFC 3986, 2.1, 3.3 and 5.2.4.
 */
#ifndef PATH_H
#define PATH_H

#include "text.h"

enum { PATH_NAME_MAX = 1024 }; /* bytes of a name, its NUL included */

/* Writes the name, relative to some root and with a NUL: "/a%20b" is "a b", "/a/"
 * is "a/index.html", "/" and an empty path are "index.html". No component of it
 * is empty or begins with a dot. path: without the query.
 *
 * -EINVAL: a "." or ".." (a client takes these out before it asks), a NUL, a %
 * without its two digits, no "/" in front. -ENOENT: no file can have that name
 * ("//", a "/" in code), or it begins with a dot. -ENAMETOOLONG. */
int path_to_name(struct text path, char name[PATH_NAME_MAX]);

#endif
