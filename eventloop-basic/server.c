/* SPDX-License-Identifier: MIT
 *
 * server.c - accept while there is room; turn away, or leave waiting.
 *
 * libuv accepts one client ahead, and stops looking until uv_accept() fetches
 * it. So a client that is not fetched (one_waits) stops the listener, which is
 * what a full house wants; it is fetched when someone has gone. Who cannot be
 * let in for want of memory is fetched into a handle that is always there.
 *
 * Read with: the libuv guide, "Networking".
 */
#include "server.h"

#include <string.h>
#include <sys/un.h>

#include "util.h"

enum { BACKLOG = 511, PATH_MOST = sizeof((struct sockaddr_un){0}.sun_path) };

static void accept_one(struct server *server);

static void end_if_over(struct server *server)
{
    if (server->listener_closed && !server->turns_away && server->all.open == 0)
        server->over(server->all.owner);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct server *server = handle->data;

    server->listener_closed = true;
    end_if_over(server);
}

static void let_in_who_waits(struct server *server)
{
    if (server->one_waits && !uv_is_closing(&server->listener.handle))
        accept_one(server);
}

static void on_turned_away(uv_handle_t *handle)
{
    struct server *server = handle->data;

    server->turns_away = false;
    let_in_who_waits(server);
    end_if_over(server);
}

static void one_gone(struct connections *all)
{
    struct server *server = (struct server *)all;

    let_in_who_waits(server);
    end_if_over(server);
}

static void init_stream(struct server *server, uv_stream_t *stream)
{
    if (server->is_pipe)
        must(uv_pipe_init(server->all.loop, (uv_pipe_t *)stream, 0));
    else
        must(uv_tcp_init(server->all.loop, (uv_tcp_t *)stream));
    stream->data = server;
}

static void turn_away(struct server *server)
{
    server->one_waits = server->turns_away;
    if (server->one_waits)
        return;
    init_stream(server, &server->turned_away.stream);
    server->turns_away = true;
    uv_accept(&server->listener.stream, &server->turned_away.stream);
    uv_close(&server->turned_away.handle, on_turned_away);
}

static void accept_one(struct server *server)
{
    server->one_waits = server->most > 0 && server->all.open >= server->most;
    if (server->one_waits)
        return;
    struct connection *c =
        connection_new(&server->all, server->protocol, server->is_pipe);
    if (c == NULL) {
        turn_away(server);
        return;
    }
    server->accepted++;
    connection_accept(c, &server->listener.stream);
}

static void on_connection(uv_stream_t *listener, int status)
{
    /* An error is the client's. When descriptors run out, libuv gives up one
     * it kept for this, takes the clients in and hangs up on them: else the
     * listener would stay ready, and the loop would spin. */
    if (status == 0)
        accept_one(listener->data);
}

static int bind_it(struct server *server, const struct listening *where)
{
    struct sockaddr_in address;

    if (where->fd > 0)
        return uv_tcp_open(&server->listener.tcp, where->fd);
    if (where->pipe != NULL && strlen(where->pipe) >= PATH_MOST)
        return -ENAMETOOLONG; /* libuv would cut it short */
    if (where->pipe != NULL)
        return uv_pipe_bind(&server->listener.pipe, where->pipe);
    if (where->port < 0 || where->port > UINT16_MAX)
        return -EINVAL;
    must(uv_ip4_addr("127.0.0.1", where->port, &address));
    return uv_tcp_bind(&server->listener.tcp, (struct sockaddr *)&address, 0);
}

int server_listen(struct server *server, uv_loop_t *loop,
                  const struct listening *where,
                  const struct protocol *protocol, void *owner,
                  void (*over)(void *owner))
{
    memset(server, 0, sizeof *server);
    connections_init(&server->all, loop, owner);
    server->all.one_gone = one_gone;
    server->protocol = protocol;
    server->over = over;
    server->most = where->most;
    server->is_pipe = where->fd <= 0 && where->pipe != NULL;
    init_stream(server, &server->listener.stream);

    int rc = bind_it(server, where);
    if (rc == 0)
        rc = uv_listen(&server->listener.stream, BACKLOG, on_connection);
    if (rc < 0)
        server_stop_listening(server);
    return rc;
}

int server_port(const struct server *server)
{
    struct sockaddr_in address;
    int size = sizeof address;

    int rc = uv_tcp_getsockname(&server->listener.tcp,
                                (struct sockaddr *)&address, &size);
    return rc < 0 ? rc : ntohs(address.sin_port);
}

void server_stop_listening(struct server *server)
{
    if (!uv_is_closing(&server->listener.handle))
        uv_close(&server->listener.handle, on_listener_closed);
}

void server_close(struct server *server)
{
    server_stop_listening(server);
    for (struct connection *c = server->all.first; c != NULL; c = c->next)
        connection_close(c, 0);
}

void server_close_when_drained(struct server *server)
{
    server_stop_listening(server);
    for (struct connection *c = server->all.first; c != NULL; c = c->next)
        connection_close_when_drained(c);
}
