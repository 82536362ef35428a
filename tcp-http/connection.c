/* SPDX-License-Identifier: MIT
 *
 * connection.c - eight states, and a buffer for each direction.
 *
 *     IDLE --byte--> HEAD --head whole--> BODY --body through--> answer
 *                      |                    |
 *                      +------malformed-----+---too long---> LAST
 *
 *     answer --its time is not yet--> SLEEP --time--> answer
 *            --fits into out--------> IDLE, or HEAD if bytes are here already
 *            --does not-------------> SEND --sent--> IDLE or HEAD
 *            --says close-----------> LAST --sent--> LINGER --end--> CLOSED
 *
 * The one rule of safety: what is not known to be the start of a request is never
 * read as one. A body nobody wants is counted and thrown away; where that is not
 * possible (it is too long, or is held back for a "100 Continue" it will not get)
 * the answer says close, and what follows is not looked at.
 *
 * Invariant: whenever a public function returns, settle() can do nothing more;
 * and there is an exchange if there are bytes or a request is under way.
 *
 * Read with: RFC 9112, 9.3 to 9.6.
 */
#include "connection.h"

#include <assert.h>
#include <string.h>

void shared_init(struct shared *shared, struct counters *counters)
{
    static const int64_t seconds[TIMEOUT_KINDS] = {
        [TIMEOUT_IDLE] = 60,  [TIMEOUT_HEAD] = 10,  [TIMEOUT_BODY] = 30,
        [TIMEOUT_WRITE] = 30, [TIMEOUT_LINGER] = 2,
    };

    *shared =
        (struct shared){.all = counters, .threads = 1, .counters = counters};
    for (int kind = 0; kind < TIMEOUT_KINDS; kind++)
        shared->patience[kind] = seconds[kind] * 1000000000;
    response_date(0, shared->date);
}

const char *connection_state_name(enum connection_state state)
{
    static const char *const names[] = {"IDLE", "HEAD", "BODY",   "SLEEP",
                                        "SEND", "LAST", "LINGER", "CLOSED"};
    return names[state];
}

static bool has_output(const struct connection *c)
{
    return c->exchange != NULL && exchange_output(c->exchange).count > 0;
}

static void enter(struct connection *c, enum connection_state state)
{
    if (c->state == STATE_SLEEP || state == STATE_SLEEP)
        count_to(c->shared->counters, COUNT_SLEEPING,
                 count_of(c->shared->counters, COUNT_SLEEPING) +
                     (state == STATE_SLEEP) - (c->state == STATE_SLEEP));
    c->state = (uint8_t)state;
}

/* ---- Answers ---- */

/* Puts the answer behind those that wait. The next head begins behind this
 * request, or none does. */
static void say(struct connection *c, struct response answer)
{
    struct exchange *e = c->exchange;

    answer.head_only =
        text_is(request_text(e->in + e->start, e->request.method), "HEAD");
    answer.close |= c->shared->draining;
    exchange_put(e, answer, c->shared->date);
    e->start = e->read;
    e->request = (struct request){0};
    c->renewed = true;
    count(c->shared->counters, COUNT_REQUESTS);
    if (answer.status >= 400)
        count(c->shared->counters, COUNT_ERRORS);
    enter(c, answer.close           ? STATE_LAST
             : exchange_is_apart(e) ? STATE_SEND
                                    : STATE_IDLE);
}

/* What comes behind this is not looked at. */
static void refuse(struct connection *c, int status)
{
    struct response answer = response_error(status);

    answer.close = true;
    say(c, answer);
}

static void say_status(struct connection *c, struct response answer)
{
    char text[STATUS_MAX];

    answer.body = (struct text){
        text, status_write(c->shared->all, c->shared->threads, text)};
    say(c, answer);
}

/* What files.c finds, instead of hello or of a 404. */
static void say_file(struct connection *c)
{
    struct exchange *e = c->exchange;
    const struct request *request = &e->request;
    const char *bytes = e->in + e->start;
    struct text since = {bytes, 0}, tag;

    if (!request_field(request, bytes, "If-None-Match", &tag) &&
        !request_field(request, bytes, "If-Modified-Since", &since))
        since.length = 0;
    struct response answer = files_answer(
        c->shared->files, request_text(bytes, request->method),
        request_text(bytes, request->path), since, c->shared->second, &e->file);
    if (e->file >= 0)
        e->file_left = answer.apart;
    answer.close |= !request->keep_alive;
    say(c, answer);
}

