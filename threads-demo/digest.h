/* SPDX-License-Identifier: MIT
 *
 * digest.h - the size and the SHA-256 of one file.
 *
 * Any thread may call it; it blocks while the file is read.
 *
 * Read with: Rust Cookbook, "Calculate SHA256 sum of iso files concurrently".
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stdint.h>

struct digest {
    int64_t size;    /* bytes */
    char sha256[65]; /* in hexadecimal, as text; empty if not asked for */
};

/* Fills *out for the file at path, following links; reads it only if asked for
 * its SHA-256. -ESTALE: it was changed while it was read. -EINVAL: no regular
 * file (a pipe is not waited for). -ENOMEM, and what open(2) and read(2) say. */
int digest_file(struct digest *out, const char *path, bool sha256);

#endif
