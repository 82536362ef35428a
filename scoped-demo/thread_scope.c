/* SPDX-License-Identifier: MIT
 *
 * thread_scope.c - a list of threads, in the order of spawning.
 */
#include "thread_scope.h"

#include <pthread.h>
#include <stdbool.h>

#include "util.h"

struct scoped_thread {
    pthread_t id;
    int (*run)(void *arg);
    void *arg;
    int rc; /* the thread's own until it is joined */
    bool joined;
    struct scoped_thread *next;
};

struct thread_scope {
    struct scoped_thread *first, **last;
};

static void *run_thread(void *arg)
{
    struct scoped_thread *self = arg;

    self->rc = self->run(self->arg);
    return NULL;
}

/* Joins and frees all. The first error of a thread not joined before. */
static int end(struct thread_scope *ts)
{
    int first_error = 0;

    while (ts->first != NULL) {
        struct scoped_thread *thread = ts->first;
        bool asked = thread->joined;
        int rc = thread_scope_join(thread);
        if (!asked && first_error == 0)
            first_error = rc;
        ts->first = thread->next;
        free(thread);
    }
    return first_error;
}

int thread_scope_run(int (*body)(struct thread_scope *ts, void *arg), void *arg)
{
    struct thread_scope ts = {.first = NULL};

    ts.last = &ts.first;
    int body_rc = body(&ts, arg);
    int threads_rc = end(&ts); /* in any case */
    return body_rc != 0 ? body_rc : threads_rc;
}

int thread_scope_spawn(struct thread_scope *ts, struct scoped_thread **out,
                       int (*run)(void *arg), void *arg)
{
    struct scoped_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return -ENOMEM;

    thread->run = run;
    thread->arg = arg;
    int rc = pthread_create(&thread->id, NULL, run_thread, thread);
    if (rc != 0) {
        free(thread);
        return -rc;
    }
    *ts->last = thread;
    ts->last = &thread->next;
    if (out != NULL)
        *out = thread;
    return 0;
}

int thread_scope_join(struct scoped_thread *thread)
{
    if (!thread->joined)
        must(pthread_join(thread->id, NULL));
    thread->joined = true;
    return thread->rc;
}
