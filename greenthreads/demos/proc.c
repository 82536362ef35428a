/* SPDX-License-Identifier: MIT
 *
 * proc.c - files that the kernel writes as they are read.
 *
 * Read with: proc(5).
 */
#include "proc.h"

#include <dirent.h>
#include <fcntl.h>

#include "../demo.h"

long proc_number(const char *file, const char *key)
{
    char text[4096];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size < 0)
        error(EXIT_FAILURE, errno, "read %s", file);
    close(fd);
    text[size] = '\0';
    const char *at = strstr(text, key);
    if (at == NULL)
        error(EXIT_FAILURE, 0, "%s does not tell %s", file, key);
    return strtol(at + strlen(key), NULL, 10);
}

long proc_mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    long lines = 0;

    if (maps == NULL)
        error(EXIT_FAILURE, errno, "read /proc/self/maps");
    for (int c = getc(maps); c != EOF; c = getc(maps))
        lines += c == '\n';
    fclose(maps);
    return lines;
}

long proc_descriptors(void)
{
    DIR *open_ones = opendir("/proc/self/fd");
    long count = 0;

    if (open_ones == NULL)
        error(EXIT_FAILURE, errno, "read /proc/self/fd");
    /* The stream is this function's own. */
    while (readdir(open_ones) != NULL) // NOLINT(concurrency-mt-unsafe)
        count++;
    closedir(open_ones);
    return count;
}
