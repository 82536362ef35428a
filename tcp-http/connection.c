/* SPDX-License-Identifier: MIT
 *
 * connection.c - three states and two buffers.
 *
 *     IN_HEAD --head whole--> IN_BODY --body through--> IN_HEAD, or AFTER_LAST
 *        |                       |                      if the answer says close
 *        +---head malformed------+--too long, or of unknown length--> AFTER_LAST
 *
 * The one rule of safety: what is not known to be the start of a request is
 * never read as one. A body is counted and thrown away, as this site takes none;
 * where counting is not enough (a chunked body; one that waits for our "100
 * Continue" and may never come) the answer says close, and what follows it is
 * not looked at.
 *
 * Invariant: the bytes in[in_start .. in_start + in_count) are received and not
 * yet used, out[out_start .. out_start + out_count) are to be sent; and whenever
 * a public function returns, step() can do nothing more.
 *
 * Read with: RFC 9112, 9.3 to 9.6.
 */
#include "connection.h"

#include <assert.h>
#include <string.h>

#include "site.h"

void connection_init(struct connection *c, const char *date)
{
    /* Not the buffers: what is never written is never paged in. */
    memset(c, 0, offsetof(struct connection, in));
    c->date = date;
}

/* Makes room for one more answer, if the client has taken enough of them. */
static bool has_room_for_answer(struct connection *c)
{
    if (CONNECTION_OUT_MAX - c->out_count < RESPONSE_MAX)
        return false;
    if (CONNECTION_OUT_MAX - c->out_start - c->out_count < RESPONSE_MAX) {
        memmove(c->out, c->out + c->out_start, c->out_count);
        c->out_start = 0;
    }
    return true;
}

/* Puts the answer behind those that wait. The next head begins here, or none. */
static void say(struct connection *c, struct response answer)
{
    size_t end = c->out_start + c->out_count;

    answer.close |= c->finishing;
    int length = response_write(&answer, c->date, c->out + end,
                                CONNECTION_OUT_MAX - end);
    assert(length > 0); /* has_room_for_answer() has said so */
    c->out_count += (size_t)length;
    c->request = (struct request){0};
    c->state = answer.close ? AFTER_LAST : IN_HEAD;
}

/* The head is whole: what will be answered, and when. */
static void begin_body(struct connection *c, const char *bytes)
{
    const struct request *request = &c->request;

    c->answer = site_answer(request_text(bytes, request->method),
                            request_text(bytes, request->path));
    c->answer.close = !request->keep_alive;
    c->in_start += request->head_length;
    c->in_count -= request->head_length;
    c->body_left = request->content_length;
    c->state = IN_BODY;

    bool too_long = request->content_length > CONNECTION_BODY_MAX;
    bool waits = request->expects_continue && request->content_length > 0;
    if (!too_long && !waits && !request->chunked)
        return;
    if (too_long) {
        bool head_only = c->answer.head_only;
        c->answer = response_error(413);
        c->answer.head_only = head_only;
    }
    c->answer.close = true;
    c->body_left = 0; /* we do not wait for it */
}

static bool step_head(struct connection *c)
{
    const char *bytes = c->in + c->in_start;

    switch (request_parse(&c->request, bytes, c->in_count)) {
    case PARSE_DONE:
        begin_body(c, bytes);
        return true;
    case PARSE_BAD: {
        struct response answer = response_error(c->request.status);
        answer.head_only =
            text_is(request_text(bytes, c->request.method), "HEAD");
        answer.close = true;
        say(c, answer);
        return true;
    }
    case PARSE_MORE:
        break;
    }
    return false;
}

static bool step_body(struct connection *c)
{
    size_t count = c->in_count;

    if (c->body_left < (int64_t)count)
        count = (size_t)c->body_left;
    c->in_start += count;
    c->in_count -= count;
    c->body_left -= (int64_t)count;
    if (c->body_left > 0)
        return false;
    say(c, c->answer);
    return true;
}

/* Goes on until bytes are missing, or room for what they would cause. */
static void step(struct connection *c)
{
    bool moved = true;

    while (moved && c->state != AFTER_LAST && has_room_for_answer(c))
        moved = c->state == IN_HEAD ? c->in_count > 0 && step_head(c)
                                    : step_body(c);
    if (c->state == AFTER_LAST)
        c->in_count = 0; /* whatever it is, it is not for us */
    if (c->in_count == 0)
        c->in_start = 0;
}

static bool wants_input(const struct connection *c)
{
    return c->state != AFTER_LAST && !c->ended &&
           c->in_count < REQUEST_HEAD_MAX &&
           CONNECTION_OUT_MAX - c->out_count >= RESPONSE_MAX;
}

unsigned connection_wishes(const struct connection *c)
{
    unsigned wishes = 0;

    if (c->out_count > 0)
        wishes |= CONNECTION_WRITE;
    if (wants_input(c))
        wishes |= CONNECTION_READ;
    if (wishes == 0)
        wishes = c->ended ? CONNECTION_CLOSE : CONNECTION_LINGER;
    return wishes;
}

char *connection_room(struct connection *c, size_t *room)
{
    if (c->in_start > 0)
        memmove(c->in, c->in + c->in_start, c->in_count);
    c->in_start = 0;
    *room = wants_input(c) ? REQUEST_HEAD_MAX - c->in_count : 0;
    return c->in + c->in_count;
}

void connection_received(struct connection *c, size_t count)
{
    assert(count <= REQUEST_HEAD_MAX - c->in_start - c->in_count);
    c->in_count += count;
    step(c);
}

void connection_ended(struct connection *c)
{
    c->ended = true;
}

const char *connection_output(const struct connection *c, size_t *count)
{
    *count = c->out_count;
    return c->out + c->out_start;
}

void connection_sent(struct connection *c, size_t count)
{
    assert(count <= c->out_count);
    c->out_start += count;
    c->out_count -= count;
    if (c->out_count == 0)
        c->out_start = 0;
    step(c);
}

void connection_finish(struct connection *c)
{
    c->finishing = true;
    if (c->state != IN_HEAD || c->in_count > 0)
        return;
    c->state = AFTER_LAST;
    if (c->out_count == 0)
        c->ended = true; /* nothing was asked, nothing need be waited for */
}
