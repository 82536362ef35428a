/* SPDX-License-Identifier: MIT
 *
 * mhd.c - the twin: the same answers, but sockets, threads and parser are
 * libmicrohttpd's, in the four ways it knows.
 *
 * Try: tcp-http mhd --port 0 --threads pool     and, elsewhere: tcp-http get -i URL
 */
#include "../mhd.h"
#include "../demo.h"
#include "../listener.h"
#include "verbs.h"

static const char *const modes[] = {[MHD_MODE_INTERNAL] = "internal",
                                    [MHD_MODE_POOL] = "pool",
                                    [MHD_MODE_PER_CONNECTION] = "connection",
                                    [MHD_MODE_EXTERNAL] = "external"};

struct wish {
    uint16_t port;
    enum mhd_mode mode;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;

    switch (key) {
    case 'p':
        wish->port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
        return 0;
    case 't':
        for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
            if (strcmp(arg, modes[i]) == 0) {
                wish->mode = (enum mhd_mode)i;
                return 0;
            }
        argp_error(state, "threads: '%s' is none of the four", arg);
        return 0;
    default:
        return unexpected(key, arg, state);
    }
}

int mhd_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {"threads", 't', "MODE", 0,
         "who waits for the clients: internal, one thread of the library's "
         "(the default); pool, four; connection, one for each client; "
         "external, one of ours that calls the library",
         0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Answers as serve does without --root, on 127.0.0.1 until "
               "SIGINT or SIGTERM, by libmicrohttpd."};
    struct wish wish = {.port = 8080, .mode = MHD_MODE_INTERNAL};
    struct mhd *mhd;
    int listener, caught;
    sigset_t stop;

    argp_parse(&argp, argc, argv, 0, NULL, &wish);
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    /* Before the library's threads start, which inherit it. */
    must(pthread_sigmask(SIG_BLOCK, &stop, NULL));
    int rc = listener_open(&listener, &wish.port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on port %d", wish.port);
    rc = mhd_start(&mhd, listener, wish.mode);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start libmicrohttpd");
    if (printf("listening on http://127.0.0.1:%d/\n", wish.port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    must(sigwait(&stop, &caught));
    mhd_stop(mhd);
    return EXIT_SUCCESS;
}
