/* SPDX-License-Identifier: MIT
 *
 * discard.c - the first step: accept, and close. The kernel has said hello by then:
 * a connection is made when listen(2) allows it, whether or not anybody accepts.
 *
 * Blocked signals wait; ppoll(2) lets them in only while it sleeps. So none comes
 * between the look at `stopped` and the sleep, to be noticed at the next client.
 *
 * Try: tcp-http discard --port 7000     and, elsewhere: nc -v 127.0.0.1 7000
 */
#include <poll.h>
#include <sys/socket.h>

#include "../demo.h"
#include "../listener.h"
#include "verbs.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    uint16_t *port = state->input;

    if (key != 'p')
        return unexpected(key, arg, state);
    *port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
    return 0;
}

int discard_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Accepts whoever comes, and hangs up, until SIGINT or SIGTERM."};
    const struct sigaction action = {.sa_handler = stop};
    uint16_t port = 8080;
    int listener, count = 0;
    sigset_t blocked, before;

    argp_parse(&argp, argc, argv, 0, NULL, &port);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    must(sigprocmask(SIG_BLOCK, &blocked, &before));
    must(sigaction(SIGINT, &action, NULL));
    must(sigaction(SIGTERM, &action, NULL));
    int rc = listener_open(&listener, &port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on port %d", port);
    if (printf("listening on 127.0.0.1:%d\n", port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    while (!stopped) {
        struct pollfd fds = {.fd = listener, .events = POLLIN};
        if (ppoll(&fds, 1, NULL, &before) < 0)
            continue; /* EINTR: a signal */
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue; /* gone again; or the next look will tell */
        trace("discard", "client %d came, and is sent away", ++count);
        close(fd);
    }
    close(listener);
    return EXIT_SUCCESS;
}
