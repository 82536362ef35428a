/* SPDX-License-Identifier: MIT
 *
 * png_file.c - libpng with its errors caught, and a file that appears by
 * rename(2).
 *
 * libpng reports an error by longjmp(3), straight over our frames. Of the frame
 * it lands in, C keeps only what was not changed since setjmp(3): so encode()
 * changes nothing, and what the callbacks change lives in a struct of its
 * caller's.
 */
#include "png_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <png.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "julia.h"

/* ---- From pixels to a stream ---- */

struct picture {
    const unsigned char *rgb;
    int width, height;
};

struct sink {
    int fd;
    int rc; /* the first error */
};

static void put_bytes(png_structp png, png_bytep bytes, size_t count)
{
    struct sink *sink = png_get_io_ptr(png);

    while (count > 0) {
        ssize_t written = write(sink->fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            sink->rc = -errno;
            png_error(png, "write");
        }
        bytes += written;
        count -= (size_t)written;
    }
}

static void flush_nothing(png_structp png)
{
    (void)png; /* put_bytes() holds nothing back */
}

/* The picture and its sides are as libpng wants them: unless the sink has
 * failed, only memory can be missing. */
static void give_up(png_structp png, png_const_charp message)
{
    struct sink *sink = png_get_error_ptr(png);

    (void)message;
    if (sink->rc == 0)
        sink->rc = -ENOMEM;
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* May leave by longjmp. */
static void put_picture(png_structp png, png_infop info,
                        const struct picture *picture)
{
    png_set_IHDR(png, info, (png_uint_32)picture->width,
                 (png_uint_32)picture->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    /* Few colours in long runs: filters would hide them from the compressor,
     * whose first level then makes a smaller file than libpng's defaults do. */
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_compression_level(png, 1);
    png_set_compression_buffer_size(png, 65536); /* a write(2) takes as much */
    png_write_info(png, info);
    for (int y = 0; y < picture->height; y++)
        png_write_row(png,
                      picture->rgb + 3 * (size_t)picture->width * (size_t)y);
    png_write_end(png, info);
}

static void encode(struct sink *sink, const struct picture *picture)
{
    png_infop info = NULL;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, sink,
                                              give_up, stay_silent);
    if (png != NULL)
        info = png_create_info_struct(png);
    if (info == NULL) {
        sink->rc = -ENOMEM;
    } else if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, sink, put_bytes, flush_nothing);
        put_picture(png, info, picture);
    }
    png_destroy_write_struct(&png, &info); /* takes NULL too */
}

/* Takes fd, and closes it whatever happens. */
static int write_all(int fd, const struct picture *picture)
{
    struct sink sink = {fd, 0};

    encode(&sink, picture);
    if (close(fd) < 0 && errno != EINTR && sink.rc == 0)
        sink.rc =
            -errno; /* some file systems find only now that they are full */
    return sink.rc;
}

/* ---- From a stream to a file ---- */

/* Can a new file take the place of target? */
static bool is_replaceable(const char *target)
{
    struct stat st;

    return lstat(target, &st) < 0 ? errno == ENOENT : S_ISREG(st.st_mode);
}

/* Creates a file in target's folder, and writes its name to part. */
static int create_part(const char *target, char *part, size_t size)
{
    const char *slash = strrchr(target, '/');
    int folder = slash == NULL ? 0 : (int)(slash - target) + 1;

    for (int n = 0;; n++) {
        int length = snprintf(part, size, "%.*s.png-%d-%d.part", folder, target,
                              (int)getpid(), n);
        if (length < 0 || (size_t)length >= size)
            return -ENAMETOOLONG;
        int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST) /* another thread's: the next number */
            return -errno;
    }
}

static int replace(const char *target, const struct picture *picture)
{
    char part[PATH_MAX]; /* the kernel takes no longer name */

    /* rename() would replace what its owner has locked against writing. */
    if (access(target, W_OK) < 0 && errno != ENOENT)
        return -errno;
    int fd = create_part(target, part, sizeof part);
    if (fd < 0)
        return fd;
    int rc = write_all(fd, picture);
    if (rc == 0 && rename(part, target) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(part);
    return rc;
}

int png_file_write(const char *target, const unsigned char *rgb, int width,
                   int height)
{
    const struct picture picture = {rgb, width, height};

    if (width < 1 || width > JULIA_SIDE_MAX || height < 1 ||
        height > JULIA_SIDE_MAX)
        return -EINVAL;
    if (is_replaceable(target))
        return replace(target, &picture);
    int fd;
    do
        fd = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR); /* a pipe waits for its reader */
    return fd < 0 ? -errno : write_all(fd, &picture);
}
