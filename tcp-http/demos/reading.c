/* SPDX-License-Identifier: MIT
 *
 * reading.c - the two parsers, one after the other.
 */
#include "reading.h"

#include "../demo.h"

/* bytes[0 .. from) were read before, bytes[from .. to) have just come. */
static void read_piece(struct reading *r, const char *bytes, size_t from,
                       size_t to)
{
    struct text rest = {bytes + from, to - from}, data;

    if (!r->in_body) {
        r->result = request_parse(&r->request, bytes, to);
        if (r->result != PARSE_DONE || !r->request.chunked)
            return;
        rest.at = bytes + r->request.head_length;
        rest.length = to - r->request.head_length;
        r->in_body = true;
        r->result = PARSE_MORE;
    }
    while (r->result == PARSE_MORE && rest.length > 0) {
        r->result = chunked_parse(&r->chunked, &rest, &data);
        memcpy(r->data + r->length, data.at, data.length);
        r->length += data.length;
    }
}

/* The text, with its line ends made visible. */
static void show(FILE *out, const char *name, const char *bytes, size_t count)
{
    fprintf(out, "%-8s ", name);
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\r' || bytes[i] == '\n')
            fprintf(out, "\\%c", bytes[i] == '\r' ? 'r' : 'n');
        else
            fprintf(out, bytes[i] < ' ' || bytes[i] > '~' ? "\\x%02hhx" : "%c",
                    bytes[i]);
    }
    fputc('\n', out);
}

static void show_span(FILE *out, const char *name, const char *bytes,
                      struct span span)
{
    show(out, name, bytes + span.at, span.length);
}

void reading_describe(const struct reading *r, const char *bytes, FILE *out)
{
    const struct request *request = &r->request;

    if (r->result == PARSE_MORE)
        fprintf(out, "the rest is missing\n");
    if (r->result == PARSE_BAD)
        fprintf(out, "answer   %d, and close\n",
                r->in_body ? r->chunked.status : request->status);
    if (r->result != PARSE_DONE)
        return;
    show_span(out, "method", bytes, request->method);
    show_span(out, "path", bytes, request->path);
    show_span(out, "query", bytes, request->query);
    fprintf(out, "version  1.%d\nafter    %s\n", request->minor,
            request->keep_alive ? "keep-alive" : "close");
    if (request->chunked)
        show(out, "body", r->data, r->length);
    else
        fprintf(out, "length   %jd\n", (intmax_t)request->content_length);
}

void reading_do(struct reading *r, const char *bytes, size_t count,
                size_t first, size_t piece, bool tell)
{
    static const char *const words[] = {
        [PARSE_DONE] = "done", [PARSE_MORE] = "more", [PARSE_BAD] = "bad"};

    memset(r, 0, offsetof(struct reading, data));
    r->chunked.room = READING_MAX;
    r->result = PARSE_MORE;
    for (size_t at = 0, size = first; at < count && r->result == PARSE_MORE;
         at += size, size = piece) {
        if (size > count - at)
            size = count - at;
        read_piece(r, bytes, at, at + size);
        if (tell)
            show(stdout, words[r->result], bytes + at, size);
    }
}
