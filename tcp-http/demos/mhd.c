/* SPDX-License-Identifier: MIT
 *
 * mhd.c - the twin: the same command line and the same answer, but sockets,
 * threads and parser are libmicrohttpd's.
 *
 * Try: tcp-http mhd --port 0     and, elsewhere: tcp-http get -i URL
 */
#include "../mhd.h"
#include "../demo.h"
#include "../listener.h"
#include "verbs.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    uint16_t *port = state->input;

    if (key != 'p')
        return unexpected(key, arg, state);
    *port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
    return 0;
}

int mhd_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Answers hello on 127.0.0.1 until SIGINT or SIGTERM, by "
               "libmicrohttpd."};
    uint16_t port = 8080;
    struct mhd *mhd;
    int listener, caught;
    sigset_t stop;

    argp_parse(&argp, argc, argv, 0, NULL, &port);
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    /* Before the library's thread starts, which inherits it. */
    must(pthread_sigmask(SIG_BLOCK, &stop, NULL));
    int rc = listener_open(&listener, &port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on port %d", port);
    rc = mhd_start(&mhd, listener);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start libmicrohttpd");
    if (printf("listening on http://127.0.0.1:%d/\n", port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    must(sigwait(&stop, &caught));
    mhd_stop(mhd);
    return EXIT_SUCCESS;
}
