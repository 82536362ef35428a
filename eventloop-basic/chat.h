/* SPDX-License-Identifier: MIT
 *
 * chat.h - the chat server: connections that speak in lines (liner.h), and a
 * broker between them.
 *
 * A client's first line is its name, and then, with rooms, the name of a room
 * ("lobby" if it gives none). What it says from then on is for broker_say().
 * What is refused is answered by a line that begins with "! " and says why; a
 * bad name, or a line that is too long, is then the end.
 *
 * One writer per socket: all that goes to a client goes through its connection's
 * one queue, whole line by whole line. A client that does not read has its queue
 * filled, 64 KiB of it, and is then cut off: nobody else waits for it. A client
 * is removed in one place, when its connection has closed, or was dismissed: its
 * name is free then, however long it takes to hang up.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored.
 *
 * Read with: async-std's book, the chat; Tokio's examples, chat.
 */
#ifndef CHAT_H
#define CHAT_H

#include "server.h"

struct chat; /* its memory goes with its last handle, while the loop runs */

struct chat_counts {
    long here;      /* have a name */
    long said;      /* lines by those */
    long delivered; /* copies of them, each to one client */
    long cut_off;   /* for not reading */
};

/* -ENOMEM, or as server_listen(); the loop must then run once more before
 * uv_loop_close(). */
int chat_listen(struct chat **out, uv_loop_t *loop,
                const struct listening *where, bool rooms);

const struct server *chat_server(const struct chat *chat);
struct chat_counts chat_counts(const struct chat *chat);

/* The end, in two steps: first nothing new comes in, and each client leaves
 * when what was sent to it has gone out; the second cuts off those who have not
 * read it. After the second, or when the last handle has closed, over() is
 * called and the chat is gone. */
void chat_drain(struct chat *chat, void (*over)(void *argument),
                void *argument);
void chat_close(struct chat *chat);

#endif
