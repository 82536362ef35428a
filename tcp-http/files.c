/* SPDX-License-Identifier: MIT
 *
 * files.c - name, open, look, answer; and small files kept for a second.
 *
 * Two ways to open lead below the root only, and follow no link:
 *
 *     openat2(2)   the kernel walks, and is told so
 *     openat(2)    where that is unknown (Linux before 5.6) or not allowed (a
 *                  container's filter of system calls), a component at a time
 *
 * Both start at the root's descriptor, and no component is "..": so no rename in
 * the midst of a walk can lead above it.
 *
 * A small file is kept in the slot that its path's hash says; another path of the
 * same slot takes it over. A path too long for a slot is never small.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "date.h"
#include "path.h"

enum {
    /* NONBLOCK: no waiting for a FIFO's writer or a device's carrier. */
    HOW = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    KEPT_PATH_MAX = 128
};

/* What the head of an answer tells of a file. */
struct facts {
    int64_t size;
    const char *type;
    time_t modified;
    char date[RESPONSE_DATE_SIZE]; /* modified; "": it may yet change unseen */
};

/* The last file that was asked for by a path of this slot. A small one has its
 * bytes here, and if path is not "" they answer that path too, in this second. */
struct kept {
    char path[KEPT_PATH_MAX]; /* as it came, not decoded */
    size_t path_length;
    time_t second;
    struct facts facts;
    char bytes[FILES_SMALL_MAX];
};

struct files {
    int root;
    bool walks; /* openat2() is not to be had */
    struct kept kept[FILES_KEPT];
};

/* ---- Open ---- */

static int open_beneath(int root, const char *name)
{
    const struct open_how how = {
        .flags = HOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};

    return (int)TEMP_FAILURE_RETRY(
        syscall(SYS_openat2, root, name, &how, sizeof how));
}

/* The same by hand. A directory on the way is only held (O_PATH), not read. */
static int open_walking(int root, const char *name)
{
    int at = root;

    for (;;) {
        char component[PATH_NAME_MAX];
        const char *slash = strchr(name, '/');
        size_t length = slash != NULL ? (size_t)(slash - name) : strlen(name);
        int how = slash != NULL ? O_PATH | O_DIRECTORY | O_CLOEXEC : HOW;
        memcpy(component, name, length);
        component[length] = '\0';

        int next =
            (int)TEMP_FAILURE_RETRY(openat(at, component, how | O_NOFOLLOW));
        int error = errno;
        if (at != root)
            close(at);
        errno = error;
        if (next < 0 || slash == NULL)
            return next;
        at = next;
        name = slash + 1;
    }
}

/* A descriptor, or a negative errno. */
static int open_name(struct files *files, const char *name)
{
    int fd = -1;

    if (!files->walks) {
        fd = open_beneath(files->root, name);
        files->walks = fd < 0 && (errno == ENOSYS || errno == EPERM);
    }
    if (files->walks)
        fd = open_walking(files->root, name);
    return fd < 0 ? -errno : fd;
}

/* ---- Look ---- */

/* By the letters behind the last dot. */
static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"json", "application/json"},
        {"xml", "application/xml"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"gz", "application/gzip"},
        {"zip", "application/zip"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"ico", "image/vnd.microsoft.icon"},
        {"woff2", "font/woff2"},
        {"mp3", "audio/mpeg"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (text_is_nocase(text_of(dot + 1), types[i][0]))
            return types[i][1];
    return "application/octet-stream";
}

/* Reads a small file whole; it may have become shorter. 0 or a negative errno. */
static int read_small(int fd, struct kept *kept)
{
    size_t length = 0;
    ssize_t count = 1;

    while (count > 0 && length < (size_t)kept->facts.size) {
        count = TEMP_FAILURE_RETRY(
            read(fd, kept->bytes + length, (size_t)kept->facts.size - length));
        if (count < 0)
            return -errno;
        length += (size_t)count;
    }
    kept->facts.size = (int64_t)length;
    return 0;
}

