/* SPDX-License-Identifier: MIT
 *
 * thumbnail.h - a PNG file, shrunk into another. The file may come from anybody:
 * whatever it claims, memory is one row of it and the small picture.
 *
 * Read with: Rust Cookbook, "Concurrency", "Generate jpg thumbnails in
 * parallel"; the libpng manual, "Reading"; RFC 2083, section 2.6 "Interlaced
 * data order".
 */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

enum { THUMBNAIL_SIDE_MAX = 4096 };

struct thumbnail {
    int from_width, from_height, width, height;
    char fault[80]; /* of -EBADMSG: what is wrong with the file */
};

/* Shrinks the picture in the file source until no side has more than side
 * pixels, into the file target (as png_file_open() has it: whole or not at all).
 * Each new pixel is the mean of the old ones it covers, before white where they
 * are transparent. A picture that is small enough keeps its size. Any number of
 * threads may call it, each for a target of its own.
 *
 * -EINVAL: side is not from 1 to THUMBNAIL_SIDE_MAX; -EBADMSG: source is no PNG
 * file, a damaged or cut one, or has a side of over PNG_FILE_SIDE_MAX; -ENOMEM;
 * or what opening, reading or writing said. */
int thumbnail_make(const char *source, const char *target, int side,
                   struct thumbnail *made);

#endif
