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
    void (*gone)(struct liner *liner, int why); /* last; or NULL */
};

void liner_opened(struct connection *c);
void liner_received(struct connection *c, const char *bytes, size_t count);
void liner_drained(struct connection *c);
void liner_closed(struct connection *c, int why);

/* Sends a line of its own: "! " and the reason why the peer's was refused. */
void liner_refuse(struct liner *liner, const char *why);

#endif