/* What is told of a regular file. A change within the second in which it is
 * answered would have the same date as the one before it, so such a date is not
 * told (RFC 9110, 8.8.2.2); nor is one in the future (8.8.2.1). */
static int look(int fd, const char *name, time_t second, struct facts *facts)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -ENOENT : -ENXIO;
    *facts = (struct facts){
        .size = st.st_size, .type = type_of(name), .modified = st.st_mtime};
    if (facts->modified < second)
        response_date(facts->modified, facts->date);
    return 0;
}

/* Finds the file for path. 0: its facts are in kept, and so are the bytes, or *fd
 * is it; or a negative errno. */
static int find(struct files *files, struct text path, time_t second,
                struct kept *kept, int *fd)
{
    char name[PATH_NAME_MAX];

    kept->path_length = 0; /* whatever was here goes */
    int rc = path_to_name(path, name);
    if (rc < 0)
        return rc;
    int made = open_name(files, name);
    if (made < 0)
        return made;
    rc = look(made, name, second, &kept->facts);
    if (rc == 0 && kept->facts.size > FILES_SMALL_MAX) {
        *fd = made;
        return 0;
    }
    if (rc == 0)
        rc = read_small(made, kept);
    close(made);
    if (rc == 0 && path.length <= KEPT_PATH_MAX) {
        memcpy(kept->path, path.at, path.length);
        kept->path_length = path.length;
        kept->second = second;
    }
    return rc;
}

/* ---- Answer ---- */

static int status_of(int rc)
{
    switch (-rc) {
    case EINVAL:
        return 400;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP: /* a link */
    case EXDEV: /* out of the root */
        return 404;
    case EACCES:
    case EPERM:
    case ENXIO:
    case ENODEV:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/* FNV-1a: any hash will do, for a slot is only ever the right path's. */
static struct kept *slot_of(struct files *files, struct text path)
{
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < path.length; i++)
        hash = (hash ^ (unsigned char)path.at[i]) * 16777619;
    return &files->kept[hash % FILES_KEPT];
}

static bool has(const struct kept *kept, struct text path, time_t second)
{
    return path.length > 0 && kept->path_length == path.length &&
           kept->second == second &&
           memcmp(kept->path, path.at, path.length) == 0;
}

static struct response answer_file(const struct kept *kept, bool in_memory,
                                   struct text since, time_t second)
{
    const struct facts *facts = &kept->facts;
    struct response answer = {.status = 200};
    time_t seen;

    if (facts->date[0] != '\0')
        answer.modified = facts->date;
    if (since.length > 0 && answer.modified != NULL &&
        date_parse(since, second, &seen) && facts->modified <= seen) {
        answer.status = 304;
        return answer;
    }
    answer.type = facts->type;
    if (in_memory)
        answer.body = (struct text){kept->bytes, (size_t)facts->size};
    else
        answer.apart = facts->size;
    return answer;
}

struct response files_answer(struct files *files, struct text method,
                             struct text path, struct text since, time_t second,
                             int *fd)
{
    struct kept *kept = slot_of(files, path);
    bool head_only = text_is(method, "HEAD");
    struct response answer;
    int rc = 0;

    *fd = -1;
    if (!head_only && !text_is(method, "GET")) {
        answer = response_error(405);
        answer.allow = "GET, HEAD";
        return answer;
    }
    if (!has(kept, path, second))
        rc = find(files, path, second, kept, fd);
    answer = rc < 0 ? response_error(status_of(rc))
                    : answer_file(kept, *fd < 0, since, second);
    answer.head_only = head_only;
    if (*fd >= 0 && (head_only || answer.status != 200)) {
        close(*fd);
        *fd = -1;
    }
    return answer;
}

int files_open(struct files **out, const char *root)
{
    struct files *files = calloc(1, sizeof *files);

    if (files == NULL)
        return -ENOMEM;
    files->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (files->root < 0) {
        int rc = -errno;
        free(files);
        return rc;
    }
    *out = files;
    return 0;
}

void files_close(struct files *files)
{
    if (files == NULL)
        return;
    close(files->root);
    free(files);
}
