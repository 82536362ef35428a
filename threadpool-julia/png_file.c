/* SPDX-License-Identifier: MIT
 *
 * png_file.c - the format by libpng, the compression by deflate.h. In a PNG file
 * the compressed pixels may be cut into chunks anywhere; here each band is one:
 *
 *     IHDR  tEXt...  IDAT 78 01    IDAT band 0  ...  IDAT 03 00 sum     IEND
 *                    zlib's head   pieces            end, all's Adler-32
 *
 * The sum over all bytes is put together from the bands' own (adler32_combine),
 * in the order in which they are written.
 *
 * libpng reports an error by longjmp(3), straight over our frames. Of the frame
 * it lands in, C keeps only what was not changed since setjmp(3): so start() and
 * put_chunk() change nothing, and what the callbacks change lives in the file.
 */
#include "png_file.h"

#include <errno.h>
#include <png.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "deflate.h"
#include "target.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's -fanalyzer loses sight of memory that an array element holds: false
 * alarms, in ready() and png_file_band(). free_file() frees it. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* A compressed band that waits to be written. */
struct piece {
    unsigned char *bytes; /* NULL: there is none */
    size_t size;
    uLong adler;    /* of what it was made from, */
    z_off_t length; /* so many bytes */
};

/* What a thread needs; made when it first comes. */
struct worker {
    struct deflater *deflater;
    unsigned char *lines; /* a band's rows, each behind a byte: its filter */
    size_t capacity;
};

struct png_file {
    struct target target;
    png_structp png;
    png_infop info;
    int rc; /* the first error */
    unsigned char held[65536];
    size_t held_size; /* not yet written */

    size_t row_size;
    int level, threads, bands;
    uLong adler; /* of all that is written */
    struct worker *workers;
    struct piece *pieces;
};

/* ---- What libpng calls ---- */

static int write_held(struct png_file *file)
{
    int rc = target_write(&file->target, file->held, file->held_size);

    file->held_size = 0;
    return rc;
}

static void put_bytes(png_structp png, png_bytep bytes, size_t size)
{
    struct png_file *file = png_get_io_ptr(png);

    while (size > 0) {
        size_t room = sizeof file->held - file->held_size;
        size_t now = size < room ? size : room;
        memcpy(file->held + file->held_size, bytes, now);
        file->held_size += now;
        bytes += now;
        size -= now;
        if (file->held_size == sizeof file->held) {
            file->rc = write_held(file);
            if (file->rc < 0)
                png_error(png, "write");
        }
    }
}

static void flush_nothing(png_structp png)
{
    (void)png; /* png_file_close() writes what is held */
}

/* What libpng is given is as it wants it: unless a write has failed, only memory
 * can be missing. */
static void give_up(png_structp png, png_const_charp message)
{
    struct png_file *file = png_get_error_ptr(png);

    (void)message;
    if (file->rc == 0)
        file->rc = -ENOMEM;
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* ---- The format, by libpng ---- */

/* May leave by longjmp. */
static void put_notes(struct png_file *file, const struct png_format *format)
{
    for (int i = 0; i < format->note_count; i++) {
        png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE};
        char key[80] = ""; /* the longest there is, and libpng wants char * */
        char value[256] = "";
        strncpy(key, format->notes[i].key, sizeof key - 1);
        strncpy(value, format->notes[i].value, sizeof value - 1);
        text.key = key;
        text.text = value;
        png_set_text(file->png, file->info, &text, 1); /* copies both */
    }
}

static int put_chunk(struct png_file *file, const char *name,
                     const unsigned char *bytes, size_t size)
{
    if (file->rc == 0 && setjmp(png_jmpbuf(file->png)) == 0)
        png_write_chunk(file->png, (png_const_bytep)name, bytes, size);
    return file->rc;
}

static int start(struct png_file *file, const struct png_format *format)
{
    file->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, file, give_up,
                                        stay_silent);
    if (file->png != NULL)
        file->info = png_create_info_struct(file->png);
    if (file->info == NULL)
        return -ENOMEM;
    if (setjmp(png_jmpbuf(file->png)) != 0)
        return file->rc;
    png_set_write_fn(file->png, file, put_bytes, flush_nothing);
    png_set_IHDR(file->png, file->info, (png_uint_32)format->width,
                 (png_uint_32)format->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    put_notes(file, format);
    png_write_info(file->png, file->info);
    /* zlib's head: deflate with a window of 32 KiB, compressed fast. */
    return put_chunk(file, "IDAT", (const unsigned char *)"\x78\x01", 2);
}

static int end(struct png_file *file)
{
    unsigned char tail[DEFLATE_END_SIZE + 4];

    memcpy(tail, DEFLATE_END, DEFLATE_END_SIZE);
    png_save_uint_32(tail + DEFLATE_END_SIZE, (png_uint_32)file->adler);
    put_chunk(file, "IDAT", tail, sizeof tail);
    put_chunk(file, "IEND", NULL, 0);
    if (file->rc == 0)
        file->rc = write_held(file);
    return file->rc;
}