/* The request is here, and so is its body. */
static void answer_request(struct connection *c)
{
    struct exchange *e = c->exchange;
    struct response answer = e->page.answer;
    bool may_be_file = e->page.kind == PAGE_HELLO || e->page.kind == PAGE_NONE;

    answer.close = !e->request.keep_alive;
    if (may_be_file && c->shared->files != NULL) {
        say_file(c);
    } else if (e->page.kind == PAGE_STATUS) {
        say_status(c, answer);
    } else if (e->page.kind == PAGE_SLEEP &&
               count_of(c->shared->counters, COUNT_SLEEPING) >=
                   CONNECTION_SLEEPERS_MAX) {
        refuse(c, 503);
    } else if (e->page.kind == PAGE_SLEEP) {
        c->due = c->shared->now + e->page.ms * 1000000;
        enter(c, STATE_SLEEP);
    } else {
        if (e->page.kind == PAGE_ECHO)
            answer.body = (struct text){e->body, e->body_count};
        say(c, answer);
    }
}

/* ---- Steps: each is one move on, or false if something is missing ---- */

/* The head is whole: where does its body end, and does anybody want it? */
static void begin_body(struct connection *c)
{
    struct exchange *e = c->exchange;
    const struct request *request = &e->request;
    const char *bytes = e->in + e->start;
    bool has_body = request->chunked || request->content_length > 0;

    e->page = site_page(request_text(bytes, request->method),
                        request_text(bytes, request->path),
                        request_text(bytes, request->query));
    e->read += (uint32_t)request->head_length;
    e->left = request->content_length;
    if (request->chunked)
        e->chunked = (struct chunked){.room = CONNECTION_BODY_MAX};
    enter(c, STATE_BODY);

    if (e->left > CONNECTION_BODY_MAX) {
        refuse(c, 413);
    } else if (has_body && request->expects_continue &&
               e->page.kind != PAGE_ECHO) {
        e->page.answer.close = true; /* for the body may never come */
        say(c, e->page.answer);
    } else if (has_body && request->expects_continue && e->read == e->end) {
        exchange_put_text(e, text_of(RESPONSE_CONTINUE));
    }
}

static bool step_head(struct connection *c)
{
    struct exchange *e = c->exchange;

    switch (request_parse(&e->request, e->in + e->start, e->end - e->start)) {
    case PARSE_DONE:
        begin_body(c);
        return true;
    case PARSE_BAD:
        refuse(c, e->request.status);
        return true;
    case PARSE_MORE:
        break;
    }
    return false;
}

/* Takes what is here of the body off the bytes that are to be read, and keeps it
 * if it is to be echoed. */
static enum parse take_body(struct exchange *e, int *status)
{
    struct text bytes = {e->in + e->read, e->end - e->read}, data = bytes;
    enum parse result = PARSE_MORE;

    do {
        if (e->request.chunked) {
            result = chunked_parse(&e->chunked, &bytes, &data);
            *status = e->chunked.status;
        } else {
            if (e->left < (int64_t)data.length)
                data.length = (size_t)e->left;
            bytes.length -= data.length;
            e->left -= (int64_t)data.length;
            result = e->left == 0 ? PARSE_DONE : PARSE_MORE;
        }
        if (e->page.kind == PAGE_ECHO && exchange_keep(e, data) < 0) {
            *status = 503;
            return PARSE_BAD;
        }
    } while (result == PARSE_MORE && bytes.length > 0);
    e->read = e->end - (uint32_t)bytes.length;
    return result;
}

static bool step_body(struct connection *c)
{
    struct exchange *e = c->exchange;
    int status = 0;

    switch (take_body(e, &status)) {
    case PARSE_DONE:
        answer_request(c);
        return true;
    case PARSE_BAD:
        refuse(c, status);
        return true;
    case PARSE_MORE: /* all has been read: the next bytes come behind the head */
        e->read = e->end = e->start + (uint32_t)e->request.head_length;
        break;
    }
    return false;
}

static bool step(struct connection *c)
{
    struct exchange *e = c->exchange;

    switch (c->state) {
    case STATE_IDLE:
        if (e != NULL && e->start < e->end)
            enter(c, STATE_HEAD);
        else if (c->shared->draining) {
            c->ended |=
                !has_output(c); /* nothing was asked: wait for nothing */
            enter(c, STATE_LAST);
        }
        return c->state != STATE_IDLE;
    case STATE_HEAD:
        return exchange_make_room(e) && step_head(c);
    case STATE_BODY:
        return exchange_make_room(e) && step_body(c);
    case STATE_SEND:
        if (exchange_is_apart(e))
            return false;
        enter(c, STATE_IDLE);
        return true;
    case STATE_LAST:
        if (has_output(c))
            return false;
        enter(c, c->ended ? STATE_CLOSED : STATE_LINGER);
        return true;
    case STATE_LINGER:
        if (!c->ended && c->discarded <= CONNECTION_DISCARD_MAX)
            return false;
        enter(c, STATE_CLOSED);
        return true;
    default:
        return false;
    }
}

/* ---- After each event ---- */

static enum timeout_kind what_is_missing(const struct connection *c)
{
    static const uint8_t kinds[] = {
        [STATE_IDLE] = TIMEOUT_IDLE,     [STATE_HEAD] = TIMEOUT_HEAD,
        [STATE_BODY] = TIMEOUT_BODY,     [STATE_SLEEP] = TIMEOUT_SLEEP,
        [STATE_SEND] = TIMEOUT_WRITE,    [STATE_LAST] = TIMEOUT_WRITE,
        [STATE_LINGER] = TIMEOUT_LINGER, [STATE_CLOSED] = TIMEOUT_LINGER};

