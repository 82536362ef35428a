/* SPDX-License-Identifier: MIT
 *
 * hello.c - nothing happens while nobody runs the loop; and the one thing that
 * does: a job that was handed to the pool is under way at once.
 *
 * Rust's futures are inert until awaited. libuv's timer is inert too, until its
 * loop runs; but a request is eager, and only its callback waits for the loop.
 *
 * Try: eventloop-basic hello
 * Read with: Tokio's tutorial, "Hello Tokio"; async-std's book, "Tasks".
 */
#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

struct story {
    struct stage stage;
    uv_timer_t greeting;
    struct task task;
    uv_sem_t ran; /* the job has */
    int said, joined;
};

static void say_hello(uv_timer_t *timer)
{
    struct story *s = timer->data;
    trace("loop", "hello");
    s->said++;
    CLOSE(timer);
}

static int work(void *argument)
{
    struct story *s = argument;
    trace("pool", "the job runs");
    uv_sem_post(&s->ran);
    return 0;
}

static void joined(struct task *task, int rc)
{
    struct story *s = task->argument;
    must(rc);
    trace("loop", "joins the job");
    s->joined++;
}

int hello_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "What happens before the loop runs."};
    struct story s = {.said = 0};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "hello: the job, or the loop, does not end\n");
    stage_open(&s.stage, NULL, NULL);
    must(uv_sem_init(&s.ran, 0));

    int left = uv_run(&s.stage.loop, UV_RUN_DEFAULT);
    trace("main", "an empty loop returns at once: %d handles left", left);

    must(uv_timer_init(&s.stage.loop, &s.greeting));
    s.greeting.data = &s;
    must(uv_timer_start(&s.greeting, say_hello, 0, 0));
    trace("main", "a timer is due now, and says nothing");

    must(task_spawn(&s.task, &s.stage.loop, work, joined, &s));
    uv_sem_wait(&s.ran);
    trace("main", "the job has run, and nobody has joined it");
    bool nothing_yet = left == 0 && s.said == 0 && s.joined == 0;

    trace("main", "runs the loop");
    stage_run(&s.stage);
    uv_sem_destroy(&s.ran);
    if (!nothing_yet || s.said != 1 || s.joined != 1)
        error(EXIT_FAILURE, 0, "the claim does not hold");
    printf("callbacks come only while the loop runs; nothing is left open\n");
    return EXIT_SUCCESS;
}
