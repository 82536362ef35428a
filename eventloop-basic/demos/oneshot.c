/* SPDX-License-Identifier: MIT
 *
 * oneshot.c - the same result, fetched twice: sent through a one-shot channel
 * while the job still runs, and left behind for whoever joins the task.
 *
 * The job does not end before its value has been received. So the channel is
 * seen to be what a join is not: news from a job that is still under way.
 *
 * Try: eventloop-basic oneshot
 * Read with: Tokio's documentation, sync::oneshot and task::JoinHandle.
 */
#include "../demo.h"
#include "../task.h"
#include "stage.h"
#include "verbs.h"

struct story {
    struct stage stage;
    struct oneshot *oneshot; /* the job has the sender's end */
    uv_sem_t seen;           /* the loop has received */
    int result;              /* the job's, until it is joined */
    int received, joined;
};

static int work(void *argument)
{
    struct story *story = argument;
    story->result = 6 * 7;
    trace("pool", "sends %d, and goes on working", story->result);
    int rc = oneshot_send(story->oneshot, &story->result);
    uv_sem_wait(&story->seen);
    trace("pool", "ends the job");
    return rc;
}

static void receive(void *argument, int rc, const void *value)
{
    struct story *story = argument;
    must(rc);
    story->received = *(const int *)value;
    trace("loop", "receives %d by the channel", story->received);
    uv_sem_post(&story->seen);
}

static void joined(struct task *task, int rc)
{
    struct story *story = task->argument;
    if (rc == -EPIPE)
        return; /* nobody received it: interrupted() was quicker */
    must(rc);
    story->joined = story->result;
    trace("loop", "joins the task, which gives %d", story->joined);
}

static void interrupted(void *argument)
{
    struct story *story = argument;
    if (story->received == 0)
        oneshot_close(story->oneshot);
    uv_sem_post(&story->seen); /* or the job would wait for ever */
}

int oneshot_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc = "One result, by a one-shot channel and by joining the task."};
    struct story s = {.result = 0};
    struct task task;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "oneshot: the value, or the end of the job, never comes\n");
    stage_open(&s.stage, interrupted, &s);
    uv_loop_t *loop = &s.stage.loop;
    int rc = oneshot_new(&s.oneshot, loop, sizeof s.result, receive, &s);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a channel");
    must(uv_sem_init(&s.seen, 0));
    must(task_spawn(&task, loop, work, joined, &s));
    stage_run(&s.stage);
    uv_sem_destroy(&s.seen);
    if (s.received != 42 || s.joined != 42)
        error(EXIT_FAILURE, 0, "the claim does not hold");
    printf("42 came twice, and the loop closed with nothing left\n");
    return EXIT_SUCCESS;
}
