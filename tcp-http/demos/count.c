/* SPDX-License-Identifier: MIT
 *
 * count.c - the second step: read all, count, reply, close; for many clients at
 * once, with one wish at a time for each.
 *
 * EPOLLONESHOT: a report is the last one until we ask again. So a client waits to
 * be read or to be written to, never for both: write interest is only there when
 * there is something to write, and the loop does not wake for an empty socket's
 * eternal readiness. That all has come is known at the end of input, and not
 * before: TCP has no messages. (Out of descriptors this loop would spin at the
 * listener; server.c knows better.)
 *
 * Try: tcp-http count --port 7000     and, elsewhere: nc -N 127.0.0.1 7000 <README.md
 */
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "../demo.h"
#include "../listener.h"
#include "verbs.h"

struct client {
    int fd, id;
    uint64_t bytes;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    uint16_t *port = state->input;

    if (key != 'p')
        return unexpected(key, arg, state);
    *port = (uint16_t)count_arg(state, "port", arg, 0, 65535);
    return 0;
}

static void watch(int epoll, int how, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data.ptr = who};

    if (epoll_ctl(epoll, how, fd, &event) < 0)
        error(EXIT_FAILURE, errno, "watch a descriptor");
}

static void welcome(int epoll, int listener)
{
    static int count;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *client = fd < 0 ? NULL : calloc(1, sizeof *client);

    if (client == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    *client = (struct client){.fd = fd, .id = ++count};
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, client);
} /* epoll has the pointer: NOLINT(clang-analyzer-unix.Malloc) */

static void goodbye(struct client *client, const char *why)
{
    trace("count", "client %d sent %" PRIu64 " bytes%s", client->id,
          client->bytes, why);
    close(client->fd);
    free(client);
}

/* One read, and then a wish: more of it, or, at the end, to reply. */
static void take(int epoll, struct client *client)
{
    char bytes[16384];
    ssize_t count =
        TEMP_FAILURE_RETRY(recv(client->fd, bytes, sizeof bytes, 0));

    if (count < 0 && errno != EAGAIN) {
        goodbye(client, ", and broke off");
        return;
    }
    client->bytes += count > 0 ? (uint64_t)count : 0;
    watch(epoll, EPOLL_CTL_MOD, client->fd,
          (count == 0 ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT, client);
}

/* A fresh socket has room for a line: one send is enough. */
static void reply(struct client *client)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%" PRIu64 "\n", client->bytes);

    if (send(client->fd, line, (size_t)length, MSG_NOSIGNAL) == length)
        goodbye(client, "");
    else
        goodbye(client, ", and did not stay for the answer");
}

int count_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "listen there (8080; 0 picks a free one)", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Tells whoever sends something how many bytes it was, until "
               "SIGINT or SIGTERM."};
    uint16_t port = 8080;
    int listener, stop; /* their addresses are their names in epoll */
    sigset_t signals;

    argp_parse(&argp, argc, argv, 0, NULL, &port);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    must(sigprocmask(SIG_BLOCK, &signals, NULL));
    stop = signalfd(-1, &signals, SFD_CLOEXEC);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int rc = listener_open(&listener, &port);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on port %d", port);
    watch(epoll, EPOLL_CTL_ADD, stop, EPOLLIN, &stop);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
    if (printf("listening on 127.0.0.1:%d\n", port) < 0)
        return EXIT_FAILURE; /* close_stdout() says why */

    for (;;) {
        struct epoll_event event;
        if (TEMP_FAILURE_RETRY(epoll_wait(epoll, &event, 1, -1)) < 0)
            error(EXIT_FAILURE, errno, "wait for events");
        if (event.data.ptr == &stop)
            break;
        if (event.data.ptr == &listener)
            welcome(epoll, listener);
        else if (event.events & EPOLLOUT)
            reply(event.data.ptr);
        else
            take(epoll, event.data.ptr);
    }
    close(listener);
    close(epoll);
    close(stop);
    return EXIT_SUCCESS;
}
