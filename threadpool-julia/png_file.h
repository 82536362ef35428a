/* SPDX-License-Identifier: MIT
 *
 * png_file.h - a picture becomes a PNG file, whole or not at all, and is never
 * in memory as a whole: many threads compress its bands, and a part of them at a
 * time is written.
 *
 *     png_file_open()
 *     for each part of the picture
 *         png_file_band() for each of its bands, by any threads, in any order
 *         png_file_part(), when all of them are done
 *     png_file_close(), or png_file_abandon() if anything failed
 *
 * Read with: the libpng manual, "Writing"; RFC 2083, sections 3 and 4; rename(2).
 */
#ifndef PNG_FILE_H
#define PNG_FILE_H

enum { PNG_FILE_SIDE_MAX = 65535 };

/* What a program may read beside the pixels ("tEXt"): a key and a value. */
struct png_note {
    const char *key, *value;
};

struct png_format {
    int width, height; /* pixels, of 3 bytes: red, green, blue */
    int level;         /* of deflate.h */
    int threads;       /* that will call png_file_band() */
    int bands;         /* the most in a part */
    const struct png_note *notes;
    int note_count;
};

struct png_file;

/* Begins the file called target.
 *
 * A target that does not exist, or is a regular file, gets the picture in one
 * moment, by png_file_close(): until then the bytes are in a file without a
 * name in the same folder, which is gone if the process is killed. (Where the
 * file system has no such files, one called .png-*.part.) On an error the
 * target is as it was before; two writers at once do not mix. Any other target
 * (a device, a pipe, a symbolic link such as /dev/stdout) is opened and written
 * straight; a pipe without a reader then raises SIGPIPE, as with write(2).
 *
 * -EINVAL: a side is not from 1 to PNG_FILE_SIDE_MAX, or no such level; -ENOMEM;
 * or what open or write said (-ENOENT, -EACCES, -ENOSPC, ...). */
int png_file_open(struct png_file **out, const char *target,
                  const struct png_format *format);

/* Compresses rows rows, which are the band with this number, counted from 0 in
 * each part. Any threads may call it at once, each under a number of its own,
 * below format.threads, and for a band of its own. -ENOMEM. */
int png_file_band(struct png_file *file, int thread, int band,
                  const unsigned char *rgb, int rows);

/* Writes the part's bands, from 0 to the last that was given. */
int png_file_part(struct png_file *file);

/* Ends the picture, and gives it its name. Frees file whatever happens. */
int png_file_close(struct png_file *file);

/* Frees file, and leaves the target as it was. NULL is nothing. */
void png_file_abandon(struct png_file *file);

/* All of it in one call, by one thread: the rows one after the other. */
int png_file_write(const char *target, const unsigned char *rgb, int width,
                   int height);

#endif
