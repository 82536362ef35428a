/* SPDX-License-Identifier: MIT
 *
 * deflate.h - bytes compressed in pieces that can be joined: each piece ends at
 * a whole byte and refers to nothing before it, so that threads can make them in
 * any order. The pieces one after the other, and DEFLATE_END, are one stream as
 * RFC 1951 has it.
 *
 * Two libraries stand behind it. zlib does the levels 1 to 9: the same bytes give
 * the same piece, always. ISA-L's igzip does level 0, faster and a little smaller;
 * but its choices also depend on where in memory its stream lies (seen with
 * libisal 2.30), so that a few pieces in a thousand runs differ, though what they
 * unpack to does not. Where it is missing, level 0 is zlib's level 1.
 *
 * Read with: RFC 1951, section 3.2.3; the zlib manual, deflate(), Z_SYNC_FLUSH.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stddef.h>

enum { DEFLATE_FASTEST = 0, DEFLATE_DEFAULT = 1, DEFLATE_LEVEL_MAX = 9 };

/* An empty last block. */
#define DEFLATE_END "\x03\x00"
enum { DEFLATE_END_SIZE = 2 };

/* One thread's compressor, and the piece it made last. */
struct deflater;

/* -ENOMEM; -EINVAL: no such level. */
int deflater_new(struct deflater **out, int level);
void deflater_free(struct deflater *deflater);

/* Compresses size bytes, which it only reads; size is below 2^31. The piece
 * belongs to deflater, and lives until its next call. -ENOMEM. */
int deflater_run(struct deflater *deflater, unsigned char *bytes, size_t size,
                 const unsigned char **piece, size_t *piece_size);

/* "igzip" or "zlib": what does this level. */
const char *deflate_library(int level);

#endif
