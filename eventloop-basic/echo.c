/* SPDX-License-Identifier: MIT
 *
 * echo.c - read, write it back, and only then read again.
 *
 * A connection is in one of three states:
 *
 *     reading -- all written at once --> reading
 *     reading -- a rest is queued --> writing -- on_written --> reading
 *     either -- EOF, error, echo_close() --> closing -- on_closed --> memory
 *
 * Its buffer belongs to libuv's reader in the first state and to the write
 * request in the second, never to both: that is why one is enough, and why
 * nothing is queued when EOF comes.
 *
 * The memory for the next client is got ahead. If there is none, the last
 * client to be let in still has some, and leaves it to its successor: so
 * someone is always there whose end lets the next one in.
 *
 * Read with: the libuv guide, "Networking"; epoll-basic, for what is below.
 */
#include "echo.h"

#include <stdbool.h>
#include <stdlib.h>

#include "util.h"

enum { BUFFER_SIZE = 16 * 1024, BACKLOG = 511 };

struct connection {
    uv_tcp_t socket; /* first: a handle's address is its connection's */
    uv_write_t write;
    char buffer[BUFFER_SIZE];
};

struct echo {
    uv_tcp_t listener;
    long accepted;
    long open;               /* clients, until their close callback */
    struct connection *next; /* room for the next one, or NULL */
    bool one_waits;          /* for memory: libuv has it, uv_accept() not yet */
    bool listener_closed;
};

static void accept_one(struct echo *server);

static void free_if_over(struct echo *server)
{
    if (!server->listener_closed || server->open > 0)
        return;
    free(server->next);
    free(server);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct echo *server = handle->data;

    server->listener_closed = true;
    free_if_over(server);
}

static void on_closed(uv_handle_t *handle)
{
    struct echo *server = handle->data;
    struct connection *c = (struct connection *)handle;

    if (server->next == NULL)
        server->next = c;
    else
        free(c);
    server->open--;
    if (server->one_waits && !uv_is_closing((uv_handle_t *)&server->listener))
        accept_one(server);
    free_if_over(server);
}

static void close_connection(struct connection *c)
{
    uv_handle_t *handle = (uv_handle_t *)&c->socket;

    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* ---- One client ---- */

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *c = (struct connection *)handle;

    (void)suggested;
    *buffer = uv_buf_init(c->buffer, BUFFER_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void on_written(uv_write_t *request, int status)
{
    struct connection *c = request->data;

    /* Cancelled by uv_close(), or the client is gone. */
    if (status < 0 ||
        uv_read_start((uv_stream_t *)&c->socket, lend_buffer, on_read) < 0)
        close_connection(c);
}

/* What the socket takes goes at once; a rest waits in libuv's queue, and until
 * it has gone nothing more is read. */
static int send_back(struct connection *c, size_t count)
{
    uv_stream_t *stream = (uv_stream_t *)&c->socket;
    uv_buf_t rest = uv_buf_init(c->buffer, (unsigned)count);

    int sent = uv_try_write(stream, &rest, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0)
        return sent;
    if ((size_t)sent == count)
        return 0;
    rest.base += sent;
    rest.len -= (size_t)sent;
    uv_read_stop(stream);
    c->write.data = c;
    return uv_write(&c->write, stream, &rest, 1, on_written);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *c = (struct connection *)stream;

    (void)buffer; /* c's own */
    /* UV_EOF: all has been sent back, or we would not be reading; what the
     * socket still holds, the kernel delivers. Any other error: a reset. */
    if (count < 0 || (count > 0 && send_back(c, (size_t)count) < 0))
        close_connection(c);
}

/* ---- The server ---- */

static void accept_one(struct echo *server)
{
    struct connection *c = server->next;

    if (c == NULL)
        c = malloc(sizeof *c);
    server->one_waits = c == NULL; /* libuv holds it and asks for no more */
    if (c == NULL)
        return;
    server->next = malloc(sizeof *c);
    must(uv_tcp_init(server->listener.loop, &c->socket));
    c->socket.data = server;
    server->open++;
    int rc =
        uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&c->socket);
    if (rc == 0) {
        server->accepted++;
        rc = uv_read_start((uv_stream_t *)&c->socket, lend_buffer, on_read);
    }
    if (rc < 0)
        close_connection(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    /* An error is the client's. When descriptors run out, libuv gives up one
     * it kept for this, takes the clients in and hangs up on them: else the
     * listener would stay ready, and the loop would spin. */
    if (status == 0)
        accept_one(listener->data);
}

int echo_listen(struct echo **out, uv_loop_t *loop, int port)
{
    struct sockaddr_in address;
    if (port < 0 || port > UINT16_MAX)
        return -EINVAL;
    int rc = uv_ip4_addr("127.0.0.1", port, &address);
    if (rc < 0)
        return rc;

    struct echo *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    must(uv_tcp_init(loop, &server->listener));
    server->listener.data = server;
    server->next = malloc(sizeof *server->next);
    if (server->next == NULL)
        rc = -ENOMEM;
    if (rc == 0)
        rc = uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0);
    if (rc == 0)
        rc =
            uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    if (rc < 0) { /* the loop knows the handle: only closing frees it */
        uv_close((uv_handle_t *)&server->listener, on_listener_closed);
        return rc;
    }
    *out = server;
    return 0;
}

int echo_port(const struct echo *server)
{
    struct sockaddr_in address;
    int size = sizeof address;

    int rc = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address,
                                &size);
    return rc < 0 ? rc : ntohs(address.sin_port);
}

long echo_accepted(const struct echo *server)
{
    return server->accepted;
}

long echo_open(const struct echo *server)
{
    return server->open;
}

static void close_if_ours(uv_handle_t *handle, void *arg)
{
    struct echo *server = arg;

    if (handle->type == UV_TCP && handle->data == server &&
        handle != (uv_handle_t *)&server->listener)
        close_connection((struct connection *)handle);
}

void echo_close(struct echo *server)
{
    uv_walk(server->listener.loop, close_if_ours, server);
    uv_close((uv_handle_t *)&server->listener, on_listener_closed);
}
