/* SPDX-License-Identifier: MIT
 *
 * kv.c - a key-value server, until SIGINT or SIGTERM: on one loop, or on several
 * that accept from one listening socket and share one locked store.
 *
 * With --serial one client is served at a time, as by a loop that accepts,
 * serves to the end, and only then accepts again: the next one waits.
 *
 * Try: eventloop-basic kv, and beside it: eventloop-basic chat --connect 7010
 *      SET hello world
 *      GET hello
 * Read with: Tokio's tutorial, "Spawning" and "Shared state".
 */
#include <fcntl.h>

#include "../demo.h"
#include "../kv.h"
#include "kv.h"
#include "stage.h"
#include "verbs.h"

enum { LOOPS_MOST = 64, STORE_LIMIT = 256 << 20 };

struct worker { /* a loop on a thread of its own */
    uv_loop_t loop;
    uv_async_t stop;
    struct kv *kv;
    uv_thread_t thread;
};

struct wishes {
    struct listening where;
    long loops;
    bool hold;
};

struct service {
    struct stage stage;
    struct kv *kv;
    struct store *store;
    pthread_mutex_t lock;
    struct worker worker[LOOPS_MOST];
    int workers;
};

static void stop_worker(uv_async_t *stop)
{
    kv_close(((struct worker *)stop->data)->kv);
    CLOSE(stop);
}

static void run_worker(void *argument)
{
    struct worker *w = argument;
    uv_run(&w->loop, UV_RUN_DEFAULT);
}

/* The same listening socket: each loop accepts what it is quick enough to. */
static void start_worker(struct service *s, struct worker *w)
{
    uv_os_fd_t fd;
    must(uv_loop_init(&w->loop));
    must(uv_async_init(&w->loop, &w->stop, stop_worker));
    w->stop.data = w;
    must(uv_fileno(&kv_server(s->kv)->listener.handle, &fd));
    struct listening where = {.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    int rc = where.fd < 0
                 ? -errno
                 : kv_listen(&w->kv, &w->loop, &where, s->store, &s->lock);
    if (rc == 0)
        rc = uv_thread_create(&w->thread, run_worker, w);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start a loop on a thread");
}

static void end_worker(struct worker *w)
{
    must(uv_thread_join(&w->thread));
    must(uv_loop_close(&w->loop));
}

static void stop(void *argument)
{
    struct service *s = argument;
    printf("told to stop\n");
    for (int i = 0; i < s->workers; i++)
        must(uv_async_send(&s->worker[i].stop));
    kv_close(s->kv);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'p')
        wishes->where.port = (int)count_arg(state, "--port", arg, 0, 65535);
    else if (key == 's')
        wishes->where.most = 1;
    else if (key == 'l')
        wishes->loops = count_arg(state, "--loops", arg, 1, LOOPS_MOST);
    else if (key == 'b' && strcmp(arg, "hold") == 0)
        wishes->hold = true;
    else if (key == 'b')
        argp_error(state, "--bug: '%s' is not hold", arg);
    else if (key == ARGP_KEY_END && wishes->loops > 1 && wishes->where.most > 0)
        argp_error(state, "--serial is for one loop");
    else
        return unexpected(key, arg, state);
    return 0;
}

static int serve(const struct wishes *wishes)
{
    static struct service s;
    stage_open(&s.stage, stop, &s);
    must(pthread_mutex_init(&s.lock, NULL));
    int rc = store_new(&s.store, STORE_LIMIT);
    if (rc == 0)
        rc = kv_listen(&s.kv, &s.stage.loop, &wishes->where, s.store,
                       wishes->loops > 1 ? &s.lock : NULL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%d", wishes->where.port);
    for (; s.workers < wishes->loops - 1; s.workers++)
        start_worker(&s, &s.worker[s.workers]);
    printf("listening on 127.0.0.1:%d\n", server_port(kv_server(s.kv)));
    stage_serve(&s.stage);
    for (int i = 0; i < s.workers; i++)
        end_worker(&s.worker[i]);
    store_free(s.store);
    must(pthread_mutex_destroy(&s.lock));
    printf("%ld loops are closed, with nothing left\n", wishes->loops);
    return EXIT_SUCCESS;
}

int kv_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "7010 by default; 0 picks a free one", 0},
        {"serial", 's', NULL, 0, "serve one client at a time", 0},
        {"loops", 'l', "N", 0, "so many loops, each on a thread", 0},
        {"bug", 'b', "hold", 0, "keep the lock while waiting", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "GET key, SET key value, DEL key, by line, on 127.0.0.1 until "
               "SIGINT or SIGTERM."};
    struct wishes wishes = {.where.port = 7010, .loops = 1};
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    return wishes.hold ? kv_hold() : serve(&wishes);
}
