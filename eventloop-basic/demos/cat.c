/* SPDX-License-Identifier: MIT
 *
 * cat.c - prints a file, by requests that run on the pool: for a file has no
 * "ready", its reads just block. A socket has, so it needs no thread. The kernel
 * tells how many threads there are.
 *
 * With --full the pool's threads all have a job when the file is asked for: then
 * the file waits for a job to end. A program with files bounds its own jobs: one
 * thread left free, and the file comes.
 *
 * Try: eventloop-basic cat /etc/hostname
 *      eventloop-basic cat --full /etc/hostname
 * Read with: Tokio's documentation, io and fs; async-std's book, "Tasks"; the
 * libuv guide, "Filesystem".
 */
#include <fcntl.h>

#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

enum { POOL = 4, SOME = 64 * 1024 };

struct story {
    struct stage stage;
    const char *path;
    uv_fs_t request; /* one at a time: open, read, ..., close */
    uv_file file;
    int64_t offset;
    int rc;
    bool opened;
    char bytes[SOME];

    struct task job[POOL];
    int jobs; /* under way */
    uv_sem_t in, out;
    uv_timer_t patience;
    bool came_first; /* the file, before any job ended */
};

static void read_some(struct story *s);

static void on_closed(uv_fs_t *request)
{
    uv_fs_req_cleanup(request);
}

static void on_read(uv_fs_t *request)
{
    struct story *s = request->data;
    ssize_t count = request->result;
    uv_fs_req_cleanup(request); /* a request holds memory: its path */
    if (count > 0 && s->stage.stopped_by == 0) {
        fwrite(s->bytes, 1, (size_t)count, stdout);
        s->offset += count;
        read_some(s);
        return;
    }
    s->rc = (int)count;
    must(uv_fs_close(&s->stage.loop, request, s->file, on_closed));
}

static void read_some(struct story *s)
{
    uv_buf_t buffer = uv_buf_init(s->bytes, SOME);
    must(uv_fs_read(&s->stage.loop, &s->request, s->file, &buffer, 1, s->offset,
                    on_read));
}

static void let_jobs_end(void *argument)
{
    struct story *s = argument;
    if (uv_is_closing((uv_handle_t *)&s->patience))
        return; /* they were let */
    for (int i = s->jobs; i > 0; i--)
        uv_sem_post(&s->out);
    CLOSE(&s->patience);
}

static void lose_patience(uv_timer_t *patience)
{
    struct story *s = patience->data;
    fprintf(stderr, "%d jobs on %d threads: the file has not come\n", s->jobs,
            POOL);
    let_jobs_end(s);
}

static void on_opened(uv_fs_t *request)
{
    struct story *s = request->data;
    s->file = (uv_file)request->result;
    uv_fs_req_cleanup(request);
    s->came_first = !uv_is_closing((uv_handle_t *)&s->patience);
    let_jobs_end(s);
    s->rc = s->file < 0 ? s->file : 0;
    s->opened = s->file >= 0;
    if (s->opened)
        read_some(s);
}

/* Threads of this process, as the kernel counts them. */
static int count_threads(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];
    int threads = -1;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "Threads:", 8) == 0)
            threads = atoi(line + 8); /* NOLINT(cert-err34-c): the kernel's */
    if (status != NULL)
        fclose(status);
    return threads;
}

static int hold(void *argument)
{
    struct story *s = argument;
    uv_sem_post(&s->in);
    uv_sem_wait(&s->out);
    return 0;
}

static void joined(struct task *task, int rc)
{
    struct story *s = task->argument;
    must(rc);
    s->jobs--;
}

/* Prints the file while so many jobs hold a thread each. */
static void run(struct story *s, const char *path, int jobs)
{
    *s = (struct story){.path = path, .jobs = jobs};
    stage_open(&s->stage, let_jobs_end, s);
    must(uv_sem_init(&s->in, 0));
    must(uv_sem_init(&s->out, 0));
    for (int i = 0; i < jobs; i++)
        must(task_spawn(&s->job[i], &s->stage.loop, hold, joined, s));
    for (int i = 0; i < jobs; i++)
        uv_sem_wait(&s->in);
    must(uv_timer_init(&s->stage.loop, &s->patience));
    s->patience.data = s;
    if (jobs == POOL) /* with one free thread there is nothing to wait for */
        must(uv_timer_start(&s->patience, lose_patience, 20, 0));
    s->request.data = s;
    must(uv_fs_open(&s->stage.loop, &s->request, path, O_RDONLY, 0, on_opened));
    stage_run(&s->stage);
    uv_sem_destroy(&s->in);
    uv_sem_destroy(&s->out);
    if (s->rc < 0)
        error(EXIT_FAILURE, -s->rc, s->opened ? "read %s" : "open %s", path);
}

struct wishes {
    const char *path;
    bool full;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'f')
        wishes->full = true;
    else if (key == ARGP_KEY_ARG && state->arg_num == 0)
        wishes->path = arg;
    else
        return unexpected(key, arg, state);
    return 0;
}

int cat_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"full", 'f', NULL, 0, "while jobs hold the pool's threads", 0}, {0}};
    const struct argp argp = {
        options, parse, "[FILE]",
        .doc = "Prints a file (/etc/hostname), by the pool."};
    static struct story s;
    struct wishes wishes = {.path = "/etc/hostname"};
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    watchdog(30, "cat: the file never comes\n");
    /* libuv reads it when the pool starts; no thread runs yet. */
    setenv("UV_THREADPOOL_SIZE", "4", 1); /* NOLINT(concurrency-mt-unsafe) */
    int before = count_threads();
    run(&s, wishes.path, 0);
    fprintf(stderr, "%d threads before, %d after: files are read on the pool\n",
            before, count_threads());
    if (!wishes.full)
        return EXIT_SUCCESS;
    run(&s, wishes.path, POOL);
    bool waited = !s.came_first;
    run(&s, wishes.path, POOL - 1);
    fprintf(stderr, "%d jobs on %d threads: the file came first\n", POOL - 1,
            POOL);
    return waited && s.came_first ? EXIT_SUCCESS : EXIT_FAILURE;
}
