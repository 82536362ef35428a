/* SPDX-License-Identifier: MIT
 *
 * io_server.c - an echo server with one green thread per connection. Each reads
 * and writes as if it blocked.
 *
 * Who owns what: a connection's thread alone closes its descriptor. Whoever
 * stops the server closes the listener, which wakes the acceptor, and shuts the
 * connections down, which lets their threads read the end.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>

#include "io_echo.h"

struct connection { /* its thread frees it */
    struct server *server;
    int fd;
    bool traced;
    char name[32];
    struct connection *next, **link; /* *link is this one */
};

static void tell(struct server *server, const char *what, ssize_t bytes)
{
    trace(runtime_name(), "%s %zd bytes%s", what, bytes,
          server->runs != runtime_self() ? "; others ran meanwhile" : "");
}

ssize_t read_some(struct server *server, int fd, char *buffer, size_t size,
                  bool traced)
{
    server->runs = runtime_self();
    ssize_t got = io_read(fd, buffer, size, RUNTIME_NEVER);
    if (traced)
        tell(server, "read", got);
    server->runs = runtime_self();
    return got;
}

ssize_t write_all(struct server *server, int fd, const char *buffer,
                  size_t size, bool traced)
{
    server->runs = runtime_self();
    ssize_t put = io_write(fd, buffer, size, RUNTIME_NEVER);
    if (traced)
        tell(server, "wrote", put);
    server->runs = runtime_self();
    return put;
}

static void leave(struct connection *c)
{
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    must(io_close(c->server->rt, c->fd));
    if (c->server->starved != NULL)
        runtime_wake(c->server->rt, c->server->starved);
    free(c);
}

static void *serve(void *argument)
{
    struct connection *c = argument;
    struct server *server = c->server;
    char buffer[PIECE];
    ssize_t got, put = 0;

    do {
        got = read_some(server, c->fd, buffer, sizeof buffer, c->traced);
        if (got > 0)
            put = write_all(server, c->fd, buffer, (size_t)got, c->traced);
        c->traced = c->traced && got < SHORT;
    } while (got > 0 && put == got); /* else: the end, or the peer has gone */
    leave(c); /* also frees our name, at which nobody looks any more */
    return NULL;
}

static int welcome(struct server *server, int fd)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL)
        return -ENOMEM;
    server->served++;
    *c = (struct connection){
        .server = server,
        .fd = fd,
        .traced = server->served <= server->traced,
        .next = server->open,
        .link = &server->open,
    };
    snprintf(c->name, sizeof c->name, "server-%ld", server->served);
    int rc = runtime_spawn(server->rt, serve, c, c->name, NULL);
    if (rc < 0) {
        free(c);
        return rc;
    }
    if (c->next != NULL)
        c->next->link = &c->next;
    server->open = c;
    return 0;
}

/* Until a connection is over, for that frees a descriptor; or for a second, as
 * one may be freed elsewhere. */
static void starve(struct server *server, int why)
{
    if (server->starvings++ == 0)
        error(0, why, "accept: waits until a connection is over");
    server->starved = runtime_self();
    int rc = runtime_park(now_ns() + 1000000000);
    server->starved = NULL;
    if (rc < 0 && rc != -ETIMEDOUT)
        error(EXIT_FAILURE, -rc, "wait for a descriptor");
}

void *accept_all(void *argument)
{
    struct server *server = argument;

    while (!server->stopping) {
        int fd = io_accept(server->listener, RUNTIME_NEVER);
        int rc = fd < 0 ? fd : welcome(server, fd);
        if (fd >= 0 && rc < 0)
            must(io_close(server->rt, fd));
        /* A connection may be over before it was accepted. */
        if (rc < 0 && rc != -ECANCELED && rc != -ECONNABORTED)
            starve(server, -rc);
    }
    return NULL;
}

void stop_server(struct server *server)
{
    server->stopping = true;
    must(io_close(server->rt, server->listener));
    if (server->starved != NULL)
        runtime_wake(server->rt, server->starved);
    for (struct connection *c = server->open; c != NULL; c = c->next)
        (void)shutdown(c->fd, SHUT_RDWR); /* the peer may have gone */
}

int listen_on(struct server *server, long port)
{
    socklen_t length = sizeof server->address;
    struct sockaddr *address = (struct sockaddr *)&server->address;
    const int on = 1;

    server->address.sin_family = AF_INET;
    server->address.sin_port = htons((uint16_t)port);
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0)
        return -errno;
    must(
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    /* Connections inherit it: an answer is not held back for an ACK. */
    must(
        setsockopt(server->listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    if (bind(server->listener, address, length) < 0 ||
        listen(server->listener, SOMAXCONN) < 0 ||
        getsockname(server->listener, address, &length) < 0)
        return -errno;
    return io_adopt(server->rt, server->listener);
}
