/* SPDX-License-Identifier: MIT
 *
 * echo.c - two codecs for one server.
 *
 * Backpressure: when a rest had to be queued, reading stops until it has gone
 * out. So the queue never holds more than the answer to one read.
 *
 * Read with: the libuv guide, "Networking"; epoll-basic, for what is below.
 */
#include "echo.h"

#include <stdlib.h>
#include <string.h>

#include "liner.h"
#include "util.h"

struct echo {
    struct server server;
};

enum { QUEUE_LIMIT = 128 * 1024 }; /* more than one read */

/* ---- Raw: bytes come, the same bytes go ---- */

static void send_back(struct connection *c, const char *bytes, size_t count)
{
    if (connection_send(c, bytes, count) == 0 && connection_queued(c) > 0)
        connection_pause(c);
}

static const struct protocol raw = {
    .size = sizeof(struct connection),
    .queue_limit = QUEUE_LIMIT,
    .received = send_back,
    .drained = connection_resume,
};

/* ---- By lines ---- */

static void send_line_back(struct liner *liner, const char *line, size_t length)
{
    char answer[ECHO_LINE_LIMIT + 1];

    memcpy(answer, line, length);
    answer[length] = '\n';
    connection_send(&liner->connection, answer, length + 1);
}

static const struct line_protocol by_line = {
    .protocol = LINER_PROTOCOL(struct liner, QUEUE_LIMIT),
    .limit = ECHO_LINE_LIMIT,
    .waits = true,
    .line = send_line_back,
};

/* ---- The server ---- */

int echo_listen(struct echo **out, uv_loop_t *loop,
                const struct listening *where, bool by_lines)
{
    struct echo *echo = calloc(1, sizeof *echo);
    if (echo == NULL)
        return -ENOMEM;
    int rc = server_listen(&echo->server, loop, where,
                           by_lines ? &by_line.protocol : &raw, echo, free);
    if (rc == 0)
        *out = echo;
    return rc;
}

const struct server *echo_server(const struct echo *echo)
{
    return &echo->server;
}

void echo_close(struct echo *echo)
{
    server_close(&echo->server);
}
