/* SPDX-License-Identifier: MIT
 *
 * serve.c - the server: hello to whoever asks, until SIGINT or SIGTERM.
 *
 * The two signals are blocked and read from a descriptor instead, so that the
 * loop sees them between two requests and never inside one.
 *
 * Try: tcp-http serve --port 0     and, elsewhere: tcp-http get -i URL
 */
#include <sys/signalfd.h>

#include "../demo.h"
#include "../listener.h"
#include "../server.h"
#include "verbs.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    uint16_t *port = state->input;

    if (key != 'p')
        return unexpected(key, arg, state);
    *port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
    return 0;
}

static int stop_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    must(pthread_sigmask(SIG_BLOCK, &set, NULL));
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        error(EXIT_FAILURE, errno, "make a descriptor for signals");
    return fd;
}

int serve_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Answers hello on 127.0.0.1 until SIGINT or SIGTERM, and "
               "finishes what is under way."};
    uint16_t port = 8080;
    struct server *server;
    int listener;

    argp_parse(&argp, argc, argv, 0, NULL, &port);
    int stop = stop_signals(); /* before anybody can know that we are here */
    int rc = listener_open(&listener, &port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on port %d", port);
    const struct server_setup setup = server_setup();
    rc = server_new(&server, listener, &setup);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a server");
    if (printf("listening on http://127.0.0.1:%d/\n", port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    rc = server_run(server, stop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "wait for events");
    server_free(server);
    close(stop);
    return EXIT_SUCCESS;
}
