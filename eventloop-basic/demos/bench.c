/* SPDX-License-Identifier: MIT
 *
 * bench.c - an empty job to the pool and back: bare libuv, then a task; one at
 * a time, then 10,000 in flight.
 *
 * Try: eventloop-basic bench
 */
#include "../demo.h"
#include "../task.h"
#include "verbs.h"

/* ---- One at a time: two threads wake each other ---- */

static void do_nothing(uv_work_t *request)
{
    (void)request;
}

static void next_request(uv_work_t *request, int status)
{
    long *left = request->data;
    if (status == 0 && --*left > 0)
        must(uv_queue_work(request->loop, request, do_nothing, next_request));
}

static int bare(long jobs)
{
    uv_work_t request = {.data = &jobs};
    must(uv_queue_work(uv_default_loop(), &request, do_nothing, next_request));
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static int no_work(void *argument)
{
    return argument == NULL;
}

static void next_task(struct task *task, int rc)
{
    long *left = task->argument;
    if (rc == 0 && --*left > 0)
        must(task_spawn(task, task->request.loop, no_work, next_task, left));
}

static int as_task(long jobs)
{
    struct task task;
    must(task_spawn(&task, uv_default_loop(), no_work, next_task, &jobs));
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* ---- Many at once: what a job costs when no thread has to be woken ---- */

enum { IN_FLIGHT = 10000 };

static void count_request(uv_work_t *request, int status)
{
    *(long *)request->data -= status == 0;
}

static int bare_in_flight(long jobs)
{
    static uv_work_t request[IN_FLIGHT];
    for (long i = 0; i < IN_FLIGHT; i++) {
        request[i].data = &jobs;
        must(uv_queue_work(uv_default_loop(), &request[i], do_nothing,
                           count_request));
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return jobs == 0 ? 0 : -EIO;
}

static void count_task(struct task *task, int rc)
{
    *(long *)task->argument -= rc == 0;
}

static int tasks_in_flight(long jobs)
{
    static struct task task[IN_FLIGHT];
    for (long i = 0; i < IN_FLIGHT; i++)
        must(task_spawn(&task[i], uv_default_loop(), no_work, count_task,
                        &jobs));
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return jobs == 0 ? 0 : -EIO;
}

/* ---- A channel, without a thread ---- */

static void count(void *argument, int rc, const void *value)
{
    *(long *)argument -= rc == 0 && value != NULL;
}

static int by_oneshot(long left)
{
    while (left > 0) {
        struct oneshot *one;
        must(oneshot_new(&one, uv_default_loop(), sizeof left, count, &left));
        must(oneshot_send(one, &left));
        uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    }
    return 0;
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"uv_queue_work, round trip", bare, 1000},
        {"task, round trip", as_task, 1000},
        {"uv_queue_work, 10,000", bare_in_flight, IN_FLIGHT},
        {"task, 10,000 in flight", tasks_in_flight, IN_FLIGHT},
        {"oneshot, to one's own loop", by_oneshot, 10000},
    };
    int status =
        run_bench(argc, argv, "To the pool and back: libuv, and tasks.", rows,
                  sizeof rows / sizeof rows[0]);
    return uv_loop_close(uv_default_loop()) == 0 ? status : EXIT_FAILURE;
}
