/* SPDX-License-Identifier: MIT
 *
 * workers.c - one lock, one condition, two queues, one eventfd.
 *
 * work is signalled when to_do grows, and broadcast when closed becomes true:
 * nothing else can end a wait.
 */
#include "workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util.h"

STAILQ_HEAD(jobs, job);

struct workers {
    int fd;
    void (*run)(struct job *);

    pthread_mutex_t lock; /* guards everything in this block */
    pthread_cond_t work;
    bool closed;
    struct jobs to_do, done;

    size_t count; /* of the threads that run */
    pthread_t threads[];
};

/* NULL: all is done, and there will be no more. */
static struct job *next_job(struct workers *w)
{
    must(pthread_mutex_lock(&w->lock));
    while (STAILQ_EMPTY(&w->to_do) && !w->closed)
        must(pthread_cond_wait(&w->work, &w->lock));
    struct job *job = STAILQ_FIRST(&w->to_do);
    if (job != NULL)
        STAILQ_REMOVE_HEAD(&w->to_do, link);
    must(pthread_mutex_unlock(&w->lock));
    return job;
}

static void *work(void *arg)
{
    struct workers *w = arg;

    for (struct job *job; (job = next_job(w)) != NULL;) {
        w->run(job);
        must(pthread_mutex_lock(&w->lock));
        STAILQ_INSERT_TAIL(&w->done, job, link);
        must(pthread_mutex_unlock(&w->lock));
        must(eventfd_write(w->fd, 1)); /* second: see workers.h */
    }
    return NULL;
}

int workers_new(struct workers **out, size_t count, void (*run)(struct job *))
{
    struct workers *w = calloc(1, sizeof *w + count * sizeof w->threads[0]);

    if (w == NULL)
        return -ENOMEM;
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->fd < 0) {
        int rc = -errno;
        free(w);
        return rc;
    }
    w->run = run;
    STAILQ_INIT(&w->to_do);
    STAILQ_INIT(&w->done);
    must(pthread_mutex_init(&w->lock, NULL));
    must(pthread_cond_init(&w->work, NULL));
    for (size_t i = 0; i < count; i++) {
        int rc = -pthread_create(&w->threads[i], NULL, work, w);
        if (rc < 0) {
            workers_free(w);
            return rc;
        }
        w->count++;
    }
    *out = w;
    return 0;
}

int workers_fd(const struct workers *workers)
{
    return workers->fd;
}

void workers_give(struct workers *w, struct job *job)
{
    must(pthread_mutex_lock(&w->lock));
    STAILQ_INSERT_TAIL(&w->to_do, job, link);
    must(pthread_mutex_unlock(&w->lock));
    must(pthread_cond_signal(&w->work));
}

struct job *workers_take(struct workers *w)
{
    eventfd_t rings;

    if (eventfd_read(w->fd, &rings) < 0) /* first: see workers.h */
        must(errno == EAGAIN ? 0 : errno);
    must(pthread_mutex_lock(&w->lock));
    struct job *first = STAILQ_FIRST(&w->done);
    STAILQ_INIT(&w->done);
    must(pthread_mutex_unlock(&w->lock));
    return first;
}

void workers_free(struct workers *w)
{
    if (w == NULL)
        return;
    must(pthread_mutex_lock(&w->lock));
    w->closed = true;
    must(pthread_mutex_unlock(&w->lock));
    must(pthread_cond_broadcast(&w->work));
    for (size_t i = 0; i < w->count; i++)
        must(pthread_join(w->threads[i], NULL));
    must(pthread_cond_destroy(&w->work));
    must(pthread_mutex_destroy(&w->lock));
    close(w->fd);
    free(w);
}
