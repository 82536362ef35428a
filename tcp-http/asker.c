/* SPDX-License-Identifier: MIT
 *
 * asker.c - owed bytes on one side, answers cut from a stream on the other.
 */
#include "asker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { ROOM = 64 << 10 };

int asker_init(struct asker *a, struct text batch, unsigned depth)
{
    *a = (struct asker){.batch = batch, .depth = depth};
    a->since = calloc(depth, sizeof a->since[0]);
    a->bytes = malloc(ROOM);
    if (a->since != NULL && a->bytes != NULL)
        return 0;
    asker_destroy(a);
    return -ENOMEM;
}

void asker_destroy(struct asker *a)
{
    free(a->since);
    free(a->bytes);
    a->since = NULL;
    a->bytes = NULL;
}

/* ---- Questions ---- */

void asker_ask(struct asker *a, int64_t since)
{
    assert(a->out < a->depth);
    a->since[(a->oldest + a->out) % a->depth] = since;
    a->out++;
    a->owed += a->batch.length / a->depth;
}

/* The batch ends with a whole request, as all that is owed does: so what is owed
 * is the batch's end. */
struct text asker_output(const struct asker *a)
{
    return (struct text){a->batch.at + a->batch.length - a->owed, a->owed};
}

void asker_sent(struct asker *a, size_t count)
{
    assert(count <= a->owed);
    a->owed -= count;
}

/* ---- Answers ---- */

char *asker_room(struct asker *a, size_t *room)
{
    *room = ROOM - a->count;
    return a->bytes + a->count;
}

static void finish(struct asker *a, int64_t now, struct tally *tally)
{
    histogram_add(&tally->latency, (uint64_t)(now - a->since[a->oldest]));
    tally->failures += a->answer.status >= 400;
    a->oldest = (a->oldest + 1) % a->depth;
    a->out--;
    a->has_answered = true;
    a->must_close = !a->answer.keep_alive;
    a->state = IN_ANSWER_HEAD;
}

/* Reads a head off the bytes. PARSE_DONE: the body is next. */
static enum parse step_head(struct asker *a, struct text *bytes)
{
    enum parse result =
        answer_parse(&a->answer, bytes->at, bytes->length, false);

    if (result != PARSE_DONE)
        return result;
    bytes->at += a->answer.head_length;
    bytes->length -= a->answer.head_length;
    if (a->answer.status < 200) /* the answer itself is yet to come */
        return PARSE_DONE;
    a->left = a->answer.body == BODY_COUNTED ? a->answer.length : 0;
    a->chunked = (struct chunked){.room = INT64_MAX};
    a->state = IN_ANSWER_BODY;
    return PARSE_DONE;
}

/* Reads body off the bytes. PARSE_DONE: that was all of it. */
static enum parse step_body(struct asker *a, struct text *bytes)
{
    enum parse result = PARSE_MORE;
    struct text data;

    switch (a->answer.body) {
    case BODY_CHUNKED:
        while (result == PARSE_MORE && bytes->length > 0)
            result = chunked_parse(&a->chunked, bytes, &data);
        return result;
    case BODY_TO_END:
        bytes->length = 0;
        return PARSE_MORE;
    default:
        break;
    }
    size_t count = bytes->length;
    if (a->left < (int64_t)count)
        count = (size_t)a->left;
    bytes->at += count;
    bytes->length -= count;
    a->left -= (int64_t)count;
    return a->left == 0 ? PARSE_DONE : PARSE_MORE;
}

int asker_received(struct asker *a, size_t count, int64_t now,
                   struct tally *tally)
{
    struct text bytes = {a->bytes, a->count + count};
    enum parse result = PARSE_DONE;

    tally->bytes += count;
    while (result == PARSE_DONE &&
           (bytes.length > 0 || a->state == IN_ANSWER_BODY)) {
        if (a->out == 0 || a->must_close)
            return -EPROTO; /* nobody has asked for that */
        if (a->state == IN_ANSWER_HEAD) {
            result = step_head(a, &bytes);
        } else {
            result = step_body(a, &bytes);
            if (result == PARSE_DONE)
                finish(a, now, tally);
        }
    }
    a->count = bytes.length; /* the beginning of a head, at most */
    memmove(a->bytes, bytes.at, bytes.length);
    return result == PARSE_BAD ? -EPROTO : 0;
}

bool asker_ended(struct asker *a, int64_t now, struct tally *tally)
{
    if (a->state == IN_ANSWER_BODY && a->answer.body == BODY_TO_END)
        finish(a, now, tally); /* this is how we know */
    bool well = a->has_answered && a->state == IN_ANSWER_HEAD && a->count == 0;
    a->owed = a->out * (a->batch.length / a->depth);
    a->has_answered = a->must_close = false;
    return well;
}
