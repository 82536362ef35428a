/* SPDX-License-Identifier: MIT
 *
 * chat.c - a guest is a connection, and a member once it has said its name.
 */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "liner.h"
#include "util.h"

enum { QUEUE_LIMIT = 64 * 1024 };

struct guest {
    struct liner liner;    /* first */
    struct member *member; /* NULL until it has a name */
};

struct chat {
    struct server server;
    struct broker *broker;
    bool rooms;
    long said, cut_off;
    void (*over)(void *argument);
    void *argument;
};

static struct chat *chat_of(struct liner *liner)
{
    return liner->connection.all->owner;
}

/* The broker's way out. */
static int deliver(void *to, const char *line, size_t length)
{
    struct guest *guest = to;

    /* Full, or gone: on_gone() will hear of it, and nobody else. */
    return connection_send(&guest->liner.connection, line, length);
}

static void introduce(struct chat *chat, struct guest *guest, const char *line,
                      size_t length)
{
    const char *room = chat->rooms ? "lobby" : NULL;
    size_t name_length = length, room_length = room == NULL ? 0 : strlen(room);
    const char *blank = memchr(line, ' ', length);

    if (chat->rooms && blank != NULL) {
        name_length = (size_t)(blank - line);
        room = blank + 1;
        room_length = length - name_length - 1;
    }
    int rc = broker_join(chat->broker, &guest->member, line, name_length, room,
                         room_length, guest);
    if (rc == 0)
        return;
    if (rc == -EEXIST)
        liner_refuse(&guest->liner, "this name is taken");
    else if (rc == -EINVAL)
        liner_refuse(&guest->liner, "a name has 1 to 32 bytes: no blank, no "
                                    "control byte, none of , : @");
    else
        liner_refuse(&guest->liner, "no memory");
    connection_dismiss(&guest->liner.connection);
}

static void on_line(struct liner *liner, const char *line, size_t length)
{
    struct chat *chat = chat_of(liner);
    struct guest *guest = (struct guest *)liner;

    if (guest->member == NULL) {
        introduce(chat, guest, line, length);
        return;
    }
    chat->said++;
    broker_say(chat->broker, guest->member, line, length);
}

static void on_gone(struct liner *liner, int why)
{
    struct guest *guest = (struct guest *)liner;
    struct chat *chat = chat_of(liner);

    if (why == -ENOBUFS)
        chat->cut_off++;
    if (guest->member != NULL)
        broker_leave(chat->broker, guest->member);
}

static const struct line_protocol by_line = {
    .protocol = LINER_PROTOCOL(struct guest, QUEUE_LIMIT),
    .limit = BROKER_LINE_LIMIT,
    .line = on_line,
    .gone = on_gone,
};

/* ---- The server ---- */

static void on_over(void *argument)
{
    struct chat *chat = argument;

    if (chat->over != NULL)
        chat->over(chat->argument);
    broker_free(chat->broker);
    free(chat);
}

int chat_listen(struct chat **out, uv_loop_t *loop,
                const struct listening *where, bool rooms)
{
    struct chat *chat = calloc(1, sizeof *chat);
    if (chat == NULL)
        return -ENOMEM;
    int rc = broker_new(&chat->broker, deliver);
    if (rc < 0) {
        free(chat);
        return rc;
    }
    chat->rooms = rooms;
    rc = server_listen(&chat->server, loop, where, &by_line.protocol, chat,
                       on_over);
    if (rc == 0)
        *out = chat;
    return rc;
}

const struct server *chat_server(const struct chat *chat)
{
    return &chat->server;
}

struct chat_counts chat_counts(const struct chat *chat)
{
    return (struct chat_counts){.here = broker_members(chat->broker),
                                .said = chat->said,
                                .delivered = broker_delivered(chat->broker),
                                .cut_off = chat->cut_off};
}

void chat_drain(struct chat *chat, void (*over)(void *argument), void *argument)
{
    chat->over = over;
    chat->argument = argument;
    server_close_when_drained(&chat->server);
}

void chat_close(struct chat *chat)
{
    server_close(&chat->server);
}