    if (c->state != STATE_SLEEP && has_output(c))
        return TIMEOUT_WRITE;
    return (enum timeout_kind)kinds[c->state];
}

static void set_patience(struct connection *c)
{
    enum timeout_kind what = what_is_missing(c);

    if (what == c->waits && !c->renewed)
        return;
    if (what != TIMEOUT_SLEEP) /* whose end the request has set */
        c->due = c->shared->now + c->shared->patience[what];
    if (c->exchange != NULL)
        c->exchange->taken = 0;
    c->waits = (uint8_t)what;
    c->renewed = false;
}

/* Goes on until bytes are missing, or room for what they would cause, or time. */
static void settle(struct connection *c)
{
    while (step(c))
        continue;

    bool listens = c->state <= STATE_BODY;
    if (c->ended && listens && !has_output(c))
        enter(c, STATE_CLOSED); /* what is missing will never come */

    struct exchange *e = c->exchange;
    bool deaf = c->state >= STATE_LAST;
    if (e != NULL && deaf)
        e->start = e->end = 0; /* whatever it is, it is not for us */
    bool resting = c->state == STATE_IDLE || deaf;
    if (e != NULL && resting && e->start == e->end && !has_output(c)) {
        exchange_return(&c->shared->exchanges, e);
        c->exchange = NULL;
    }
    set_patience(c);
}

/* ---- What the owner calls ---- */

void connection_init(struct connection *c, struct shared *shared)
{
    *c = (struct connection){.shared = shared, .renewed = true};
    set_patience(c);
}

void connection_destroy(struct connection *c)
{
    enter(c, STATE_CLOSED);
    exchange_return(&c->shared->exchanges, c->exchange);
    c->exchange = NULL;
}

static bool wants_input(const struct connection *c)
{
    const struct exchange *e = c->exchange;

    if (c->state == STATE_LINGER)
        return true;
    if (c->state > STATE_BODY || c->ended)
        return false;
    return e == NULL ||
           (exchange_has_room(e) && e->end - e->start < EXCHANGE_IN_MAX);
}

unsigned connection_wishes(const struct connection *c)
{
    if (c->state == STATE_CLOSED)
        return CONNECTION_CLOSE;
    if (c->state == STATE_LINGER)
        return CONNECTION_LINGER;
    return (has_output(c) ? CONNECTION_WRITE : 0U) |
           (wants_input(c) ? CONNECTION_READ : 0U);
}

int64_t connection_due(const struct connection *c, enum timeout_kind *what)
{
    *what = (enum timeout_kind)c->waits;
    return c->state == STATE_CLOSED ? INT64_MAX : c->due;
}

void connection_timed_out(struct connection *c)
{
    if (c->state == STATE_SLEEP) {
        struct response answer = c->exchange->page.answer;
        answer.close = !c->exchange->request.keep_alive;
        say(c, answer);
        settle(c);
        return;
    }
    if (c->waits == TIMEOUT_HEAD || c->waits == TIMEOUT_BODY)
        refuse(c, 408);
    else
        enter(c, STATE_CLOSED);
    count(c->shared->counters, COUNT_TIMED_OUT);
    settle(c);
}

char *connection_room(struct connection *c, size_t *room)
{
    *room = 0;
    if (!wants_input(c))
        return NULL;
    if (c->exchange == NULL)
        c->exchange = exchange_borrow(&c->shared->exchanges);
    struct exchange *e = c->exchange;
    if (e == NULL) {
        enter(c, STATE_CLOSED);
        return NULL;
    }
    if (e->start > 0) { /* less than a request's worth: the rest was used */
        memmove(e->in, e->in + e->start, e->end - e->start);
        e->read -= e->start;
        e->end -= e->start;
        e->start = 0;
    }
    *room = EXCHANGE_IN_MAX - e->end;
    return e->in + e->end;
}

void connection_received(struct connection *c, size_t received)
{
    struct exchange *e = c->exchange;

    assert(e != NULL && received <= EXCHANGE_IN_MAX - e->end);
    e->end += (uint32_t)received;
    if (c->state == STATE_LINGER)
        c->discarded += (uint32_t)received;
    settle(c);
}

void connection_ended(struct connection *c)
{
    c->ended = true;
    settle(c);
}

struct output connection_output(const struct connection *c)
{
    if (c->exchange == NULL)
        return (struct output){.file = -1};
    return exchange_output(c->exchange);
}

void connection_sent(struct connection *c, size_t sent)
{
    struct exchange *e = c->exchange;

    if (e == NULL)
        return;
    exchange_sent(e, sent);
    c->renewed |= e->taken >= CONNECTION_WRITE_STEP;
    settle(c);
}

void connection_finish(struct connection *c)
{
    settle(c);
}
