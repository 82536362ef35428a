/* SPDX-License-Identifier: MIT
 *
 * thumbnail.c - each pixel of the file, as it comes, is added to the cell of the
 * small picture that covers it. So the order does not matter: an interlaced file
 * brings its rows in seven passes, any other in one.
 *
 * libpng reports an error by longjmp(3). All that is made on the way is in
 * struct reader, not in the frame that it lands in, so that nothing is lost.
 */
#include "thumbnail.h"

#include <errno.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "png_file.h"

/* Sums, of colors times 255 (their opacity). */
struct cell {
    uint64_t rgb[3], pixels;
};

struct reader {
    FILE *file;
    png_structp png;
    png_infop info;
    struct thumbnail *made;
    int side;
    int rc;
    bool interlaced;
    unsigned char *row; /* as read: red, green, blue, opacity */
    uint16_t *columns;  /* which column of cells each pixel of a row is in */
    struct cell *cells; /* made->width * made->height */
};

/* ---- What libpng calls ---- */

static void fail(png_structp png, png_const_charp message)
{
    struct reader *reader = png_get_error_ptr(png);

    if (reader->rc == 0)
        reader->rc = -EBADMSG;
    snprintf(reader->made->fault, sizeof reader->made->fault, "%.79s", message);
    png_longjmp(png, 1);
}

static void stay_silent(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void get_bytes(png_structp png, png_bytep bytes, size_t size)
{
    struct reader *reader = png_get_io_ptr(png);

    errno = 0;
    if (fread(bytes, 1, size, reader->file) == size)
        return;
    if (ferror(reader->file))
        reader->rc = errno != 0 ? -errno : -EIO;
    png_error(png, "the file ends too early");
}

/* ---- The steps, each of which may leave by longjmp ---- */

static void read_head(struct reader *reader)
{
    png_structp png = reader->png;
    png_infop info = reader->info;

    png_set_read_fn(png, reader, get_bytes);
    png_set_user_limits(png, PNG_FILE_SIDE_MAX, PNG_FILE_SIDE_MAX);
    png_read_info(png, info);
    /* Whatever it is, make it red, green, blue and opacity, a byte each. */
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
    png_read_update_info(png, info);
    reader->made->from_width = (int)png_get_image_width(png, info);
    reader->made->from_height = (int)png_get_image_height(png, info);
    reader->interlaced =
        png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
}

/* length, shrunk as longest is shrunk to side; not to nothing. */
static int shrunk(int length, int longest, int side)
{
    if (longest <= side)
        return length;
    int64_t rounded = ((int64_t)length * side + longest / 2) / longest;
    return rounded < 1 ? 1 : (int)rounded;
}

static void make_room(struct reader *reader)
{
    struct thumbnail *made = reader->made;
    int width = made->from_width, height = made->from_height;
    int longest = width > height ? width : height;

    made->width = shrunk(width, longest, reader->side);
    made->height = shrunk(height, longest, reader->side);
    reader->row = malloc(png_get_rowbytes(reader->png, reader->info));
    reader->columns = calloc((size_t)width, sizeof *reader->columns);
    reader->cells = calloc((size_t)made->width * (size_t)made->height,
                           sizeof *reader->cells);
    if (reader->row == NULL || reader->columns == NULL ||
        reader->cells == NULL) {
        reader->rc = -ENOMEM;
        png_error(reader->png, "memory");
    }
    for (int x = 0; x < width; x++)
        reader->columns[x] = (uint16_t)((int64_t)x * made->width / width);
}

/* Before white: what a pixel does not hide of it shines through. */
static void add(struct cell *cell, const unsigned char *rgba)
{
    unsigned opacity = rgba[3];

    for (int i = 0; i < 3; i++)
        cell->rgb[i] += rgba[i] * opacity + 255 * (255 - opacity);
    cell->pixels++;
}

/* The rows of one pass; the only one's are all rows, of all columns. */
static void read_pass(struct reader *reader, int pass)
{
    const struct thumbnail *made = reader->made;
    bool some = reader->interlaced;
    int rows =
        some ? PNG_PASS_ROWS(made->from_height, pass) : made->from_height;
    int columns =
        some ? PNG_PASS_COLS(made->from_width, pass) : made->from_width;

    if (columns == 0) /* too narrow: the file has no such rows */
        return;
    for (int i = 0; i < rows; i++) {
        int y = some ? PNG_ROW_FROM_PASS_ROW(i, pass) : i;
        struct cell *cells = reader->cells + (int64_t)y * made->height /
                                                 made->from_height *
                                                 made->width;

        png_read_row(reader->png, reader->row, NULL);
        for (int k = 0; k < columns; k++) {
            int x = some ? PNG_COL_FROM_PASS_COL(k, pass) : k;
            add(&cells[reader->columns[x]], reader->row + 4 * (size_t)k);
        }
    }
}

static int read_all(struct reader *reader)
{
    if (setjmp(png_jmpbuf(reader->png)) != 0)
        return reader->rc;
    read_head(reader);
    make_room(reader);
    int passes = reader->interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1;
    for (int pass = 0; pass < passes; pass++)
        read_pass(reader, pass);
    png_read_end(reader->png, NULL); /* and so checks what follows */
    return 0;
}

/* ---- All of it ---- */

static int read_file(struct reader *reader, const char *source)
{
    reader->file = fopen(source, "rbe");
    if (reader->file == NULL)
        return -errno;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail,
                                         stay_silent);
    if (reader->png != NULL)
        reader->info = png_create_info_struct(reader->png);
    int rc = reader->info == NULL ? -ENOMEM : read_all(reader);
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    fclose(reader->file);
    return rc;
}

static int write_file(const struct reader *reader, const char *target)
{
    int width = reader->made->width, height = reader->made->height;
    size_t count = (size_t)width * (size_t)height;

    unsigned char *rgb = malloc(3 * count);
    if (rgb == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct cell *cell = &reader->cells[i];
        /* Cells are there: a file that cannot be opened sets errno. */
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        uint64_t whole = cell->pixels * 255;
        for (int k = 0; k < 3; k++)
            rgb[3 * i + (size_t)k] =
                (unsigned char)((cell->rgb[k] + whole / 2) / whole);
    }
    int rc = png_file_write(target, rgb, width, height);
    free(rgb);
    return rc;
}

int thumbnail_make(const char *source, const char *target, int side,
                   struct thumbnail *made)
{
    struct reader reader = {.made = made, .side = side};

    *made = (struct thumbnail){.fault = ""};
    if (side < 1 || side > THUMBNAIL_SIDE_MAX)
        return -EINVAL;
    int rc = read_file(&reader, source);
    if (rc == 0)
        rc = write_file(&reader, target);
    free(reader.row);
    free(reader.columns);
    free(reader.cells);
    return rc;
}
