/* SPDX-License-Identifier: MIT
 *
 * dirsum.c - the size, or with --sha256 the digest, of every file in a tree: one
 * thread walks, a pool reads, and its channel bounds how far the walk runs ahead.
 * What cannot be read is reported, the rest is done, and the exit is 1. Lines come
 * in the order of the paths; with --unordered as files are done.
 * Try: threads-demo dirsum --sha256 . > sums && sha256sum -c sums
 * Read with: Rust Cookbook, "Concurrency", SHA-256 of files, sizes of files.
 */
#include <pthread.h>

#include "../cpu.h"
#include "../demo.h"
#include "../digest.h"
#include "../pool.h"
#include "../tree.h"
#include "verbs.h"

enum { AHEAD = 1024 }; /* jobs that are not printed yet */

struct run {
    bool sha256, unordered;
    char *root;
    struct pool *pool;
    long queued;
    pthread_mutex_t lock; /* guards the output, and what it adds up to: */
    long files;
    int64_t bytes;
    bool complete;
};

struct job {
    struct run *run;
    struct digest digest;
    int rc;
    char path[];
};

/* As sha256sum prints it, and -c reads it: a name with a line feed, a carriage
 * return or a backslash is escaped, and the line begins with a backslash. */
static void print_line(const struct job *job)
{
    const char *path = job->path;

    if (!job->run->sha256) {
        printf("%12lld  %s\n", (long long)job->digest.size, path);
        return;
    }
    printf("%s%s  ", strpbrk(path, "\n\r\\") ? "\\" : "", job->digest.sha256);
    for (; *path != '\0'; path++) {
        if (*path == '\n' || *path == '\r' || *path == '\\')
            printf("\\%c", *path == '\n' ? 'n' : *path == '\r' ? 'r' : '\\');
        else
            putchar(*path);
    }
    putchar('\n');
}

static void complain(struct run *run, const char *path, int rc)
{
    must(pthread_mutex_lock(&run->lock));
    error(0, rc == -ESTALE ? 0 : -rc, "%s%s", path,
          rc == -ESTALE ? ": changed while it was read" : "");
    run->complete = false;
    must(pthread_mutex_unlock(&run->lock));
}

static void report(const struct job *job)
{
    struct run *run = job->run;

    if (job->rc < 0) {
        complain(run, job->path, job->rc);
        return;
    }
    must(pthread_mutex_lock(&run->lock));
    print_line(job);
    run->files++;
    run->bytes += job->digest.size;
    must(pthread_mutex_unlock(&run->lock));
}

static void *read_file(void *arg)
{
    struct job *job = arg;

    job->rc = digest_file(&job->digest, job->path, job->run->sha256);
    if (job->run->unordered)
        report(job);
    return job;
}

static bool fetch_one(struct run *run)
{
    void *result;

    if (pool_fetch(run->pool, &result) < 0)
        return false;
    run->queued--;
    struct job *job = result;
    if (!run->unordered)
        report(job);
    free(job);
    return true;
}

static void visit(void *arg, const char *path, int rc)
{
    struct run *run = arg;
    size_t size = strlen(path) + 1;

    if (rc < 0) {
        complain(run, path, rc);
        return;
    }
    struct job *job = malloc(sizeof *job + size);
    if (job == NULL)
        error(EXIT_FAILURE, ENOMEM, "remember %s", path);
    job->run = run;
    memcpy(job->path, path, size);
    if (run->queued == AHEAD)
        fetch_one(run);
    rc = pool_submit(run->pool, read_file, job);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "queue %s", path);
    run->queued++;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run *run = state->input;

    if (key == 's')
        run->sha256 = true;
    else if (key == 'u')
        run->unordered = true;
    else if (key == ARGP_KEY_ARG && run->root == NULL)
        run->root = arg;
    else if (key == ARGP_KEY_END && run->root == NULL)
        argp_error(state, "which directory?");
    else
        return unexpected(key, arg, state);
    return 0;
}

int dirsum_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"sha256", 's', NULL, 0, "read the files, as sha256sum does", 0},
        {"unordered", 'u', NULL, 0, "print a line as soon as it is known", 0},
        {0}};
    const struct argp argp = {options, parse, "DIR",
                              .doc = "Every file's size, links followed."};
    struct run run = {.complete = true, .lock = PTHREAD_MUTEX_INITIALIZER};

    argp_parse(&argp, argc, argv, 0, NULL, &run);
    setvbuf(stdout, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, 1 << 16);
    int rc = pool_new(&run.pool, (size_t)cpu_count(), AHEAD);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start the workers");
    rc = tree_walk(run.root, visit, &run);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "walk through %s", run.root);
    while (fetch_one(&run))
        ;
    pool_free(run.pool);
    if (!run.sha256)
        printf("%ld files, %lld bytes\n", run.files, (long long)run.bytes);
    return run.complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
