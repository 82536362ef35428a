/* SPDX-License-Identifier: MIT
 *
 * deflate.c - zlib and ISA-L, which are used in the same way: a stream struct
 * has the bytes still to read and the room still to fill, and a call moves both
 * on. A flush is complete once room is left over.
 */
#include "deflate.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#ifdef JULIA_HAS_ISAL
#include <isa-l/igzip_lib.h>
enum { IGZIP_LEVEL = 1, IGZIP_BUFFER = ISAL_DEF_LVL1_DEFAULT };
#endif

struct deflater {
    int level;
    unsigned char *piece;
    size_t size, capacity; /* of piece */
    z_stream zlib;
#ifdef JULIA_HAS_ISAL
    struct isal_zstream igzip;
    uint8_t igzip_buffer[IGZIP_BUFFER];
#endif
};

static bool by_igzip(int level)
{
#ifdef JULIA_HAS_ISAL
    return level == DEFLATE_FASTEST;
#else
    (void)level;
    return false;
#endif
}

const char *deflate_library(int level)
{
    return by_igzip(level) ? "igzip" : "zlib";
}

int deflater_new(struct deflater **out, int level)
{
    if (level < 0 || level > DEFLATE_LEVEL_MAX)
        return -EINVAL;
    struct deflater *d = calloc(1, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    d->level = level;
    if (!by_igzip(level)) {
        int zlib_level = level == DEFLATE_FASTEST ? 1 : level;
        /* -15: a window of 2^15 bytes, and no header. 8: zlib's own default. */
        if (deflateInit2(&d->zlib, zlib_level, Z_DEFLATED, -15, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK) {
            free(d);
            return -ENOMEM;
        }
    }
    *out = d;
    return 0;
}

void deflater_free(struct deflater *d)
{
    if (d == NULL)
        return;
    if (!by_igzip(d->level))
        deflateEnd(&d->zlib);
    free(d->piece);
    free(d);
}

static int grow(struct deflater *d)
{
    size_t capacity = d->capacity == 0 ? 16384 : 2 * d->capacity;
    unsigned char *piece = realloc(d->piece, capacity);

    if (piece == NULL)
        return -ENOMEM;
    d->piece = piece;
    d->capacity = capacity;
    return 0;
}

/* Each fills the room behind d->size and moves d->size on. The libraries count
 * in 32 bits, so the room offered at once is below 2^31. */
static unsigned room(const struct deflater *d)
{
    size_t left = d->capacity - d->size;

    return left < 1U << 30 ? (unsigned)left : 1U << 30;
}

#ifdef JULIA_HAS_ISAL
static void fill_by_igzip(struct deflater *d)
{
    unsigned offered = room(d);

    d->igzip.next_out = d->piece + d->size;
    d->igzip.avail_out = offered;
    isal_deflate(&d->igzip); /* fails only if set up wrongly */
    d->size += offered - d->igzip.avail_out;
}

static void start_igzip(struct deflater *d, unsigned char *bytes, size_t size)
{
    isal_deflate_init(&d->igzip);
    d->igzip.level = IGZIP_LEVEL;
    d->igzip.level_buf = d->igzip_buffer;
    d->igzip.level_buf_size = IGZIP_BUFFER;
    d->igzip.flush = SYNC_FLUSH;
    d->igzip.next_in = bytes;
    d->igzip.avail_in = (uint32_t)size;
}
#endif

static void fill_by_zlib(struct deflater *d)
{
    unsigned offered = room(d);

    d->zlib.next_out = d->piece + d->size;
    d->zlib.avail_out = offered;
    deflate(&d->zlib, Z_SYNC_FLUSH); /* fails only if set up wrongly */
    d->size += offered - d->zlib.avail_out;
}

static void start_zlib(struct deflater *d, unsigned char *bytes, size_t size)
{
    deflateReset(&d->zlib);
    d->zlib.next_in = bytes;
    d->zlib.avail_in = (uInt)size;
}

static void start(struct deflater *d, unsigned char *bytes, size_t size)
{
#ifdef JULIA_HAS_ISAL
    if (by_igzip(d->level)) {
        start_igzip(d, bytes, size);
        return;
    }
#endif
    start_zlib(d, bytes, size);
}

static void fill(struct deflater *d)
{
#ifdef JULIA_HAS_ISAL
    if (by_igzip(d->level)) {
        fill_by_igzip(d);
        return;
    }
#endif
    fill_by_zlib(d);
}

int deflater_run(struct deflater *d, unsigned char *bytes, size_t size,
                 const unsigned char **piece, size_t *piece_size)
{
    assert(size < 1U << 31);
    start(d, bytes, size);
    d->size = 0;
    do {
        if (d->size == d->capacity) {
            int rc = grow(d);
            if (rc < 0)
                return rc;
        }
        fill(d);
    } while (d->size == d->capacity);
    *piece = d->piece;
    *piece_size = d->size;
    return 0;
}
