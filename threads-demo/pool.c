/* SPDX-License-Identifier: MIT
 *
 * pool.c - workers receive jobs until the last sender has gone.
 *
 * That is the whole shutdown: pool_free() lets go of the jobs' sending side, the
 * workers drain the queue, are told it is closed, and end. No stop message, which
 * could overtake a job or be sent once too often.
 *
 * A worker holds nothing while it runs a job: receiving ends before the job
 * begins, or the workers would run one job at a time (`threads-demo pool --bug
 * hold`).
 */
#include "pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel.h"
#include "oneshot.h"
#include "util.h"

struct ticket {
    pool_job *job;
    void *arg, *result;
    struct oneshot done;
};

struct worker {
    struct channel *jobs;
    char name[16]; /* longer ones Linux refuses */
    pthread_t thread;
};

struct pool {
    struct channel *jobs;  /* tickets for the workers */
    struct channel *order; /* the same tickets, for pool_fetch() */
    size_t count;
    struct worker workers[];
};

static void *work(void *arg)
{
    const struct worker *self = arg;

    must(pthread_setname_np(pthread_self(), self->name));
    for (struct ticket *ticket; channel_recv(self->jobs, &ticket) == 0;) {
        void *result = ticket->job(ticket->arg);
        must(oneshot_send(&ticket->done, &result));
    }
    channel_drop_receiver(self->jobs);
    return NULL;
}

static int start_workers(struct pool *pool, size_t workers)
{
    for (; pool->count < workers; pool->count++) {
        struct worker *w = &pool->workers[pool->count];
        w->jobs = pool->jobs;
        snprintf(w->name, sizeof w->name, "worker-%hu",
                 (unsigned short)(pool->count + 1));
        channel_add_receiver(pool->jobs);
        int rc = pthread_create(&w->thread, NULL, work, w);
        if (rc != 0) {
            channel_drop_receiver(pool->jobs); /* the one for that worker */
            return -rc;
        }
    }
    return 0;
}

int pool_new(struct pool **out, size_t workers, size_t queue)
{
    if (workers == 0 || queue == 0)
        return -EINVAL;
    if (workers > SIZE_MAX / sizeof(struct worker) / 2)
        return -ENOMEM;
    struct pool *pool =
        calloc(1, sizeof *pool + workers * sizeof(struct worker));
    if (pool == NULL)
        return -ENOMEM;
    int rc = channel_new(&pool->jobs, CHANNEL_MUTEX, sizeof(void *), queue);
    if (rc < 0)
        goto free_pool;
    rc = channel_new(&pool->order, CHANNEL_MUTEX, sizeof(void *),
                     CHANNEL_UNBOUNDED);
    if (rc < 0)
        goto free_jobs;
    rc = start_workers(pool, workers);
    if (rc < 0) {
        pool_free(pool);
        return rc;
    }
    *out = pool;
    return 0;
free_jobs:
    channel_drop_sender(pool->jobs);
    channel_drop_receiver(pool->jobs);
free_pool:
    free(pool);
    return rc;
}

int pool_submit(struct pool *pool, pool_job *job, void *arg)
{
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL)
        return -ENOMEM;
    ticket->job = job;
    ticket->arg = arg;
    oneshot_init(&ticket->done, &ticket->result, sizeof ticket->result);
    int rc = channel_send(pool->order, &ticket);
    if (rc < 0) {
        free(ticket);
        return rc;
    }
    /* Cannot fail: the pool has a receiving end itself. */
    must(channel_send(pool->jobs, &ticket));
    return 0;
}

int pool_fetch(struct pool *pool, void **result)
{
    struct ticket *ticket;

    if (channel_try_recv(pool->order, &ticket) < 0)
        return -ENOENT;
    must(oneshot_recv(&ticket->done));
    *result = ticket->result;
    free(ticket);
    return 0;
}

void pool_free(struct pool *pool)
{
    void *forgotten;

    if (pool == NULL)
        return;
    channel_drop_sender(pool->jobs); /* the workers finish, and end */
    for (size_t i = 0; i < pool->count; i++)
        must(pthread_join(pool->workers[i].thread, NULL));
    channel_drop_receiver(pool->jobs);
    while (pool_fetch(pool, &forgotten) == 0)
        ;
    channel_drop_sender(pool->order);
    channel_drop_receiver(pool->order);
    free(pool);
}
