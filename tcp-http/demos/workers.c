/* SPDX-License-Identifier: MIT
 *
 * workers.c - a loop that never blocks, and handlers that do: each request goes
 * from the loop to a thread, and its answer comes back by way of an eventfd. The
 * clients all ask at once; the answers come as the handlers end.
 *
 * Try: tcp-http workers --workers 1
 */
#include "../workers.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "../demo.h"
#include "../listener.h"
#include "ask.h"
#include "verbs.h"

enum { HANDLER_MS = 50, ANSWER_MAX = 256 };

struct options {
    long workers, requests;
};

/* One client's request. The loop's, the handler's, the loop's again. */
struct handling {
    struct job job;
    int fd, number;
    char answer[ANSWER_MAX];
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    if (key == 'w')
        options->workers = count_arg(state, "workers", arg, 1, 64);
    else if (key == 'r')
        options->requests = count_arg(state, "requests", arg, 1, 40);
    else
        return unexpected(key, arg, state);
    return 0;
}

/* On a worker: blocks as it likes, and knows no socket. */
static void handle(struct job *job)
{
    struct handling *h = (struct handling *)job;
    const struct timespec long_time = {.tv_nsec = HANDLER_MS * 1000000L};
    char who[24];

    snprintf(who, sizeof who, "thread %ld", (long)gettid());
    trace(who, "handles request %d for %d ms", h->number, HANDLER_MS);
    nanosleep(&long_time, NULL);
    snprintf(h->answer, sizeof h->answer,
             "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"
             "hello\n");
}

/* On the loop: a client is there. What it asks is not looked at here. */
static void begin(struct workers *workers, int listener, int number)
{
    struct handling *h = calloc(1, sizeof *h);
    char head[ANSWER_MAX];

    if (h == NULL)
        error(EXIT_FAILURE, ENOMEM, "take request %d", number);
    h->number = number;
    h->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (h->fd < 0 || recv(h->fd, head, sizeof head, 0) <= 0)
        error(EXIT_FAILURE, errno, "take request %d", number);
    workers_give(workers, &h->job);
}

/* On the loop: some handlers have ended. */
static int finish(struct workers *workers)
{
    int count = 0;

    for (struct job *job = workers_take(workers), *next; job; job = next) {
        struct handling *h = (struct handling *)job;
        next = STAILQ_NEXT(job, link);
        if (send(h->fd, h->answer, strlen(h->answer), MSG_NOSIGNAL) < 0)
            error(EXIT_FAILURE, errno, "answer request %d", h->number);
        trace("loop", "answers request %d", h->number);
        close(h->fd);
        free(h);
        count++;
    }
    return count;
}

/* Gives how often it woke. */
static long loop(struct workers *workers, int listener, long requests)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC), begun = 0;
    struct epoll_event door = {.events = EPOLLIN, .data.fd = listener};
    struct epoll_event back = {.events = EPOLLIN,
                               .data.fd = workers_fd(workers)};
    long wakes = 0;

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &door) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, back.data.fd, &back) < 0)
        error(EXIT_FAILURE, errno, "watch");
    for (long answered = 0; answered < requests; wakes++) {
        struct epoll_event event;
        if (TEMP_FAILURE_RETRY(epoll_wait(epoll, &event, 1, -1)) < 0)
            error(EXIT_FAILURE, errno, "wait");
        if (event.data.fd == listener)
            begin(workers, listener, ++begun);
        else
            answered += finish(workers);
    }
    close(epoll);
    return wakes;
}

int workers_main(int argc, char **argv)
{
    const struct argp_option list[] = {
        {"workers", 'w', "N", 0, "threads for the handlers (4)", 0},
        {"requests", 'r', "N", 0, "clients, each with one request (8)", 0},
        {0}};
    const struct argp argp = {
        list, parse, .doc = "Serves requests whose handlers block for 50 ms."};
    struct options options = {4, 8};
    struct workers *workers;
    int listener, clients[40];
    uint16_t port = 0;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    int rc = listener_open(&listener, &port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen");
    rc = workers_new(&workers, (size_t)options.workers, handle);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start %ld workers", options.workers);
    for (long i = 0; i < options.requests; i++)
        clients[i] = ask(port, "/"); /* the kernel's queue holds them */

    long wakes = loop(workers, listener, options.requests);
    for (long i = 0; i < options.requests; i++)
        ask_answer(clients[i]);
    workers_free(workers);
    close(listener);
    printf("%ld requests of %d ms on %ld workers; the loop woke %ld times, and "
           "never blocked\n",
           options.requests, HANDLER_MS, options.workers, wakes);
    return EXIT_SUCCESS;
}
