/* SPDX-License-Identifier: MIT
 *
 * task.c - a work request with a result, and an async handle with a value.
 *
 * A task needs no lock: libuv's own queue hands it to one thread and back, and
 * orders what each wrote before what the next one reads.
 *
 * A oneshot is held by two: the sender, until it has sent or dropped, and the
 * handle, until its close callback. Either may be the last, so the last one
 * frees. The handle cannot do it alone: the loop may have received, closed and
 * called back while the sender is still inside uv_async_send(). For the same
 * reason that call is made with the lock held: nobody can have begun to close
 * a handle that is not yet receiver_gone.
 *
 * Read with: the libuv guide, "Threads" (uv_queue_work, uv_async_send).
 */
#include "task.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* ---- Tasks ---- */

static void run_job(uv_work_t *request) /* on a pool thread */
{
    struct task *task = request->data;

    task->rc = task->job(task->argument);
}

static void join(uv_work_t *request, int status) /* on the loop's thread */
{
    struct task *task = request->data;

    task->under_way = false;
    /* The last touch: done may free the task, or spawn it anew. */
    task->done(task, status < 0 ? status : task->rc);
}

int task_spawn(struct task *task, uv_loop_t *loop, int (*job)(void *argument),
               void (*done)(struct task *task, int rc), void *argument)
{
    if (job == NULL)
        return -EINVAL;
    task->job = job;
    task->done = done;
    task->argument = argument;
    task->request.data = task;
    task->under_way = true;
    return uv_queue_work(loop, &task->request, run_job, join);
}

int task_cancel(struct task *task)
{
    /* libuv would follow the pointers of a queue the request has left. */
    if (!task->under_way)
        return -EBUSY;
    return uv_cancel((uv_req_t *)&task->request);
}

/* ---- One-shot channels ---- */

struct oneshot {
    uv_async_t wake; /* wakes the loop; says neither who nor how often */
    void (*received)(void *argument, int rc, const void *value);
    void *argument;
    size_t value_size;

    pthread_mutex_t lock; /* guards everything below */
    int holds;            /* the sender's and the handle's */
    bool receiver_gone;
    bool has_value;
    alignas(max_align_t) unsigned char value[]; /* of any type */
};

/* Called with the lock held, which it gives back. */
static void let_go(struct oneshot *oneshot)
{
    bool last = --oneshot->holds == 0;

    must(pthread_mutex_unlock(&oneshot->lock));
    if (last) {
        must(pthread_mutex_destroy(&oneshot->lock));
        free(oneshot);
    }
}

static void handle_closed(uv_handle_t *handle)
{
    struct oneshot *oneshot = handle->data;

    must(pthread_mutex_lock(&oneshot->lock));
    let_go(oneshot);
}

void oneshot_close(struct oneshot *oneshot)
{
    must(pthread_mutex_lock(&oneshot->lock));
    oneshot->receiver_gone = true; /* no sender touches the handle any more */
    must(pthread_mutex_unlock(&oneshot->lock));
    uv_close((uv_handle_t *)&oneshot->wake, handle_closed);
}

/* The sender has spoken, by a value or by letting go. */
static void wake_up(uv_async_t *wake)
{
    struct oneshot *oneshot = wake->data;

    must(pthread_mutex_lock(&oneshot->lock));
    bool has_value = oneshot->has_value;
    must(pthread_mutex_unlock(&oneshot->lock));

    oneshot_close(oneshot); /* frees in a later step of the loop, not now */
    if (has_value)
        oneshot->received(oneshot->argument, 0, oneshot->value);
    else
        oneshot->received(oneshot->argument, -EPIPE, NULL);
}

int oneshot_new(struct oneshot **out, uv_loop_t *loop, size_t value_size,
                void (*received)(void *argument, int rc, const void *value),
                void *argument)
{
    if (value_size == 0)
        return -EINVAL;
    if (value_size > PTRDIFF_MAX - sizeof(struct oneshot))
        return -ENOMEM;

    struct oneshot *oneshot = calloc(1, sizeof *oneshot + value_size);
    if (oneshot == NULL)
        return -ENOMEM;
    int rc = uv_async_init(loop, &oneshot->wake, wake_up);
    if (rc < 0) { /* the loop does not know the handle yet: no close */
        free(oneshot);
        return rc;
    }
    must(pthread_mutex_init(&oneshot->lock, NULL));
    oneshot->wake.data = oneshot;
    oneshot->received = received;
    oneshot->argument = argument;
    oneshot->value_size = value_size;
    oneshot->holds = 2;
    *out = oneshot;
    return 0;
}

/* The end of a sender's life, with a value or, if NULL, without. */
static int finish(struct oneshot *oneshot, const void *value)
{
    must(pthread_mutex_lock(&oneshot->lock));
    int rc = oneshot->receiver_gone ? -EPIPE : 0;
    if (rc == 0) {
        if (value != NULL)
            memcpy(oneshot->value, value, oneshot->value_size);
        oneshot->has_value = value != NULL;
        must(uv_async_send(&oneshot->wake));
    }
    let_go(oneshot);
    return rc;
}

int oneshot_send(struct oneshot *oneshot, const void *value)
{
    return finish(oneshot, value);
}

void oneshot_drop_sender(struct oneshot *oneshot)
{
    (void)finish(oneshot, NULL); /* to a receiver that is gone: as well */
}
