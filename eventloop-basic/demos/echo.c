/* SPDX-License-Identifier: MIT
 *
 * echo.c - a TCP echo server that ends in order: at SIGINT or SIGTERM it asks
 * every handle to close, and the loop ends by itself when the last one has.
 *
 * Try: eventloop-basic echo, and beside it: nc 127.0.0.1 7007
 * Read with: Tokio's front page; the libuv guide, "Networking".
 */
#include "../echo.h"
#include "../demo.h"
#include "verbs.h"

struct ending {
    struct echo *server;
    uv_signal_t interrupted, told_to_stop;
};

static void end(uv_signal_t *signal, int number)
{
    struct ending *ending = signal->data;

    printf("SIG%s: %ld clients served, %ld of them still here\n",
           sigabbrev_np(number), echo_accepted(ending->server),
           echo_open(ending->server));
    echo_close(ending->server);
    uv_close((uv_handle_t *)&ending->interrupted, NULL);
    uv_close((uv_handle_t *)&ending->told_to_stop, NULL);
}

static void end_at(uv_loop_t *loop, uv_signal_t *signal, int number,
                   struct ending *ending)
{
    must(uv_signal_init(loop, signal));
    signal->data = ending;
    must(uv_signal_start(signal, end, number));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'p')
        return unexpected(key, arg, state);
    *(int *)state->input = (int)count_arg(state, "--port", arg, 0, 65535);
    return 0;
}

int echo_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "7007 by default; 0 picks a free one", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "TCP echo on 127.0.0.1 until SIGINT or SIGTERM."};
    struct ending ending;
    uv_loop_t loop;
    int port = 7007;
    argp_parse(&argp, argc, argv, 0, NULL, &port);

    signal(SIGPIPE, SIG_IGN); /* a client that is gone is an error, no death */
    int rc = uv_loop_init(&loop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make an event loop");
    rc = echo_listen(&ending.server, &loop, port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%d", port);
    end_at(&loop, &ending.interrupted, SIGINT, &ending);
    end_at(&loop, &ending.told_to_stop, SIGTERM, &ending);
    printf("listening on 127.0.0.1:%d\n", echo_port(ending.server));
    uv_run(&loop, UV_RUN_DEFAULT);
    rc = uv_loop_close(&loop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "close the loop");
    printf("the loop is closed, with nothing left\n");
    return EXIT_SUCCESS;
}
