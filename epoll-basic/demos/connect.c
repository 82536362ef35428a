/* SPDX-License-Identifier: MIT
 *
 * connect.c - asks for a connection, waits for "writable", and finds out what
 * that meant: woken for nothing, connected, or refused.
 *
 * Try: epoll-basic connect 127.0.0.1:1
 * Read with: mio, `Poll`, "Connecting".
 */
#include "../demo.h"
#include "../poller.h"
#include "../tcp.h"
#include "verbs.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return unexpected(key, arg, state);
    if (tcp_parse(arg, state->input) < 0)
        argp_error(state, "'%s' is not an address like 127.0.0.1:80", arg);
    return 0;
}

/* Gives rc, or ends the program: "connect to 127.0.0.1:1: ...". */
static int check(int rc, const char *what, const struct sockaddr_in *where)
{
    if (rc < 0 && rc != -EINPROGRESS && rc != -EAGAIN)
        error(EXIT_FAILURE, -rc, "%s %s", what, tcp_text(where).text);
    return rc;
}

static void await(const struct poller *poller, const char *who)
{
    struct event event;
    must(poller_wait(poller, &event, 1, POLLER_FOREVER) - 1);
    trace("poller", "says: the %s is ready%s", who,
          event_is_write_closed(&event) ? ", and hung up" : "");
}

int connect_main(int argc, char **argv)
{
    const struct argp argp = {NULL, parse, "[HOST:PORT]",
                              .doc = "Connects there, or to our own listener."};
    struct sockaddr_in to = tcp_loopback(), own, peer, seen;
    int accepted = -1, listener = -1;
    struct poller p;
    argp_parse(&argp, argc, argv, 0, NULL, &to);
    watchdog(30, "connect: neither connected nor refused in 30 s\n");
    check(poller_open(&p), "open a poller for", &to);
    int client = check(tcp_open(), "open a socket for", &to);
    if (to.sin_port == 0) /* no address was given */
        listener = check(tcp_listen(&to), "listen at", &to);
    must(poller_register(&p, client, token_first(0), INTEREST_WRITABLE));
    await(&p, "client"); /* which has not even asked: spurious */
    must(tcp_connected(client, &own, &peer) + EINPROGRESS); /* not yet */
    trace("client", "has no peer; asks for %s", tcp_text(&to).text);
    check(tcp_connect(client, &to), "connect to", &to);
    do
        await(&p, "client");
    while (check(tcp_connected(client, &own, &peer), "connect to", &to) < 0);
    seen = own; /* unless the other end is ours too */
    if (listener >= 0)
        must(poller_register(&p, listener, token_first(1), INTEREST_READABLE));
    while (listener >= 0 && accepted < 0) {
        await(&p, "listener");
        accepted = check(tcp_accept(listener, &seen), "accept at", &to);
    }
    poller_close(&p); /* and with it all registrations */
    close(client);
    close(listener);
    close(accepted);
    if (!tcp_same(&peer, &to) || !tcp_same(&seen, &own))
        error(EXIT_FAILURE, 0, "the two ends disagree on who they are");
    printf("connected: %s to %s\n", tcp_text(&own).text, tcp_text(&peer).text);
    return EXIT_SUCCESS;
}
