/* SPDX-License-Identifier: MIT
 *
 * node.c - the program of the Node book: a file is read, and when it is there, a
 * job computes and the file is read again, inside; timers, two of them due at
 * once and one that takes another along; an answer that is slow to come over the
 * network. One thread orders all of it; files and the job use the pool.
 *
 * Times are scaled down a hundredfold, and the slow server is our own.
 *
 * Try: eventloop-basic node
 *      UV_THREADPOOL_SIZE=1 eventloop-basic node
 * Read with: The Node Experiment, "Introducing our main example", and chapters
 * 8 and 9.
 */
#include <fcntl.h>

#include "../demo.h"
#include "../task.h"
#include "node_delay.h"
#include "stage.h"
#include "verbs.h"

enum { TIMERS = 5 };

struct story;

struct timer {
    uv_timer_t timer;
    const char *name;
    struct story *story;
    void (*then)(struct story *s); /* or NULL */
};

struct story {
    struct stage stage;
    char path[32], text[64];
    uv_fs_t requests[2]; /* one for each reading: it opens, reads, closes */
    uv_file file;
    int reads;
    struct task job;
    unsigned long fibonacci;
    struct timer timer[TIMERS];
    int timers, fired;
    struct delay_server delay;
    struct connections client;
    struct connection *get;
    size_t answered;
};

/* ---- Timers ---- */

static void on_timer(uv_timer_t *handle)
{
    struct timer *t = handle->data;
    trace("main", "timer: %s", t->name);
    t->story->fired++;
    CLOSE(handle);
    if (t->then != NULL)
        t->then(t->story);
}

static void set_timer(struct story *s, const char *name, uint64_t ms,
                      void (*then)(struct story *s))
{
    struct timer *t = &s->timer[s->timers++];
    *t = (struct timer){.name = name, .story = s, .then = then};
    must(uv_timer_init(&s->stage.loop, &t->timer));
    t->timer.data = t;
    must(uv_timer_start(&t->timer, on_timer, ms, 0));
}

/* ---- A job, and a file, which is read twice: while the first reading still
 * closes its file, the second may be under way already ---- */

static void read_file(struct story *s);

static unsigned long fibonacci(int n)
{
    return n < 2 ? (unsigned long)n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int compute(void *argument)
{
    struct story *s = argument;
    trace("pool", "computes");
    s->fibonacci = fibonacci(27);
    return 0;
}

static void computed(struct task *task, int rc)
{
    struct story *s = task->argument;
    must(rc);
    trace("main", "the job gives %lu", s->fibonacci);
}

static void set_short_timer(struct story *s)
{
    set_timer(s, "5 ms more", 5, NULL);
}

static void on_file_closed(uv_fs_t *request)
{
    uv_fs_req_cleanup(request);
}

static void on_file_read(uv_fs_t *request)
{
    struct story *s = request->data;
    ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    if (count < 0)
        error(EXIT_FAILURE, (int)-count, "read %s", s->path);
    trace("main", "the file is read: %.*s", (int)count, s->text);
    must(uv_fs_close(&s->stage.loop, request, s->file, on_file_closed));
    if (++s->reads == 1 && s->stage.stopped_by == 0) {
        must(task_spawn(&s->job, &s->stage.loop, compute, computed, s));
        set_timer(s, "30 ms after the file", 30, set_short_timer);
        read_file(s);
    }
}

static void on_file_opened(uv_fs_t *request)
{
    struct story *s = request->data;
    s->file = (uv_file)request->result;
    uv_fs_req_cleanup(request);
    if (s->file < 0)
        error(EXIT_FAILURE, -s->file, "open %s", s->path);
    uv_buf_t buffer = uv_buf_init(s->text, sizeof s->text);
    must(uv_fs_read(&s->stage.loop, request, s->file, &buffer, 1, 0,
                    on_file_read));
}

static void read_file(struct story *s)
{
    uv_fs_t *request = &s->requests[s->reads];
    trace("main", "asks for the file");
    request->data = s;
    must(uv_fs_open(&s->stage.loop, request, s->path, O_RDONLY, 0,
                    on_file_opened));
}

static void write_file(struct story *s)
{
    snprintf(s->path, sizeof s->path, "/tmp/node.XXXXXX");
    int fd = mkostemp(s->path, O_CLOEXEC);
    if (fd < 0 || write(fd, "hello from the file", 19) != 19)
        error(EXIT_FAILURE, errno, "write %s", s->path);
    close(fd);
}

/* ---- A request over the network ---- */

static void on_answer(struct connection *c, const char *bytes, size_t count)
{
    struct story *s = c->all->owner;
    trace("main", "the answer: %.15s", bytes);
    s->answered += count;
}

static void on_connected(struct connection *c)
{
    static const char request[] = "GET /20/delayed HTTP/1.1\r\n\r\n";
    connection_send(c, request, sizeof request - 1);
}

static void on_gone(struct connection *c, int why)
{
    struct story *s = c->all->owner;
    if (why < 0 && s->stage.stopped_by == 0)
        error(EXIT_FAILURE, -why, "get an answer");
    s->get = NULL;
    server_close(&s->delay.server); /* that was its only client */
}

static const struct protocol http = {.size = sizeof(struct connection),
                                     .queue_limit = 4096,
                                     .opened = on_connected,
                                     .received = on_answer,
                                     .closed = on_gone};

static void ask(struct story *s)
{
    struct sockaddr_in address;
    int rc = delay_listen(&s->delay, &s->stage.loop, 20);
    connections_init(&s->client, &s->stage.loop, s);
    s->get = connection_new(&s->client, &http, false);
    if (rc < 0 || s->get == NULL)
        error(EXIT_FAILURE, rc < 0 ? -rc : ENOMEM, "ask the delay server");
    must(uv_ip4_addr("127.0.0.1", server_port(&s->delay.server), &address));
    connection_connect(s->get, (struct sockaddr *)&address);
    trace("main", "asks the slow server");
}

static void stop(void *argument)
{
    struct story *s = argument;
    if (s->get != NULL)
        connection_close(s->get, 0); /* and with it goes the server */
    for (int i = 0; i < s->timers; i++)
        CLOSE(&s->timer[i].timer);
}

int node_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "Files, timers, a job and a request."};
    static struct story s; /* big: it has the connections' buffers */
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "node: something never comes back\n");
    stage_open(&s.stage, stop, &s);
    write_file(&s);
    read_file(&s);
    set_timer(&s, "0 ms, the first", 0, NULL);
    set_timer(&s, "0 ms, the second", 0, NULL);
    set_timer(&s, "10 ms", 10, NULL);
    ask(&s);
    stage_serve(&s.stage);
    unlink(s.path);
    stage_exit_if_stopped(&s.stage);
    if (s.reads != 2 || s.fired != TIMERS || s.fibonacci != 196418 ||
        s.answered == 0)
        error(EXIT_FAILURE, 0, "the claim does not hold");
    printf("all came back to one thread, and the loop closed with nothing "
           "left\n");
    return EXIT_SUCCESS;
}
