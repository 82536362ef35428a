/* SPDX-License-Identifier: MIT
 *
 * chat_client.c - socket and keyboard at once: what comes from either goes to
 * the other, and neither waits for the other.
 *
 * What standard input is decides how it is read: a terminal and a pipe are
 * polled like sockets; a file is always ready, so it is read on the pool.
 *
 * Try: eventloop-basic chat --connect 7008
 * Read with: async-std's book, the chat ("Implementing a client"); Tokio's
 * examples, connect.
 */
#include <sysexits.h>

#include "../connection.h"
#include "../demo.h"
#include "address.h"
#include "chat.h"
#include "stage.h"

struct client {
    struct stage stage;
    struct connections all;
    struct connection *server; /* NULL once it is closed */
    int why;                   /* it was closed */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tty_t terminal;
        uv_pipe_t pipe;
    } keys;
    uv_fs_t file;
    bool is_file;
    char typed[4096]; /* lent to the keys' reader */
};

static struct client client; /* big: it holds the connection's buffer */

/* ---- The keyboard ---- */

static void read_file(void);

/* What was typed, or its end (0). */
static void take_keys(ssize_t count)
{
    if (client.server == NULL)
        return;
    if (count <= 0) { /* an error too is an end: nothing more can be typed */
        connection_finish(client.server);
        return;
    }
    connection_send(client.server, client.typed, (size_t)count);
    if (client.is_file && connection_queued(client.server) == 0)
        read_file();
    else if (!client.is_file && connection_queued(client.server) > 0)
        uv_read_stop(&client.keys.stream);
}

static void on_file_read(uv_fs_t *request)
{
    ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    take_keys(count);
}

static void read_file(void)
{
    uv_buf_t buffer = uv_buf_init(client.typed, sizeof client.typed);
    must(uv_fs_read(&client.stage.loop, &client.file, STDIN_FILENO, &buffer, 1,
                    -1, on_file_read));
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(client.typed, sizeof client.typed);
}

static void on_typed(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    (void)stream, (void)buffer;
    if (count != 0) /* 0: nothing yet */
        take_keys(count);
}

static void read_on(struct connection *c)
{
    (void)c;
    if (client.is_file)
        read_file();
    else
        must(uv_read_start(&client.keys.stream, lend, on_typed));
}

static int open_keys(void)
{
    switch (uv_guess_handle(STDIN_FILENO)) {
    case UV_TTY:
        return uv_tty_init(&client.stage.loop, &client.keys.terminal,
                           STDIN_FILENO, 0);
    case UV_NAMED_PIPE:
        must(uv_pipe_init(&client.stage.loop, &client.keys.pipe, 0));
        return uv_pipe_open(&client.keys.pipe, STDIN_FILENO);
    case UV_FILE:
        client.is_file = true;
        return 0;
    default:
        return -EINVAL;
    }
}

/* ---- The server ---- */

static void print(struct connection *c, const char *bytes, size_t count)
{
    (void)c;
    fwrite(bytes, 1, count, stdout);
}

static void on_closed(struct connection *c, int why)
{
    (void)c;
    client.server = NULL;
    client.why = why;
    if (!client.is_file)
        CLOSE(&client.keys.handle);
}

static const struct protocol protocol = {.size = sizeof(struct connection),
                                         .queue_limit = 64 << 10,
                                         .opened = read_on,
                                         .received = print,
                                         .drained = read_on,
                                         .closed = on_closed};

static void stop(void *argument)
{
    (void)argument;
    if (client.server != NULL)
        connection_close(client.server, 0);
}

int chat_client(const char *where)
{
    struct sockaddr_in address;
    if (!parse_address(where, &address))
        error(EX_USAGE, 0, "--connect: '%s' is not [ADDRESS:]PORT", where);

    stage_open(&client.stage, stop, NULL);
    int rc = open_keys();
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "read from standard input");
    connections_init(&client.all, &client.stage.loop, NULL);
    client.server = connection_new(&client.all, &protocol, false);
    if (client.server == NULL)
        error(EXIT_FAILURE, ENOMEM, "connect to %s", where);
    connection_connect(client.server, (struct sockaddr *)&address);
    stage_serve(&client.stage);
    if (client.why < 0)
        error(EXIT_FAILURE, -client.why, "talk to %s", where);
    return EXIT_SUCCESS;
}
