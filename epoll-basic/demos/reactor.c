/* SPDX-License-Identifier: MIT
 *
 * reactor.c - an echo server and its clients, each connection a task at both of
 * its ends, all in one thread (or in N) over one reactor. Or only the server,
 * for the world, until SIGINT or SIGTERM.
 *
 *   --trace  one task and one byte instead: who tells whom
 *
 * Try: epoll-basic reactor; epoll-basic reactor --listen 8000, and beside it:
 *      nc 127.0.0.1 8000
 * Read with: the async book, "Executors and System IO".
 */
#include "../demo.h"
#include "../tcp.h"
#include "echo.h"
#include "verbs.h"

enum { MOST_THREADS = 64 };

struct options {
    bool trace, listen; /* listen: else our own clients, then the end */
    long port, clients, threads;
};

static void *run(void *executor)
{
    int rc = executor_run(executor); /* until it is stopped */
    if (rc != -ECANCELED)
        error(EXIT_FAILURE, -rc, "run the executor");
    return NULL;
}

static void run_in_threads(struct executor *executor, long others)
{
    pthread_t threads[MOST_THREADS];

    for (long i = 0; i < others; i++) {
        int rc = pthread_create(&threads[i], NULL, run, executor);
        if (rc != 0)
            error(EXIT_FAILURE, rc, "start a thread");
    }
    run(executor);
    for (long i = 0; i < others; i++)
        must(pthread_join(threads[i], NULL));
}

static void set_up(struct echo *echo, const struct options *o)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (o->listen) /* else Ctrl-C ends the program as ever */
        must(pthread_sigmask(SIG_BLOCK, &signals, NULL));
    echo->address = tcp_loopback();
    echo->address.sin_port = htons((uint16_t)o->port);
    int rc = reactor_new(&echo->reactor);
    if (rc == 0)
        rc = executor_new(&echo->executor, reactor_driver(echo->reactor), 0);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make an executor");
    rc = echo_listen(echo);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen at %s", tcp_text(&echo->address).text);
    rc = o->listen ? echo_stop_on_signal(echo) : echo_clients(echo, o->clients);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "spawn a task");
}

static int serve(const struct options *o)
{
    struct echo echo = {.listener = -1};

    set_up(&echo, o);
    if (o->listen)
        printf("listening on %s\n", tcp_text(&echo.address).text);
    else
        watchdog(60, "reactor: a task was never woken\n");
    run_in_threads(echo.executor, o->threads - 1);
    executor_free(echo.executor); /* drops whoever is left, and so closes */
    reactor_free(echo.reactor);
    printf("%ld connections served\n", echo.served);
    if (o->listen)
        return EXIT_SUCCESS;
    printf("%ld clients in %ld thread%s: %ld bytes came back\n", o->clients,
           o->threads, o->threads == 1 ? "" : "s", echo.came_back);
    return echo.clients_left == 0 && echo.served == o->clients ? EXIT_SUCCESS
                                                               : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 'r')
        o->trace = true;
    else if (key == 'c')
        o->clients = count_arg(state, "--clients", arg, 1, 10000);
    else if (key == 't')
        o->threads = count_arg(state, "--threads", arg, 1, MOST_THREADS);
    else if (key == 'l') {
        o->listen = true;
        o->port = count_arg(state, "--listen", arg, 0, 65535);
    } else
        return unexpected(key, arg, state);
    return 0;
}

int reactor_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"trace", 'r', NULL, 0, "one task, one byte: who tells whom", 0},
        {"clients", 'c', "N", 0, "so many clients of its own (8)", 0},
        {"threads", 't', "N", 0, "so many run the executor (1)", 0},
        {"listen", 'l', "PORT", 0,
         "serve others on 127.0.0.1 (0: any port) until Ctrl-C", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "An echo server and its clients."};
    struct options o = {.clients = 8, .threads = 1};

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    return o.trace ? echo_trace() : serve(&o);
}
