/* SPDX-License-Identifier: MIT
 *
 * sha256sum.h - the SHA-256 of some bytes, by coreutils.
 */
#ifndef SHA256SUM_H
#define SHA256SUM_H

#include <stdio.h>
#include <unistd.h>

/* The decoded picture of the original program, row by row, 8 bits a channel. */
#define SHA256_OF_THE_BOOKS_PICTURE \
    "bc769efaedde3dfda6552d51ef90b60811c4f14fb6ee40957ed509b563aedf29"

/* hex gets 64 digits, or an empty string if anything failed. */
static inline void sha256sum(const void *bytes, size_t size, char hex[65])
{
    char sum[32], command[64];

    hex[0] = '\0';
    snprintf(sum, sizeof sum, "sum-%d", (int)getpid());
    snprintf(command, sizeof command, "sha256sum >%s", sum);
    FILE *to = bytes != NULL ? popen(command, "w") : NULL;
    if (to == NULL)
        return;
    size_t written = fwrite(bytes, 1, size, to);
    int status = pclose(to);
    FILE *from = fopen(sum, "re");
    if (from == NULL)
        return;
    if (status != 0 || written != size || fscanf(from, "%64[0-9a-f]", hex) != 1)
        hex[0] = '\0';
    fclose(from);
    unlink(sum);
}

#endif
