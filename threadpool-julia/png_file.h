/* SPDX-License-Identifier: MIT
 *
 * png_file.h - a picture becomes a PNG file, whole or not at all.
 *
 * Read with: the libpng manual, "Writing"; rename(2).
 */
#ifndef PNG_FILE_H
#define PNG_FILE_H

/* Writes width times height pixels, 3 bytes each (red, green, blue), row by row
 * from the top, to the file called target.
 *
 * A target that does not exist, or is a regular file, gets the picture in one
 * moment: it is written to a file of its own in the same folder, which then
 * takes the name. On an error that file is gone and the target as before; two
 * writers at once do not mix. A process killed meanwhile may leave a file
 * called .png-*.part. Any other target (a device, a pipe, a symbolic link such
 * as /dev/stdout) is opened and written straight; a pipe without a reader then
 * raises SIGPIPE, as with write(2).
 *
 * Blocks while it compresses and writes. Any thread may call it. -EINVAL: a
 * side is not from 1 to JULIA_SIDE_MAX; -ENOMEM; or what open, write, close or
 * rename said (-ENOENT, -EACCES, -ENOSPC, ...). */
int png_file_write(const char *target, const unsigned char *rgb, int width,
                   int height);

#endif
