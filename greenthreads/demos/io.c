/* SPDX-License-Identifier: MIT
 *
 * io.c - a TCP echo server with one green thread per connection, and its clients,
 * in one OS thread: whoever waits lets the others run. Or only the server, for
 * the world, until SIGINT or SIGTERM, which another green thread reads.
 *
 * Try: greenthreads io; greenthreads io --listen 8000, and beside it:
 *      nc 127.0.0.1 8000
 * Read with: Green Threads Explained in 200 Lines, branch "futures".
 */
#include <sys/signalfd.h>

#include "io_echo.h"
#include "verbs.h"

/* SIGINT and SIGTERM are from now on only read from the descriptor. Blocked
 * before there are green threads: a ucontext has a signal mask of its own, that
 * of its maker. */
static int catch_signals(struct server *server)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    must(sigprocmask(SIG_BLOCK, &signals, NULL));
    server->signals = signalfd(-1, &signals, SFD_CLOEXEC);
    return server->signals < 0 ? -errno : io_adopt(server->rt, server->signals);
}

static void *await_signal(void *argument)
{
    struct server *server = argument;
    struct signalfd_siginfo info;

    ssize_t got = io_read(server->signals, &info, sizeof info, RUNTIME_NEVER);
    if (got < 0)
        error(EXIT_FAILURE, (int)-got, "read a signal");
    must(io_close(server->rt, server->signals));
    stop_server(server);
    return NULL;
}

struct options {
    long clients, port; /* port -1: our own clients */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'c':
        options->clients = count_arg(state, "--clients", arg, 1, 10000);
        return 0;
    case 'l':
        options->port = count_arg(state, "--listen", arg, 0, 65535);
        return 0;
    default:
        return unexpected(key, arg, state);
    }
}

int io_main(int argc, char **argv)
{
    const struct argp_option lines[] = {
        {"clients", 'c', "N", 0, "so many clients of its own (8)", 0},
        {"listen", 'l', "PORT", 0,
         "serve others on 127.0.0.1, until SIGINT or SIGTERM; 0: any port", 0},
        {0}};
    const struct argp argp = {lines, parse,
                              .doc = "A TCP echo server, and its clients."};
    struct options options = {.clients = 8, .port = -1};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    bool serving = options.port >= 0;
    struct server server = {.clients = serving ? 0 : options.clients,
                            .traced = serving ? 0 : TRACED};
    int rc = runtime_new(&server.rt, 0, GUARD_BEST);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make a runtime: %s", stack_strerror(rc));
    rc = listen_on(&server, serving ? options.port : 0);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%ld", options.port);
    if (serving && (rc = catch_signals(&server)) < 0)
        error(EXIT_FAILURE, -rc, "catch signals");
    if (serving)
        printf("listening on 127.0.0.1:%d\n", ntohs(server.address.sin_port));
    else
        watchdog(60, "io: a green thread was never woken\n");
    rc = runtime_spawn(server.rt, accept_all, &server, "acceptor", NULL);
    if (rc == 0)
        rc = runtime_spawn(server.rt, serving ? await_signal : run_clients,
                           &server, "main", NULL);
    if (rc == 0)
        rc = runtime_run(server.rt);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "run the server");
    must(runtime_free(server.rt));
    if (serving) {
        printf("served %ld connections; waited %ld times for a descriptor\n",
               server.served, server.starvings);
        return EXIT_SUCCESS;
    }
    bool all = server.finished == options.clients;
    printf("%ld clients, %ld connections, %ju bytes: %s came back\n",
           options.clients, server.served, (uintmax_t)server.came_back,
           all ? "all" : "NOT all");
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
