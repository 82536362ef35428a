/* SPDX-License-Identifier: MIT
 *
 * proxy.c - two connections that know each other.
 *
 * Both are in the server's set, and either may be closed first; the link is cut
 * in closed(), so a side never points at memory that has gone.
 *
 * Read with: Tokio's examples, proxy.
 */
#include "proxy.h"

#include <stdlib.h>

#include "util.h"

enum { QUEUE_LIMIT = 128 * 1024 }; /* more than one read */

struct proxy {
    struct server server;
    struct sockaddr_in to;
};

struct side {
    struct connection connection; /* first */
    struct side *other;           /* NULL: not yet, or no longer, there */
    bool is_upstream, has_ended;
};

static struct side *other_of(struct connection *c)
{
    return ((struct side *)c)->other;
}

static const struct protocol protocol;

static void on_opened(struct connection *c)
{
    struct proxy *proxy = c->all->owner;
    struct side *side = (struct side *)c;

    if (side->is_upstream) { /* what the client sent meanwhile waits there */
        connection_resume(&side->other->connection);
        return;
    }
    connection_pause(c); /* until there is someone to send it to */
    struct connection *up = connection_new(c->all, &protocol, false);
    if (up == NULL) {
        connection_close(c, -ENOMEM);
        return;
    }
    side->other = (struct side *)up;
    side->other->other = side;
    side->other->is_upstream = true;
    connection_connect(up, (const struct sockaddr *)&proxy->to);
}

static void on_received(struct connection *c, const char *bytes, size_t count)
{
    struct connection *to = &other_of(c)->connection;

    if (connection_send(to, bytes, count) == 0 && connection_queued(to) > 0)
        connection_pause(c);
}

/* What one side did not take has gone out: the other may be read again. */
static void on_drained(struct connection *c)
{
    struct side *other = other_of(c);

    if (other != NULL && !other->has_ended)
        connection_resume(&other->connection);
}

static void on_ended(struct connection *c)
{
    struct side *side = (struct side *)c;

    side->has_ended = true;
    if (!side->other->has_ended) {
        connection_finish(&side->other->connection);
        return;
    }
    connection_close_when_drained(c);
    connection_close_when_drained(&side->other->connection);
}

static void on_closed(struct connection *c, int why)
{
    struct side *other = other_of(c);

    if (other == NULL)
        return;
    other->other = NULL;
    if (why < 0 || !other->has_ended)
        connection_close(&other->connection, why);
}

static const struct protocol protocol = {.size = sizeof(struct side),
                                         .queue_limit = QUEUE_LIMIT,
                                         .opened = on_opened,
                                         .received = on_received,
                                         .ended = on_ended,
                                         .drained = on_drained,
                                         .closed = on_closed};

/* ---- The server ---- */

int proxy_listen(struct proxy **out, uv_loop_t *loop,
                 const struct listening *where, const struct sockaddr_in *to)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL)
        return -ENOMEM;
    proxy->to = *to;
    int rc = server_listen(&proxy->server, loop, where, &protocol, proxy, free);
    if (rc == 0)
        *out = proxy;
    return rc;
}

const struct server *proxy_server(const struct proxy *proxy)
{
    return &proxy->server;
}

void proxy_close(struct proxy *proxy)
{
    server_close(&proxy->server);
}
