/* SPDX-License-Identifier: MIT
 *
 * slow.c - one client sleeps, another only says hello: what does it wait? Three
 * servers. The serial one handles a request after the other; the second has a
 * thread for each connection; the concurrent one has one thread, which waits for
 * everything at once: it is the server of this program.
 *
 * Try: tcp-http slow --how serial
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "../background.h"
#include "../demo.h"
#include "../listener.h"
#include "../request.h"
#include "../site.h"
#include "ask.h"
#include "verbs.h"

enum { SLEEP_MS = 300 };

/* ---- The two that block ---- */

struct blocking {
    int listener;
    bool threads;
};

/* Reads one request and answers it; sleeps in between if it is told to. */
static void *handle(void *arg)
{
    int fd = *(int *)arg;
    char bytes[1024], answer[RESPONSE_MAX], date[RESPONSE_DATE_SIZE];
    struct request request = {0};
    size_t length = 0;
    ssize_t count = 1;

    while (count > 0 && request_parse(&request, bytes, length) == PARSE_MORE) {
        count = recv(fd, bytes + length, sizeof bytes - length, 0);
        length += count > 0 ? (size_t)count : 0;
    }
    struct page page = site_page(request_text(bytes, request.method),
                                 request_text(bytes, request.path),
                                 request_text(bytes, request.query));
    const struct timespec while_others_wait = {.tv_nsec = page.ms * 1000000};
    nanosleep(&while_others_wait, NULL);
    response_date(time(NULL), date);
    page.answer.close = true;
    int size = response_write(&page.answer, date, answer, sizeof answer);
    if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) != size)
        error(EXIT_FAILURE, errno, "answer");
    close(fd);
    return NULL;
}

/* Serves two clients, in the order in which they have come. */
static void *serve(void *arg)
{
    const struct blocking *server = arg;
    pthread_t threads[2];
    int fds[2];

    for (int i = 0; i < 2; i++) {
        fds[i] = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fds[i] < 0)
            error(EXIT_FAILURE, errno, "accept");
        if (server->threads)
            must(pthread_create(&threads[i], NULL, handle, &fds[i]));
        else
            handle(&fds[i]);
    }
    for (int i = 0; i < 2 && server->threads; i++)
        must(pthread_join(threads[i], NULL));
    return NULL;
}

/* ---- The two clients ---- */

/* Gives what the second waited, in ms. */
static double visit(uint16_t port)
{
    int sleeper = ask(port, "/sleep?ms=300");
    int64_t start = now_ns();
    int other = ask(port, "/");

    ask_answer(other);
    double waited = (double)(now_ns() - start) / 1e6;
    ask_answer(sleeper);
    return waited;
}

static double visit_blocking(int listener, uint16_t port, bool with_threads)
{
    struct blocking server = {listener, with_threads};
    pthread_t thread;

    if (fcntl(listener, F_SETFL, 0) < 0) /* its accept() shall block */
        error(EXIT_FAILURE, errno, "make the listener block");
    must(pthread_create(&thread, NULL, serve, &server));
    double waited = visit(port);
    must(pthread_join(thread, NULL));
    close(listener);
    return waited;
}

static double visit_ours(int listener, uint16_t port)
{
    struct background *background;
    int rc = background_start(&background, listener);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start a server");
    double waited = visit(port);
    rc = background_stop(background, NULL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "wait for events");
    return waited;
}

/* ---- The verb ---- */

static const char *const ways[] = {"serial", "threads", "concurrent"};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    int *only = state->input;

    if (key != 'h')
        return unexpected(key, arg, state);
    for (*only = 2; *only >= 0 && strcmp(arg, ways[*only]) != 0;)
        --*only;
    if (*only < 0)
        argp_error(state, "how: '%s' is not serial, threads or concurrent",
                   arg);
    return 0;
}

int slow_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"how", 'h', "HOW", 0, "serial, threads or concurrent only", 0}, {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Asks for /sleep?ms=300, then for /, and tells what / waited."};
    int only = -1;
    bool as_claimed = true;

    argp_parse(&argp, argc, argv, 0, NULL, &only);
    for (int i = 0; i < 3; i++) {
        uint16_t port = 0;
        int listener;
        if (only >= 0 && only != i)
            continue;
        int rc = listener_open(&listener, &port);
        if (rc < 0)
            error(EXIT_FAILURE, -rc, "listen");
        double waited = i == 2 ? visit_ours(listener, port)
                               : visit_blocking(listener, port, i == 1);
        printf("%-11s / waited %7.2f ms\n", ways[i], waited);
        as_claimed &= i == 0 ? waited >= SLEEP_MS : waited < SLEEP_MS;
    }
    return as_claimed ? EXIT_SUCCESS : EXIT_FAILURE;
}
