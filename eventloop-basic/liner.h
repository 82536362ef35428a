/* SPDX-License-Identifier: MIT
 *
 * liner.h - a connection that speaks in lines: what echo, kv and chat share.
 *
 * A protocol (connection.h) whose events are the functions below turns bytes
 * into calls of line(). With waits set it stops between two lines while an
 * answer is queued, keeps what was read, and goes on when the queue is empty:
 * so a client that asks and does not read costs one read and one answer.
 *
 * Read with: Hoverbear, "The Future with Futures" (a codec); Tokio's tutorial,
 * "Framing".
 */
#ifndef LINER_H
#define LINER_H

#include "connection.h"
#include "lines.h"

struct liner {
    struct connection connection; /* first */
    struct lines lines;
};

struct line_protocol {
    struct protocol protocol; /* first; its functions are those below */
    size_t limit;             /* bytes of a line */
    bool waits;
    void (*line)(struct liner *liner, const char *line, size_t length);
    /* Last, and once: it has closed, or (-EMSGSIZE) was dismissed for its line,
     * and may take its time to close. Not for who was dismissed by line(). Or
     * NULL. */
    void (*gone)(struct liner *liner, int why);
};

/* Its first part, for connections of this type (a struct liner, or one that
 * begins with it). */
#define LINER_PROTOCOL(type, limit_of_queue)                   \
    {                                                          \
        .size = sizeof(type), .queue_limit = (limit_of_queue), \
        .opened = liner_opened, .received = liner_received,    \
        .drained = liner_drained, .closed = liner_closed       \
    }

void liner_opened(struct connection *c);
void liner_received(struct connection *c, const char *bytes, size_t count);
void liner_drained(struct connection *c);
void liner_closed(struct connection *c, int why);

/* Sends a line of its own: "! " and the reason why the peer's was refused. */
void liner_refuse(struct liner *liner, const char *why);

#endif
