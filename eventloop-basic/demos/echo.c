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
#include "stage.h"
#include "verbs.h"

struct wishes {
    struct listening where;
    bool by_lines;
};

static void stop(void *argument)
{
    struct echo **echo = argument;
    const struct server *server = echo_server(*echo);
    printf("told to stop: %ld clients served, %ld of them still here\n",
           server->accepted, server->all.open);
    echo_close(*echo);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'p')
        wishes->where.port = (int)count_arg(state, "--port", arg, 0, 65535);
    else if (key == 'u')
        wishes->where.pipe = arg;
    else if (key == 'c' && strcmp(arg, "line") == 0)
        wishes->by_lines = true;
    else if (key == 'c' && strcmp(arg, "raw") != 0)
        argp_error(state, "--codec: '%s' is neither raw nor line", arg);
    else if (key != 'c')
        return unexpected(key, arg, state);
    return 0;
}

int echo_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "7007 by default; 0 picks a free one", 0},
        {"pipe", 'u', "PATH", 0, "a Unix socket in place of TCP", 0},
        {"codec", 'c', "CODEC", 0, "raw: as it comes (default), or line", 0},
        {0}};
    const struct argp argp = {
        options, parse, .doc = "Echo on 127.0.0.1 until SIGINT or SIGTERM."};
    struct wishes wishes = {.where.port = 7007};
    struct echo *echo;
    struct stage stage;
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    stage_open(&stage, stop, &echo);
    int rc = echo_listen(&echo, &stage.loop, &wishes.where, wishes.by_lines);
    if (rc < 0 && wishes.where.pipe != NULL)
        error(EXIT_FAILURE, -rc, "listen on %s", wishes.where.pipe);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%d", wishes.where.port);
    if (wishes.where.pipe != NULL)
        printf("listening on %s\n", wishes.where.pipe);
    else
        printf("listening on 127.0.0.1:%d\n", server_port(echo_server(echo)));
    stage_serve(&stage);
    printf("the loop is closed, with nothing left\n");
    return EXIT_SUCCESS;
}