/* ---- Bands ---- */

static int ready(struct worker *worker, int level, size_t size)
{
    if (worker->deflater == NULL) {
        int rc = deflater_new(&worker->deflater, level);
        if (rc < 0)
            return rc;
    }
    if (worker->capacity >= size)
        return 0;
    unsigned char *lines = realloc(worker->lines, size);
    if (lines == NULL)
        return -ENOMEM;
    worker->lines = lines;
    worker->capacity = size;
    return 0;
}

int png_file_band(struct png_file *file, int thread, int band,
                  const unsigned char *rgb, int rows)
{
    struct worker *worker = &file->workers[thread];
    struct piece *piece = &file->pieces[band];
    size_t size = (1 + file->row_size) * (size_t)rows;
    const unsigned char *bytes;

    int rc = ready(worker, file->level, size);
    if (rc < 0)
        return rc;
    for (int y = 0; y < rows; y++) {
        unsigned char *line = worker->lines + (1 + file->row_size) * (size_t)y;
        /* Filter 0, "none": in few colours and long runs, as here, the other
         * filters would hide what repeats. */
        line[0] = 0;
        memcpy(line + 1, rgb + file->row_size * (size_t)y, file->row_size);
    }
    rc = deflater_run(worker->deflater, worker->lines, size, &bytes,
                      &piece->size);
    if (rc < 0)
        return rc;
    piece->bytes = malloc(piece->size);
    if (piece->bytes == NULL)
        return -ENOMEM;
    memcpy(piece->bytes, bytes, piece->size);
    piece->adler = adler32_z(1, worker->lines, size);
    piece->length = (z_off_t)size;
    return 0;
}

int png_file_part(struct png_file *file)
{
    for (int i = 0; i < file->bands && file->pieces[i].bytes != NULL; i++) {
        struct piece *piece = &file->pieces[i];
        file->adler = adler32_combine(file->adler, piece->adler, piece->length);
        put_chunk(file, "IDAT", piece->bytes, piece->size);
        free(piece->bytes);
        piece->bytes = NULL;
    }
    return file->rc;
}

/* ---- A file's life ---- */

static void free_file(struct png_file *file)
{
    png_destroy_write_struct(&file->png, &file->info); /* takes NULL too */
    for (int i = 0; file->workers != NULL && i < file->threads; i++) {
        deflater_free(file->workers[i].deflater);
        free(file->workers[i].lines);
    }
    for (int i = 0; file->pieces != NULL && i < file->bands; i++)
        free(file->pieces[i].bytes);
    free(file->workers);
    free(file->pieces);
    free(file);
}

static bool is_side(int side)
{
    return side >= 1 && side <= PNG_FILE_SIDE_MAX;
}

int png_file_open(struct png_file **out, const char *target,
                  const struct png_format *format)
{
    if (!is_side(format->width) || !is_side(format->height) ||
        format->level < 0 || format->level > DEFLATE_LEVEL_MAX)
        return -EINVAL;
    struct png_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return -ENOMEM;
    file->row_size = 3 * (size_t)format->width;
    file->level = format->level;
    file->threads = format->threads;
    file->bands = format->bands;
    file->adler = adler32(0, NULL, 0);
    file->workers = calloc((size_t)file->threads, sizeof *file->workers);
    file->pieces = calloc((size_t)file->bands, sizeof *file->pieces);
    int rc = file->workers == NULL || file->pieces == NULL
                 ? -ENOMEM
                 : target_open(&file->target, target);
    if (rc < 0) {
        free_file(file);
        return rc;
    }
    rc = start(file, format);
    if (rc < 0) {
        png_file_abandon(file);
        return rc;
    }
    *out = file;
    return 0;
}

int png_file_close(struct png_file *file)
{
    int rc = end(file);

    if (rc < 0) {
        png_file_abandon(file);
        return rc;
    }
    rc = target_keep(&file->target);
    free_file(file);
    return rc;
}

void png_file_abandon(struct png_file *file)
{
    if (file == NULL)
        return;
    target_drop(&file->target);
    free_file(file);
}

int png_file_write(const char *target, const unsigned char *rgb, int width,
                   int height)
{
    enum { ROWS = 16 };
    struct png_file *file;
    const struct png_format format = {width, height, DEFLATE_DEFAULT, 1, 1,
                                      NULL,  0};

    int rc = png_file_open(&file, target, &format);
    if (rc < 0)
        return rc;
    for (int y = 0; y < height && rc == 0; y += ROWS) {
        int rows = height - y < ROWS ? height - y : ROWS;
        rc = png_file_band(file, 0, 0, rgb + file->row_size * (size_t)y, rows);
        if (rc == 0)
            rc = png_file_part(file);
    }
    if (rc < 0) {
        png_file_abandon(file);
        return rc;
    }
    return png_file_close(file);
}
