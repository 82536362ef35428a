/* SPDX-License-Identifier: MIT
 *
 * target.c - a file without a name (O_TMPFILE), which a link gives a passing
 * name and rename(2) the right one: link(2) alone never takes another's place.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Can a new file take the place of name? */
static bool is_replaceable(const char *name)
{
    struct stat st;

    return lstat(name, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode);
}

static int open_straight(struct target *target)
{
    do
        target->fd =
            open(target->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    while (target->fd < 0 && errno == EINTR); /* a pipe waits for its reader */
    return target->fd < 0 ? -errno : 0;
}

static int folder_length(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash == NULL ? 0 : (int)(slash - name) + 1;
}

static int open_nameless(struct target *target)
{
    int length = folder_length(target->name);
    int size = snprintf(target->part, sizeof target->part, "%.*s.", length,
                        target->name);

    if (size < 0 || (size_t)size >= sizeof target->part)
        return -ENAMETOOLONG;
    target->fd = open(target->part, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
    target->part[0] = '\0';
    return target->fd < 0 ? -errno : 0;
}

/* Makes the passing name, or with it a new file if there is none yet. */
static int name_part(struct target *target)
{
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", target->fd);

    for (int n = 0;; n++) {
        int size = snprintf(target->part, sizeof target->part,
                            "%.*s.png-%d-%d.part", folder_length(target->name),
                            target->name, (int)getpid(), n);
        if (size < 0 || (size_t)size >= sizeof target->part) {
            target->part[0] = '\0';
            return -ENAMETOOLONG;
        }
        int rc = target->fd < 0
                     ? target->fd =
                           open(target->part,
                                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
                     : linkat(AT_FDCWD, self, AT_FDCWD, target->part,
                              AT_SYMLINK_FOLLOW);
        if (rc >= 0)
            return 0;
        if (errno != EEXIST) { /* another's name: the next number */
            rc = -errno;
            target->part[0] = '\0';
            return rc;
        }
    }
}

int target_open(struct target *target, const char *name)
{
    *target = (struct target){.name = name, .fd = -1};
    target->straight = !is_replaceable(name);
    if (target->straight)
        return open_straight(target);
    /* rename() would replace what its owner has locked against writing. */
    if (access(name, W_OK) < 0 && errno != ENOENT)
        return -errno;
    int rc = open_nameless(target);
    if (rc == -EOPNOTSUPP || rc == -EISDIR) /* unknown here; to old kernels */
        rc = name_part(target);
    return rc;
}

int target_write(struct target *target, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t written = write(target->fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

int target_keep(struct target *target)
{
    int rc = 0;

    if (!target->straight && target->part[0] == '\0')
        rc = name_part(target);
    /* Some file systems find only here that they are full. */
    if (close(target->fd) < 0 && errno != EINTR && rc == 0)
        rc = -errno;
    if (target->straight)
        return rc;
    if (rc == 0 && rename(target->part, target->name) < 0)
        rc = -errno;
    if (rc < 0 && target->part[0] != '\0')
        unlink(target->part);
    return rc;
}

void target_drop(struct target *target)
{
    close(target->fd);
    if (target->part[0] != '\0')
        unlink(target->part);
}
