/* SPDX-License-Identifier: MIT
 *
 * background.c - a thread, and an eventfd to tell it the end.
 */
#include "background.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server.h"
#include "util.h"

struct background {
    struct server *server; /* the thread's, until it is joined */
    int stop;
    int rc; /* what server_run() gave; read after the join */
    pthread_t thread;
};

static void *run(void *arg)
{
    struct background *background = arg;

    background->rc = server_run(background->server, background->stop);
    return NULL;
}

int background_start(struct background **out, int listener)
{
    struct background *b = calloc(1, sizeof *b);
    int rc = -ENOMEM;

    if (b == NULL) {
        close(listener);
        return rc;
    }
    rc = server_new(&b->server, listener);
    if (rc < 0)
        goto free_background;
    b->stop = eventfd(0, EFD_CLOEXEC);
    if (b->stop < 0) {
        rc = -errno;
        goto free_server;
    }
    rc = -pthread_create(&b->thread, NULL, run, b);
    if (rc < 0)
        goto close_stop;
    *out = b;
    return 0;
close_stop:
    close(b->stop);
free_server:
    server_free(b->server);
free_background:
    free(b);
    return rc;
}

int background_stop(struct background *background, uint64_t *wakes)
{
    must(eventfd_write(background->stop, 1));
    must(pthread_join(background->thread, NULL));
    int rc = background->rc;
    if (wakes != NULL)
        *wakes = server_wakes(background->server);
    server_free(background->server);
    close(background->stop);
    free(background);
    return rc;
}
