/* SPDX-License-Identifier: MIT
 *
 * flags.c - how the ends of things look: which flags epoll gives for each, and
 * what event.h makes of them. HUP and ERR are nobody's interest and come all
 * the same.
 *
 * Read with: mio, `Event`; epoll_ctl(2); Epoll, Kqueue and IOCP Explained,
 * "Bitflags".
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "../demo.h"
#include "../poller.h"
#include "../tcp.h"
#include "verbs.h"

struct ends {
    int fd, peer; /* we watch fd */
};

/* ---- How to get there ---- */

static struct ends pair_of(int fd, int peer)
{
    if (fd < 0 || peer < 0)
        error(EXIT_FAILURE, errno, "open two ends");
    return (struct ends){fd, peer};
}

static struct ends tcp(void)
{
    struct sockaddr_in address = tcp_loopback(), own;
    int listener = tcp_listen(&address), client = tcp_open(), server;

    if (listener < 0 || client < 0)
        error(EXIT_FAILURE, listener < 0 ? -listener : -client, "open TCP");
    (void)tcp_connect(client, &address);
    do
        server = tcp_accept(listener, &own);
    while (server == -EAGAIN);
    close(listener);
    return pair_of(server, client);
}

static struct ends unix_pair(void)
{
    int fds[2] = {-1, -1};
    (void)socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                     fds);
    return pair_of(fds[0], fds[1]);
}

static struct ends pipe_out(void)
{
    int fds[2] = {-1, -1};
    (void)pipe2(fds, O_CLOEXEC | O_NONBLOCK);
    return pair_of(fds[0], fds[1]);
}

static struct ends pipe_in(void)
{
    struct ends ends = pipe_out();
    return pair_of(ends.peer, ends.fd);
}

static struct ends unconnected(void)
{
    return pair_of(tcp_open(), tcp_open());
}

/* ---- And how it ends ---- */

static void nothing(struct ends *e)
{
    (void)e;
}

static void peer_writes(struct ends *e)
{
    must((int)write(e->peer, "x", 1) - 1);
}

static void peer_shuts(struct ends *e)
{
    must(shutdown(e->peer, SHUT_WR));
}

static void we_shut(struct ends *e)
{
    must(shutdown(e->fd, SHUT_WR));
}

static void both_shut(struct ends *e)
{
    peer_shuts(e);
    we_shut(e);
}

static void peer_closes(struct ends *e)
{
    close(e->peer);
    e->peer = -1;
}

static void peer_writes_and_closes(struct ends *e)
{
    peer_writes(e);
    peer_closes(e);
}

/* To close with bytes unread is to throw them away: the other end gets a
 * reset. */
static void peer_closes_unread(struct ends *e)
{
    must((int)write(e->fd, "x", 1) - 1);
    char byte;
    while (recv(e->peer, &byte, 1, MSG_PEEK) < 0)
        continue; /* on its way */
    peer_closes(e);
}

static void is_refused(struct ends *e)
{
    struct sockaddr_in nobody = tcp_loopback();
    socklen_t size = sizeof nobody;

    /* The peer has the port and does not listen there. */
    must(bind(e->peer, (struct sockaddr *)&nobody, size));
    must(getsockname(e->peer, (struct sockaddr *)&nobody, &size));
    (void)tcp_connect(e->fd, &nobody);
}

enum {
    IN = EPOLLIN,
    OUT = EPOLLOUT,
    RDHUP = EPOLLRDHUP,
    HUP = EPOLLHUP,
    ERR = EPOLLERR,
};

static const struct row {
    const char *what;
    struct ends (*make)(void);
    void (*act)(struct ends *e);
    unsigned flags;
} rows[] = {
    {"TCP: not connected", unconnected, nothing, OUT | HUP},
    {"TCP: refused", unconnected, is_refused, IN | OUT | RDHUP | HUP | ERR},
    {"TCP: all is well", tcp, nothing, OUT},
    {"TCP: the peer writes", tcp, peer_writes, IN | OUT},
    {"TCP: the peer shuts down writing", tcp, peer_shuts, IN | OUT | RDHUP},
    {"TCP: we shut down writing", tcp, we_shut, OUT},
    {"TCP: both do", tcp, both_shut, IN | OUT | RDHUP | HUP},
    {"TCP: the peer closes", tcp, peer_closes, IN | OUT | RDHUP},
    {"TCP: it closes, and left bytes unread", tcp, peer_closes_unread,
     IN | OUT | RDHUP | HUP | ERR},
    {"socketpair: the peer closes", unix_pair, peer_closes,
     IN | OUT | RDHUP | HUP},
    {"socketpair: it left bytes unread", unix_pair, peer_closes_unread,
     IN | OUT | RDHUP | HUP | ERR},
    {"pipe: the writer closes", pipe_out, peer_closes, HUP},
    {"pipe: it has written before", pipe_out, peer_writes_and_closes, IN | HUP},
    {"pipe: the reader closes", pipe_in, peer_closes, OUT | ERR},
};

/* ---- The table ---- */

/* Waits for the flags that must come; for others, a second at most. */
static struct event flags_of(int fd, unsigned expected)
{
    struct poller poller;
    struct event event = {.raw.events = 0};
    int64_t end = now_ns() + 1000000000;

    int rc = poller_open(&poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    must(poller_register(&poller, fd, token_first(0),
                         INTEREST_READABLE | INTEREST_WRITABLE |
                             INTEREST_LEVEL));
    do
        (void)poller_wait(&poller, &event, 1, 10000000);
    while (event.raw.events != expected && now_ns() < end);
    poller_close(&poller);
    return event;
}

static bool print_row(const struct row *row)
{
    struct ends ends = row->make();

    row->act(&ends);
    struct event e = flags_of(ends.fd, row->flags);
    printf(
        "%-38s %s %s %s %s %s  %s%s%s%s%s\n", row->what,
        event_has(&e, IN) ? "IN" : "- ", event_has(&e, OUT) ? "OUT" : "-  ",
        event_has(&e, RDHUP) ? "RDHUP" : "-    ",
        event_has(&e, HUP) ? "HUP" : "-  ", event_has(&e, ERR) ? "ERR" : "-  ",
        event_is_readable(&e) ? "r" : "-", event_is_writable(&e) ? "w" : "-",
        event_is_read_closed(&e) ? "R" : "-",
        event_is_write_closed(&e) ? "W" : "-", event_is_error(&e) ? "e" : "-");
    close(ends.fd);
    close(ends.peer);
    return e.raw.events == row->flags;
}

int flags_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "Endings, and how an event shows them."};
    bool as_expected = true;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    printf("r, w: worth a read, a write; R, W: closed for it; e: an error\n\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        as_expected = print_row(&rows[i]) && as_expected;
    if (!as_expected)
        error(EXIT_FAILURE, 0, "this kernel gives other flags");
    return EXIT_SUCCESS;
}
