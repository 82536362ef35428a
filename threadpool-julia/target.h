/* SPDX-License-Identifier: MIT
 *
 * target.h - a file that gets its name when it is complete.
 *
 * Read with: open(2), O_TMPFILE; linkat(2); rename(2).
 */
#ifndef TARGET_H
#define TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct target {
    const char *name;    /* borrowed, until the end */
    int fd;              /* to write to */
    bool straight;       /* name was opened itself */
    char part[PATH_MAX]; /* our file's name until then; "": it has none */
};

/* Opens what will be called name; if that is something other than a regular
 * file, the thing itself. Errors as open(2). */
int target_open(struct target *target, const char *name);

/* Writes all of it. Errors as write(2). */
int target_write(struct target *target, const void *bytes, size_t size);

/* Closes it; it now has its name. On an error the old file has. */
int target_keep(struct target *target);

/* Closes it, and leaves the old file. */
void target_drop(struct target *target);

#endif
