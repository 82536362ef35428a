/* SPDX-License-Identifier: MIT
 *
 * background.c - threads, and one eventfd that tells all of them the end.
 */
#include "background.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util.h"

struct runner {
    struct server *server; /* the thread's, until it is joined */
    int stop;              /* borrowed */
    int rc;                /* what server_run() gave; read after the join */
    pthread_t thread;
};

struct background {
    int stop;
    struct counters *counters; /* one a thread */
    size_t count;
    struct runner runners[];
};

static void *run(void *arg)
{
    struct runner *runner = arg;

    runner->rc = server_run(runner->server, runner->stop);
    return NULL;
}

/* Takes the listener, whatever happens. */
static int start_one(struct runner *runner, int listener, int stop,
                     const struct server_setup *setup)
{
    int rc = server_new(&runner->server, listener, setup);

    if (rc < 0)
        return rc;
    runner->stop = stop;
    rc = -pthread_create(&runner->thread, NULL, run, runner);
    if (rc < 0)
        server_free(runner->server);
    return rc;
}

static int start_each(struct background *b, const int *listeners, size_t count,
                      const struct server_setup *setup)
{
    struct server_setup each = setup != NULL ? *setup : server_setup();
    int rc = 0;

    each.all = b->counters;
    each.threads = count;
    if (each.clients_max != SIZE_MAX) /* rounded up: a share is at least one */
        each.clients_max = (each.clients_max + count - 1) / count;
    for (size_t i = 0; i < count; i++) {
        each.number = i;
        if (rc == 0)
            rc = start_one(&b->runners[i], listeners[i], b->stop, &each);
        else
            close(listeners[i]);
        if (rc == 0)
            b->count++;
    }
    return rc;
}

int background_start_all(struct background **out, const int *listeners,
                         size_t count, const struct server_setup *setup)
{
    struct background *b = calloc(1, sizeof *b + count * sizeof b->runners[0]);
    struct counters *counters =
        aligned_alloc(_Alignof(struct counters), count * sizeof *counters);
    int rc = b == NULL || counters == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        memset(counters, 0, count * sizeof *counters);
        b->counters = counters;
        b->stop = eventfd(0, EFD_CLOEXEC);
        rc = b->stop < 0 ? -errno : 0;
    }
    if (rc < 0) {
        for (size_t i = 0; i < count; i++)
            close(listeners[i]);
        free(counters);
        free(b);
        return rc;
    }
    rc = start_each(b, listeners, count, setup);
    if (rc < 0)
        background_stop(b, NULL);
    else
        *out = b;
    return rc;
}

int background_start(struct background **out, int listener)
{
    return background_start_all(out, &listener, 1, NULL);
}

int background_stop(struct background *background, uint64_t *wakes)
{
    uint64_t sum = 0;
    int rc = 0;

    must(eventfd_write(background->stop, 1));
    for (size_t i = 0; i < background->count; i++) {
        struct runner *runner = &background->runners[i];
        must(pthread_join(runner->thread, NULL));
        rc = rc < 0 ? rc : runner->rc;
        sum += server_wakes(runner->server);
        server_free(runner->server);
    }
    if (wakes != NULL)
        *wakes = sum;
    close(background->stop);
    free(background->counters);
    free(background);
    return rc;
}
