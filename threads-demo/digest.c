/* SPDX-License-Identifier: MIT
 *
 * digest.c - read a file once, and know whether it stood still meanwhile: its
 * size and times are compared before and after.
 */
#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 128 * 1024 };

static void to_text(char text[65], const unsigned char bytes[32])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

static ssize_t read_some(int fd, void *buffer, size_t size)
{
    ssize_t n;

    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Feeds the whole file to the hash. The number of bytes, or a negative errno. */
static int64_t hash(EVP_MD_CTX *context, int fd, unsigned char *chunk)
{
    int64_t total = 0;
    ssize_t n;

    while ((n = read_some(fd, chunk, CHUNK)) > 0) {
        if (EVP_DigestUpdate(context, chunk, (size_t)n) != 1)
            return -ENOMEM;
        total += n;
    }
    return n < 0 ? n : total;
}

static bool same_moment(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int read_and_hash(struct digest *out, int fd, const struct stat *before)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    struct stat after;
    unsigned char *chunk = malloc(CHUNK);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int64_t total = -ENOMEM;

    if (chunk != NULL && context != NULL &&
        EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1)
        total = hash(context, fd, chunk);
    if (total >= 0 && EVP_DigestFinal_ex(context, bytes, NULL) != 1)
        total = -ENOMEM;
    EVP_MD_CTX_free(context);
    free(chunk);
    if (total < 0)
        return (int)total;
    if (fstat(fd, &after) < 0)
        return -errno;
    if (total != before->st_size || after.st_size != before->st_size ||
        !same_moment(after.st_mtim, before->st_mtim))
        return -ESTALE;
    to_text(out->sha256, bytes);
    return 0;
}

int digest_file(struct digest *out, const char *path, bool sha256)
{
    struct stat before;
    int rc = 0;

    /* Not blocking: it may be a pipe by now, that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &before) < 0)
        rc = -errno;
    else if (!S_ISREG(before.st_mode))
        rc = -EINVAL;
    out->size = rc == 0 ? before.st_size : 0;
    out->sha256[0] = '\0';
    if (rc == 0 && sha256)
        rc = read_and_hash(out, fd, &before);
    close(fd);
    return rc;
}
