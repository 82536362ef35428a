/* SPDX-License-Identifier: MIT
 *
 * io_clients.c - clients who send lines, short and long, and look at each byte
 * that comes back. Each ends by shutting down its sending half, and then reads
 * the end.
 */
#include "io_echo.h"

enum { LINES = 4 }; /* that a client sends */
static const size_t line_size[LINES] = {1, 64, 5000, 1 << 20};

struct client {
    struct server *server;
    struct thread_id id;
    int fd, line, number;
    char name[32], writer[32];
};

static bool is_traced(const struct client *client)
{
    return client->number <= client->server->traced &&
           line_size[client->line] < SHORT;
}

/* The byte at a place of the line that the client is at. */
static char byte_at(const struct client *client, size_t at)
{
    bool last = at + 1 == line_size[client->line];
    size_t letter = at + (size_t)client->line + (size_t)client->number;
    return (char)(last ? '\n' : 'a' + letter % 26);
}

/* A thread of its own: who writes 1 MiB first and reads only then waits for ever
 * for a server that waits until its answer is read. */
static void *write_line(void *argument)
{
    struct client *client = argument;
    size_t size = line_size[client->line];
    char buffer[PIECE];

    for (size_t at = 0; at < size;) {
        size_t count = size - at < PIECE ? size - at : PIECE;
        for (size_t i = 0; i < count; i++)
            buffer[i] = byte_at(client, at + i);
        ssize_t put = write_all(client->server, client->fd, buffer, count,
                                is_traced(client));
        if (put < 0)
            break; /* who reads will miss it */
        at += (size_t)put;
    }
    return NULL;
}

static bool read_line_back(struct client *client)
{
    size_t size = line_size[client->line];
    char buffer[PIECE];
    size_t at = 0;

    while (at < size) {
        size_t most = size - at < PIECE ? size - at : PIECE;
        ssize_t got = read_some(client->server, client->fd, buffer, most,
                                is_traced(client));
        if (got <= 0)
            return false;
        for (ssize_t i = 0; i < got; i++)
            if (buffer[i] != byte_at(client, at++))
                return false;
    }
    client->server->came_back += size;
    return true;
}

/* Whether nothing follows when we say that we have ended. */
static bool end_is_answered(const struct client *client)
{
    char byte;

    must(shutdown(client->fd, SHUT_WR));
    return io_read(client->fd, &byte, 1, RUNTIME_NEVER) == 0;
}

static void *talk(void *argument)
{
    struct client *client = argument;
    struct server *server = client->server;
    struct thread_id writer;
    bool good = true;

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = client->fd < 0 ? -errno : io_adopt(server->rt, client->fd);
    if (rc == 0)
        rc = io_connect(client->fd, (struct sockaddr *)&server->address,
                        sizeof server->address, RUNTIME_NEVER);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "connect %s", client->name);
    for (client->line = 0; client->line < LINES && good; client->line++) {
        rc = runtime_spawn(server->rt, write_line, client, client->writer,
                           &writer);
        if (rc < 0)
            error(EXIT_FAILURE, 0, "%s: %s", client->writer,
                  stack_strerror(rc));
        good = read_line_back(client);
        must(runtime_join(server->rt, writer, NULL));
    }
    server->finished += good && end_is_answered(client);
    must(io_close(server->rt, client->fd));
    return NULL;
}

/* All clients at once; when they have ended, so does the server. */
void *run_clients(void *argument)
{
    struct server *server = argument;
    size_t count = (size_t)server->clients;
    struct client *clients = calloc(count, sizeof *clients);
    int rc = clients == NULL ? -ENOMEM : 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        struct client *client = &clients[i];
        client->server = server;
        client->number = (int)i + 1;
        snprintf(client->name, sizeof client->name, "client-%d",
                 client->number);
        snprintf(client->writer, sizeof client->writer, "writer-%d",
                 client->number);
        rc = runtime_spawn(server->rt, talk, client, client->name, &client->id);
    }
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make clients: %s", stack_strerror(rc));
    for (size_t i = 0; i < count; i++)
        must(runtime_join(server->rt, clients[i].id, NULL));
    free(clients);
    stop_server(server);
    return NULL;
}
