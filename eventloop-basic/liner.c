/* SPDX-License-Identifier: MIT
 *
 * liner.c - received: feed, take lines, keep the rest; drained: take on.
 */
#include "liner.h"

#include <stdio.h>

#include "util.h"

static const struct line_protocol *protocol_of(const struct connection *c)
{
    return (const struct line_protocol *)c->protocol;
}

void liner_opened(struct connection *c)
{
    lines_init(&((struct liner *)c)->lines, protocol_of(c)->limit);
}

static bool must_wait(const struct connection *c)
{
    return protocol_of(c)->waits && connection_queued(c) > 0;
}

/* Gives line() what there is: until the piece is taken, the connection ends, or
 * an answer has to wait. */
static void give_lines(struct connection *c)
{
    struct liner *liner = (struct liner *)c;
    int rc = LINES_LINE;

    while (rc == LINES_LINE && connection_is_open(c) && !must_wait(c)) {
        const char *line;
        size_t length;
        rc = lines_next(&liner->lines, &line, &length);
        if (rc == LINES_LINE)
            protocol_of(c)->line(liner, line, length);
    }
    if (rc == -EMSGSIZE) {
        char why[64];
        snprintf(why, sizeof why, "a line has at most %zu bytes",
                 protocol_of(c)->limit);
        liner_refuse(liner, why);
        connection_dismiss(c);
        if (protocol_of(c)->gone != NULL)
            protocol_of(c)->gone(liner, rc);
        return;
    }
    if (rc ==
        LINES_LINE) /* it stopped: the buffer is not ours to leave it in */
        rc = lines_keep(&liner->lines);
    if (rc < 0)
        connection_close(c, rc);
}

void liner_received(struct connection *c, const char *bytes, size_t count)
{
    lines_feed(&((struct liner *)c)->lines, bytes, count);
    give_lines(c);
    if (must_wait(c) && connection_is_open(c))
        connection_pause(c);
}

void liner_drained(struct connection *c)
{
    if (!protocol_of(c)->waits || !connection_is_open(c))
        return;
    give_lines(c);
    if (!must_wait(c))
        connection_resume(c);
}

void liner_closed(struct connection *c, int why)
{
    struct liner *liner = (struct liner *)c;

    if (protocol_of(c)->gone != NULL && !c->dismissed)
        protocol_of(c)->gone(liner, why);
    lines_destroy(&liner->lines);
}

void liner_refuse(struct liner *liner, const char *why)
{
    char line[128];
    int length = snprintf(line, sizeof line, "! %s\n", why);

    if (length < (int)sizeof line)
        connection_send(&liner->connection, line, (size_t)length);
}
