/* SPDX-License-Identifier: MIT
 *
 * fuzz_request.c - any bytes at all, read by request.h and what follows the head
 * by chunked.h: whole, a byte at a time, and cut where the first byte of the
 * input says. All must agree. Each piece lies in a heap block of its exact size,
 * so that a sanitizer sees a byte read too far.
 */
#include <assert.h>
#include <stdlib.h>

#include "chunked.h"
#include "request.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer has named it */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static char *copy_of(const char *bytes, size_t count)
{
    char *copy = malloc(count > 0 ? count : 1);
    if (copy == NULL)
        abort();
    return memcpy(copy, bytes, count);
}

static enum parse parse_prefix(struct request *request, const char *bytes,
                               size_t count)
{
    char *copy = copy_of(bytes, count);
    enum parse result = request_parse(request, copy, count);
    free(copy);
    return result;
}

static bool same_span(struct span a, struct span b)
{
    return a.at == b.at && a.length == b.length;
}

static void assert_same(enum parse a_result, const struct request *a,
                        enum parse b_result, const struct request *b)
{
    assert(a_result == b_result && a->status == b->status);
    if (a_result == PARSE_MORE) /* what was found so far is nobody's business */
        return;
    assert(same_span(a->method, b->method));
    if (a_result == PARSE_BAD)
        return;
    assert(a->head_length == b->head_length);
    assert(a->first_field == b->first_field);
    assert(same_span(a->target, b->target));
    assert(same_span(a->path, b->path) && same_span(a->query, b->query));
    assert(a->minor == b->minor && a->keep_alive == b->keep_alive);
    assert(a->chunked == b->chunked);
    assert(a->expects_continue == b->expects_continue);
    assert(a->content_length == b->content_length);
}

static void assert_within(struct span span, size_t length)
{
    assert(span.at <= length && span.length <= length - span.at);
}

/* What must be true of every head that is taken. */
static void assert_sound(const struct request *r, const char *bytes,
                         size_t count)
{
    struct text value;

    assert(r->head_length <= count && r->head_length <= REQUEST_HEAD_MAX);
    assert(memcmp(bytes + r->head_length - 4, "\r\n\r\n", 4) == 0);
    assert_within(r->method, r->head_length);
    assert_within(r->target, r->head_length);
    assert_within(r->path, r->head_length);
    assert_within(r->query, r->head_length);
    assert(text_is_token(request_text(bytes, r->method)));
    assert(text_is_path_and_query(request_text(bytes, r->path)));
    assert(r->content_length >= 0 && (!r->chunked || r->content_length == 0));
    assert(r->minor == 0 || request_field(r, bytes, "host", &value));
    assert(memchr(bytes, '\0', r->head_length) == NULL);
}

/* ---- What follows the head ---- */

struct body {
    struct chunked chunked;
    enum parse result;
    char *data; /* as long as the input */
    size_t length, read;
};

static void feed(struct body *body, const char *bytes, size_t count)
{
    char *copy = copy_of(bytes, count);
    struct text rest = {copy, count}, data;

    while (body->result == PARSE_MORE && rest.length > 0) {
        body->result = chunked_parse(&body->chunked, &rest, &data);
        memcpy(body->data + body->length, data.at, data.length);
        body->length += data.length;
    }
    body->read += count - rest.length;
    free(copy);
}

static struct body decode(const char *bytes, size_t count, size_t first,
                          size_t step)
{
    struct body body = {.chunked.room = 1000, .result = PARSE_MORE};

    body.data = copy_of(bytes, count);
    feed(&body, bytes, first);
    for (size_t at = first; at < count && body.result == PARSE_MORE; at += step)
        feed(&body, bytes + at, count - at < step ? count - at : step);
    assert(body.length <= 1000 && body.length <= body.read);
    return body;
}

static void assert_same_body(const struct body *a, struct body b)
{
    assert(a->result == b.result && a->length == b.length);
    assert(a->read == b.read && a->chunked.status == b.chunked.status);
    assert(memcmp(a->data, b.data, a->length) == 0);
    free(b.data);
}

static void check_body(const char *bytes, size_t count, size_t cut)
{
    struct body whole = decode(bytes, count, count, 1);

    assert_same_body(&whole, decode(bytes, count, 0, 1));
    assert_same_body(
        &whole, decode(bytes, count, cut < count ? cut : count, count + 1));
    free(whole.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct request whole = {0}, pieces = {0}, two = {0};
    enum parse result, other = PARSE_MORE;

    if (size == 0)
        return 0;
    size_t cut = input[0], count = size - 1;
    const char *bytes = (const char *)input + 1;
    result = parse_prefix(&whole, bytes, count);
    for (size_t have = 0; have <= count && other == PARSE_MORE; have++)
        other = parse_prefix(&pieces, bytes, have);
    assert_same(result, &whole, other, &pieces);
    other = parse_prefix(&two, bytes, cut < count ? cut : count);
    if (other == PARSE_MORE)
        other = parse_prefix(&two, bytes, count);
    assert_same(result, &whole, other, &two);
    if (result == PARSE_DONE)
        assert_sound(&whole, bytes, count);
    size_t skip = result == PARSE_DONE ? whole.head_length : 0;
    check_body(bytes + skip, count - skip, cut);
    return 0;
}
