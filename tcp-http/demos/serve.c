/* SPDX-License-Identifier: MIT
 *
 * serve.c - the server, until SIGINT or SIGTERM: a loop a thread, and a main
 * thread that waits for the signal.
 *
 * Every thread has both signals blocked, so that they interrupt nobody; the main
 * one takes them with sigwait(3), and tells the loops by a descriptor.
 *
 * Try: tcp-http serve --threads 2 --root .    and, elsewhere: tcp-http get -i URL
 */
#include <sys/resource.h>

#include "../background.h"
#include "../demo.h"
#include "../listener.h"
#include "emfile.h"
#include "verbs.h"

enum { THREADS_MAX = 64, BUG = 255, PATIENCE }; /* options without a letter */

struct options {
    const char *address;
    uint16_t port;
    size_t threads;
    bool emfile; /* --bug */
    struct server_setup setup;
};

static int64_t seconds_arg(struct argp_state *state, const char *name,
                           const char *arg)
{
    return count_arg(state, name, arg, 1, 86400) * INT64_C(1000000000);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    static const char *const kinds[] = {"idle", "head", "body", "write"};
    struct options *options = state->input;

    if (key == 'p')
        options->port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
    else if (key == 'a')
        options->address = arg;
    else if (key == 't')
        options->threads =
            (size_t)count_arg(state, "threads", arg, 1, THREADS_MAX);
    else if (key == 'm')
        options->setup.clients_max =
            (size_t)count_arg(state, "max-conns", arg, 1, 1000000);
    else if (key == 'r')
        options->setup.root = arg;
    else if (key == 'd')
        options->setup.drain = seconds_arg(state, "drain", arg);
    else if (key >= PATIENCE && key < PATIENCE + 4)
        options->setup.patience[key - PATIENCE] =
            seconds_arg(state, kinds[key - PATIENCE], arg);
    else if (key == BUG && strcmp(arg, "emfile") == 0)
        options->emfile = true;
    else if (key == BUG)
        argp_error(state, "--bug: '%s' is not emfile", arg);
    else
        return unexpected(key, arg, state);
    return 0;
}

static sigset_t block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    must(pthread_sigmask(SIG_BLOCK, &set, NULL));
    return set;
}

/* One descriptor a client: as many as we may have. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        error(EXIT_FAILURE, errno, "ask for the limit of descriptors");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        error(EXIT_FAILURE, errno, "raise the limit of descriptors");
}

static void open_listeners(struct options *options, int *listeners)
{
    for (size_t i = 0; i < options->threads; i++) {
        int rc = listener_open_at(&listeners[i], options->address,
                                  &options->port, options->threads > 1);
        if (rc == -EINVAL)
            error(EXIT_FAILURE, 0, "'%s' is no IPv4 or IPv6 address",
                  options->address);
        if (rc < 0)
            error(EXIT_FAILURE, -rc, "listen on port %d", options->port);
    }
}

int serve_main(int argc, char **argv)
{
    const struct argp_option list[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {"address", 'a', "ADDRESS", 0, "of ours (127.0.0.1; :: is any)", 0},
        {"root", 'r', "DIR", 0, "show the files in this directory", 0},
        {"threads", 't', "N", 0, "loops, each in a thread (1)", 0},
        {"max-conns", 'm', "N", 0, "clients at a time; others wait", 0},
        {"drain", 'd', "SECONDS", 0, "to finish what is under way (5)", 1},
        {"idle", PATIENCE, "SECONDS", 0, "without a request: closed (60)", 1},
        {"head", PATIENCE + 1, "SECONDS", 0, "for a whole head (10)", 1},
        {"body", PATIENCE + 2, "SECONDS", 0, "for a whole body (30)", 1},
        {"write", PATIENCE + 3, "SECONDS", 0, "to take 64 KiB of answers (30)",
         1},
        {"bug", BUG, "emfile", 0,
         "not this server: one that goes on accepting without descriptors", 2},
        {0}};
    const struct argp argp = {
        list, parse,
        .doc = "Answers until SIGINT or SIGTERM, and then finishes what is "
               "under way; a second signal ends it at once.\v"
               "Pages: /, /plaintext, /json, /status, POST /echo, "
               "/sleep?ms=N."};
    struct options options = {"127.0.0.1", 8080, 1, false, server_setup()};
    struct background *background;
    int listeners[THREADS_MAX], caught;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.emfile)
        return emfile_bug();
    sigset_t signals = block_signals(); /* before any thread is there */
    allow_descriptors();
    open_listeners(&options, listeners);
    int rc = background_start_all(&background, listeners, options.threads,
                                  &options.setup);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start a server%s%s",
              options.setup.root ? " for " : "",
              options.setup.root ? options.setup.root : "");
    bool six = strchr(options.address, ':') != NULL;
    if (printf("listening on http://%s%s%s:%d/\n", six ? "[" : "",
               options.address, six ? "]" : "", options.port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    must(sigwait(&signals, &caught));
    must(pthread_sigmask(SIG_UNBLOCK, &signals, NULL));
    rc = background_stop(background, NULL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "wait for events");
    return EXIT_SUCCESS;
}
