/* SPDX-License-Identifier: MIT
 *
 * fuzz_replay.c - stands in for libFuzzer where there is none: runs a fuzzer on
 * the inputs that were kept. The one argument is their folder.
 */
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer has named it */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void replay(const char *folder, const char *name)
{
    static uint8_t input[1 << 20];
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        error(EXIT_FAILURE, errno, "open %s", path);
    size_t size = fread(input, 1, sizeof input, file);
    fclose(file);
    printf("%s\n", name); /* the last one named is the one that broke it */
    fflush(stdout);
    LLVMFuzzerTestOneInput(input, size);
}

int main(int argc, char **argv)
{
    DIR *folder = opendir(argc == 2 ? argv[1] : "");
    const struct dirent *entry;
    int count = 0;

    if (folder == NULL)
        error(EXIT_FAILURE, errno, "open the folder '%s'", argv[1]);
    /* One thread, and a stream of its own. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            replay(argv[1], entry->d_name);
            count++;
        }
    }
    closedir(folder);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
