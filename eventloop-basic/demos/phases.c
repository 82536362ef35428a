/* SPDX-License-Identifier: MIT
 *
 * phases.c - one turn of the loop, phase by phase: timers, pending, idle,
 * prepare, poll, check, closing. And three things that are less than they seem:
 * several wakes are one, cancel stops only what has not started, and stop lets
 * the turn go on to its end.
 *
 * "Pending" is for what is known already, but may not be told at once, for a
 * callback never comes from inside the call that asked: here a write that the
 * socket took on the spot.
 *
 * Try: eventloop-basic phases
 * Read with: The Node Experiment, "The main loop"; the libuv guide, "Basics"
 * and "Threads" (uv_async_send, uv_cancel).
 */
#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

enum { POOL = 4 };

struct story {
    struct stage stage;
    uv_timer_t timer;
    uv_idle_t idle;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_async_t wake;
    uv_pipe_t ends[2];
    uv_write_t write;
    struct task job[POOL + 1]; /* one more than there are threads */
    uv_sem_t in, out;
    char order[160];
    int wakes, running_cancelled, cancelled, done;
};

static void tell(struct story *s, const char *phase)
{
    trace("loop", "%s", phase);
    size_t length = strlen(s->order);
    snprintf(s->order + length, sizeof s->order - length, "%s ", phase);
}

static void on_closed(uv_handle_t *handle)
{
    tell(handle->data, "closing");
}

static void on_timer(uv_timer_t *timer)
{
    struct story *s = timer->data;
    tell(s, "timers");
    for (int i = 0; i < 3; i++) /* its callback comes in this turn's poll */
        must(uv_async_send(&s->wake));
}

static void on_written(uv_write_t *write, int status)
{
    tell(write->data, status == 0 ? "pending" : "?");
}

static void on_idle(uv_idle_t *idle)
{
    tell(idle->data, "idle");
}

static void on_prepare(uv_prepare_t *prepare)
{
    tell(prepare->data, "prepare");
}

static void on_wake(uv_async_t *wake)
{
    struct story *s = wake->data;
    tell(s, "poll");
    s->wakes++;
    trace("loop", "three wakes, %d callback; and says stop", s->wakes);
    uv_stop(wake->loop);
}

static void on_check(uv_check_t *check)
{
    struct story *s = check->data;
    tell(s, "check");
    uv_close((uv_handle_t *)&s->timer, on_closed);
}

static void write_a_byte(struct story *s)
{
    uv_os_sock_t fd[2];
    char x = 'x'; /* the socket takes it on the spot */
    uv_buf_t byte = uv_buf_init(&x, 1);
    int rc =
        uv_socketpair(SOCK_STREAM, 0, fd, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a pair of sockets");
    for (int i = 0; i < 2; i++) {
        must(uv_pipe_init(&s->stage.loop, &s->ends[i], 0));
        must(uv_pipe_open(&s->ends[i], fd[i]));
    }
    s->write.data = s;
    must(uv_write(&s->write, (uv_stream_t *)&s->ends[0], &byte, 1, on_written));
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
    s->done++;
    s->cancelled += rc == -ECANCELED;
}

/* Every thread of the pool has a job, and one more job waits. */
static void cancel_jobs(struct story *s)
{
    must(uv_sem_init(&s->in, 0));
    must(uv_sem_init(&s->out, 0));
    for (int i = 0; i < POOL; i++)
        must(task_spawn(&s->job[i], &s->stage.loop, hold, joined, s));
    for (int i = 0; i < POOL; i++)
        uv_sem_wait(&s->in);
    must(task_spawn(&s->job[POOL], &s->stage.loop, hold, joined, s));
    int running = task_cancel(&s->job[0]), waiting = task_cancel(&s->job[POOL]);
    s->running_cancelled = running == 0;
    trace("main", "cancel a job that runs: %s; one that waits: %s",
          running == 0 ? "ok" : uv_err_name(running),
          waiting == 0 ? "ok" : uv_err_name(waiting));
    for (int i = 0; i < POOL; i++)
        uv_sem_post(&s->out);
}

static void start_all(struct story *s)
{
    uv_loop_t *loop = &s->stage.loop;
    must(uv_timer_init(loop, &s->timer));
    must(uv_idle_init(loop, &s->idle));
    must(uv_prepare_init(loop, &s->prepare));
    must(uv_check_init(loop, &s->check));
    must(uv_async_init(loop, &s->wake, on_wake));
    s->timer.data = s->idle.data = s->prepare.data = s->check.data =
        s->wake.data = s;
    must(uv_timer_start(&s->timer, on_timer, 0, 0));
    must(uv_idle_start(&s->idle, on_idle));
    must(uv_prepare_start(&s->prepare, on_prepare));
    must(uv_check_start(&s->check, on_check));
}

int phases_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "One turn of the loop, in order."};
    struct story s = {.wakes = 0};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "phases: the loop does not turn\n");
    /* libuv reads it when the pool starts; no thread runs yet. */
    setenv("UV_THREADPOOL_SIZE", "4", 1); /* NOLINT(concurrency-mt-unsafe) */
    stage_open(&s.stage, NULL, NULL);
    start_all(&s);
    write_a_byte(&s);
    int left = uv_run(&s.stage.loop, UV_RUN_DEFAULT); /* until it is stopped */
    if (s.stage.stopped_by == 0) {
        trace("main", "the turn went on to its end, then the loop stopped");
        stage_close_all(&s.stage);
        cancel_jobs(&s);
    }
    stage_run(&s.stage);
    uv_sem_destroy(&s.in);
    uv_sem_destroy(&s.out);
    bool holds = left != 0 && s.wakes == 1 && s.running_cancelled == 0 &&
                 s.cancelled == 1 && s.done == POOL + 1 &&
                 strcmp(s.order, "timers pending idle prepare poll check "
                                 "closing ") == 0;
    printf("one turn: %s\n", s.order);
    printf("wakes merge, a running job is not cancelled, a stopped turn ends: "
           "%s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
