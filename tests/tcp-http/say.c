/* SPDX-License-Identifier: MIT
 *
 * say.c - for verbs.cmake: connects, says a text or nothing, half-closes, and prints what it
 * hears up to the end.
 */
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "url.h"

int main(int argc, char **argv)
{
    struct url url;
    char bytes[4096];
    ssize_t count;
    int fd;

    if (argc < 2 || argc > 3 || url_parse(argv[1], &url) < 0)
        error(EXIT_FAILURE, 0, "usage: say URL [TEXT]");
    int rc = url_connect(&url, &fd);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "connect to %s", argv[1]);
    if ((argc == 3 && write(fd, argv[2], strlen(argv[2])) < 0) ||
        shutdown(fd, SHUT_WR) < 0)
        error(EXIT_FAILURE, errno, "say it");
    while ((count = read(fd, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)count, stdout);
    if (count < 0)
        error(EXIT_FAILURE, errno, "listen");
    close(fd);
    return EXIT_SUCCESS;
}
