/* SPDX-License-Identifier: MIT
 *
 * proxy.c - between its clients and another server, until SIGINT or SIGTERM.
 *
 * Try: eventloop-basic echo, then: eventloop-basic proxy --to 7007
 *      and: eventloop-basic chat --connect 7009
 * Read with: Tokio's examples, proxy.
 */
#include "../proxy.h"
#include "../demo.h"
#include "address.h"
#include "stage.h"
#include "verbs.h"

struct wishes {
    struct listening where;
    struct sockaddr_in to;
    bool has_to;
};

static void stop(void *argument)
{
    struct proxy **proxy = argument;
    const struct server *server = proxy_server(*proxy);
    printf("told to stop: %ld clients served, %ld connections open\n",
           server->accepted, server->all.open);
    proxy_close(*proxy);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'p') {
        wishes->where.port = (int)count_arg(state, "--port", arg, 0, 65535);
    } else if (key == 't') {
        wishes->has_to = parse_address(arg, &wishes->to);
        if (!wishes->has_to)
            argp_error(state, "--to: '%s' is not [ADDRESS:]PORT", arg);
    } else if (key == ARGP_KEY_END && !wishes->has_to) {
        argp_error(state, "--to is missing: where to?");
    } else {
        return unexpected(key, arg, state);
    }
    return 0;
}

int proxy_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "7009 by default; 0 picks a free one", 0},
        {"to", 't', "[ADDRESS:]PORT", 0, "where clients are connected to", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "A TCP proxy on 127.0.0.1 until SIGINT or SIGTERM."};
    struct wishes wishes = {.where.port = 7009};
    struct proxy *proxy;
    struct stage stage;
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    stage_open(&stage, stop, &proxy);
    int rc = proxy_listen(&proxy, &stage.loop, &wishes.where, &wishes.to);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%d", wishes.where.port);
    printf("listening on 127.0.0.1:%d\n", server_port(proxy_server(proxy)));
    stage_serve(&stage);
    printf("the loop is closed, with nothing left\n");
    return EXIT_SUCCESS;
}
