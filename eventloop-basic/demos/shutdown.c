/* SPDX-License-Identifier: MIT
 *
 * shutdown.c - how a program ends well: decide (a signal), tell (everyone who is
 * under way), wait (until nobody is). The loop does the waiting: it ends when
 * its last handle has closed and its last request has come back.
 *
 * A job that waits for a thread is cancelled. One that runs can only be asked,
 * by a flag. And one that does not listen would be waited for without end: so
 * the wait has a limit, after which we say who is missing.
 *
 * Without --wait the program sends itself the SIGTERM.
 *
 * Try: eventloop-basic shutdown
 *      eventloop-basic shutdown --wait, and then Ctrl-C
 * Read with: Tokio, topics, "Graceful shutdown".
 */
#include <stdatomic.h>

#include "../demo.h"
#include "../echo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

enum { POOL = 4, LIMIT_MS = 50 };

struct job {
    struct task task;
    const char *name;
    struct story *story;
    bool is_over;
};

struct story {
    struct stage stage;
    struct echo *server;
    uv_timer_t ticker, limit;
    struct job polite[POOL - 1], deaf, queued;
    atomic_bool told;  /* what the polite jobs look at */
    uv_sem_t deaf_end; /* what only the end of the story gives */
    uv_sem_t in;       /* a job runs */
    int joined, cancelled, missing;
};

static int listen_and_work(void *argument)
{
    struct story *s = ((struct job *)argument)->story;
    uv_sem_post(&s->in);
    /* relaxed: it only says when; the join orders what was done until then */
    while (!atomic_load_explicit(&s->told, memory_order_relaxed))
        uv_sleep(1);
    return 0;
}

static int work_on(void *argument)
{
    struct story *s = ((struct job *)argument)->story;
    uv_sem_post(&s->in);
    uv_sem_wait(&s->deaf_end);
    return 0;
}

static void joined(struct task *task, int rc)
{
    struct job *job = task->argument;
    trace(job->name, rc == -ECANCELED ? "is cancelled" : "has ended");
    job->is_over = true;
    job->story->joined++;
    job->story->cancelled += rc == -ECANCELED;
    if (job->story->joined == POOL + 1)
        CLOSE(&job->story->limit);
}

static void spawn(struct story *s, struct job *job, const char *name,
                  int (*work)(void *))
{
    *job = (struct job){.name = name, .story = s};
    must(task_spawn(&job->task, &s->stage.loop, work, joined, job));
}

static void tick(uv_timer_t *ticker)
{
    (void)ticker; /* someone who would go on for ever */
}

static void limit_reached(uv_timer_t *limit)
{
    struct story *s = limit->data;
    const struct job *jobs[] = {&s->polite[0], &s->polite[1], &s->polite[2],
                                &s->deaf, &s->queued};
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        if (jobs[i]->is_over)
            continue;
        trace("main", "after %d ms still waits for: %s", LIMIT_MS,
              jobs[i]->name);
        s->missing++;
    }
    /* A server would call _exit() here. The story lets it end instead. */
    uv_sem_post(&s->deaf_end);
    CLOSE(limit);
}

static void tell_all(void *argument)
{
    struct story *s = argument;
    trace("main", "decides to end, and tells everyone");
    echo_close(s->server);
    CLOSE(&s->ticker);
    must(task_cancel(&s->queued.task));
    /* relaxed: see listen_and_work() */
    atomic_store_explicit(&s->told, true, memory_order_relaxed);
    must(uv_timer_start(&s->limit, limit_reached, LIMIT_MS, 0));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'w')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int shutdown_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"wait", 'w', NULL, 0, "for a SIGINT or SIGTERM from outside", 0}, {0}};
    const struct argp argp = {options, parse, .doc = "Decide, tell, wait."};
    struct story s = {.joined = 0};
    bool waits = false;
    argp_parse(&argp, argc, argv, 0, NULL, &waits);
    if (!waits)
        watchdog(30, "shutdown: it does not end\n");
    /* libuv reads it when the pool starts; no thread runs yet. */
    setenv("UV_THREADPOOL_SIZE", "4", 1); /* NOLINT(concurrency-mt-unsafe) */
    stage_open(&s.stage, tell_all, &s);
    must(uv_sem_init(&s.in, 0));
    must(uv_sem_init(&s.deaf_end, 0));
    must(uv_timer_init(&s.stage.loop, &s.ticker));
    must(uv_timer_init(&s.stage.loop, &s.limit));
    s.limit.data = &s;
    must(uv_timer_start(&s.ticker, tick, 5, 5));
    int rc = echo_listen(&s.server, &s.stage.loop,
                         &(struct listening){.port = 0}, false);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1");
    for (int i = 0; i < POOL - 1; i++)
        spawn(&s, &s.polite[i], "a job", listen_and_work);
    spawn(&s, &s.deaf, "the deaf job", work_on);
    spawn(&s, &s.queued, "the next job", listen_and_work);
    for (int i = 0; i < POOL; i++)
        uv_sem_wait(&s.in);
    trace("main", "a server, a ticker, %d jobs that run and one that waits",
          POOL);
    if (!waits)
        must(raise(SIGTERM));
    stage_serve(&s.stage);
    uv_sem_destroy(&s.in);
    uv_sem_destroy(&s.deaf_end);
    bool holds = s.joined == POOL + 1 && s.cancelled == 1 && s.missing == 1;
    printf(
        "all were told, one did not listen, and the loop closed with nothing "
        "left: %s\n",
        holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
