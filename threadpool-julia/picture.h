/* SPDX-License-Identifier: MIT
 *
 * picture.h - a view drawn into a PNG file: the thread that counted a band's
 * steps also colors and compresses it, while it is in its cache.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>

#include "render.h"

struct picture {
    struct julia view;
    struct render_options options;
    bool by_channel; /* drawn by render_by_channel() */
    int level;       /* of deflate.h */
    void (*progress)(void *context, int rows); /* as in render.h */
    void *context;
};

/* Draws picture into the file called target, and tells of each band who drew it:
 * bands[render_bands(view)]. The parameters are in the file as text. One pixel in
 * a thousand is counted a second time, by julia_steps(). Blocks. Errors as
 * render() and png_file_open(); -EBADMSG: a second count differed. */
int picture_draw(const struct picture *picture, const char *target,
                 struct render_band *bands);

/* Draws it again, each band in the color of the thread that drew it then; the
 * bands stay as they are. */
int picture_who(const struct picture *picture, const char *target,
                const struct render_band *bands);

#endif
