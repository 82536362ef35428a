/* SPDX-License-Identifier: MIT
 *
 * thumbs.c - every PNG file of a folder shrunk, a task for each. A file takes as
 * long as it takes; a worker that is done takes the next task.
 *
 * Try: threadpool-julia thumbs pictures
 * Read with: Rust Cookbook, "Concurrency", "Generate jpg thumbnails in parallel".
 */
#include <dirent.h>
#include <limits.h>
#include <omp.h>
#include <sys/stat.h>

#include "../demo.h"
#include "../render.h"
#include "../thumbnail.h"
#include "verbs.h"

struct request {
    const char *folder, *output;
    int side;
};

/* Written by the task that has the file, read when all tasks are done. */
struct outcome {
    struct thumbnail made;
    int rc;
};

static int is_png(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcasecmp(dot, ".png") == 0;
}

/* A folder, a pipe or a device is no picture, whatever its name. What cannot be
 * asked about says why when it is opened. */
static int check_kind(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
        return 0;
    return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
}

static int shrink(const struct request *request, const char *name,
                  struct thumbnail *made)
{
    char source[PATH_MAX], target[PATH_MAX];
    int size = snprintf(source, sizeof source, "%s/%s", request->folder, name);
    int other = snprintf(target, sizeof target, "%s/%s", request->output, name);

    if (size >= PATH_MAX || other >= PATH_MAX)
        return -ENAMETOOLONG;
    int rc = check_kind(source);
    if (rc < 0)
        return rc;
    return thumbnail_make(source, target, request->side, made);
}

static void shrink_all(const struct request *request, struct dirent **files,
                       struct outcome *outcomes, int count)
{
#pragma omp parallel
#pragma omp single
    for (int i = 0; i < count; i++) {
#pragma omp task firstprivate(i)
        outcomes[i].rc = shrink(request, files[i]->d_name, &outcomes[i].made);
    }
}

/* Says what became of a file; false if it failed. */
static bool tell(const char *name, const struct outcome *outcome)
{
    const struct thumbnail *made = &outcome->made;

    if (outcome->rc == -EBADMSG)
        error(0, 0, "shrink '%s': %s", name, made->fault);
    else if (outcome->rc < 0)
        error(0, -outcome->rc, "shrink '%s'", name);
    else
        printf("%s: %d x %d, was %d x %d\n", name, made->width, made->height,
               made->from_width, made->from_height);
    return outcome->rc == 0;
}

/* The small pictures must not take the place of the large ones. */
static void make_output(const struct request *request)
{
    struct stat folder, output;

    if (stat(request->folder, &folder) < 0)
        error(EXIT_FAILURE, errno, "read folder '%s'", request->folder);
    if (mkdir(request->output, 0777) < 0 && errno != EEXIST)
        error(EXIT_FAILURE, errno, "make folder '%s'", request->output);
    if (stat(request->output, &output) < 0)
        error(EXIT_FAILURE, errno, "read folder '%s'", request->output);
    if (folder.st_dev == output.st_dev && folder.st_ino == output.st_ino)
        error(EXIT_FAILURE, 0, "'%s' has the pictures themselves",
              request->output);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *request = state->input;

    if (key == 't')
        omp_set_num_threads(
            (int)count_arg(state, "--threads", arg, 1, RENDER_THREADS_MAX));
    else if (key == 's')
        request->side =
            (int)count_arg(state, "--side", arg, 1, THUMBNAIL_SIDE_MAX);
    else if (key == 'o')
        request->output = arg;
    else if (key == ARGP_KEY_ARG && request->folder == NULL)
        request->folder = arg;
    else if (key == ARGP_KEY_END && request->folder == NULL)
        argp_error(state, "which folder?");
    else
        return unexpected(key, arg, state);
    return 0;
}

int thumbs_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"output", 'o', "FOLDER", 0, "where they go (DIR/thumbs)", 1},
        {"side", 's', "PIXELS", 0, "the longer side, at most (300)", 2},
        {"threads", 't', "COUNT", 0, "threads (one per core)", 3},
        {0}};
    const struct argp argp = {options, parse, "DIR",
                              "Shrinks every PNG file in a folder.",
                              .children = NULL};
    struct request request = {.side = 300};
    struct dirent **files;
    char inside[PATH_MAX];
    int good = 0;

    argp_parse(&argp, argc, argv, 0, NULL, &request);
    if (request.output == NULL) {
        int size = snprintf(inside, sizeof inside, "%s/thumbs", request.folder);
        if (size >= PATH_MAX)
            error(EXIT_FAILURE, ENAMETOOLONG, "make folder '%s/thumbs'",
                  request.folder);
        request.output = inside;
    }
    int count = scandir(request.folder, &files, is_png, alphasort);
    if (count < 0)
        error(EXIT_FAILURE, errno, "read folder '%s'", request.folder);
    make_output(&request);
    struct outcome *outcomes = calloc((size_t)count + 1, sizeof *outcomes);
    if (outcomes == NULL)
        error(EXIT_FAILURE, ENOMEM, "hold %d outcomes", count);
    shrink_all(&request, files, outcomes, count);
    for (int i = 0; i < count; i++) {
        good += tell(files[i]->d_name, &outcomes[i]);
        free(files[i]);
    }
    printf("%s: %d of %d files shrunk\n", request.output, good, count);
    free(files);
    free(outcomes);
    return good == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
