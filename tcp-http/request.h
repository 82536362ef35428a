/* SPDX-License-Identifier: MIT
 *
 * request.h - bytes to struct: the head of an HTTP/1 request, in as many pieces
 * as the network likes.
 *
 * The parser owns no memory and copies nothing. It looks at the bytes received
 * so far, always from the first byte of the request; what it finds are spans of
 * those bytes, so the buffer may move between two calls. Each line is read once,
 * when it is whole, however small the pieces are. It is strict: what RFC 9112
 * lets a recipient refuse, it refuses, for two readers of one message that
 * disagree are how requests are smuggled.
 *
 *     struct request request = {0};
 *     switch (request_parse(&request, bytes, count)) {
 *     case PARSE_MORE: receive more behind those bytes, and call again
 *     case PARSE_DONE: the body, or the next request, begins at head_length
 *     case PARSE_BAD:  answer request.status, then close: who knows where the
 *                      next request begins
 *     }
 *
 * Pure: no I/O, no allocation, any thread. Read with: RFC 9112, 2 to 7.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum {
    REQUEST_LINE_MAX = 8192, /* bytes of the first line: more is a 414 */
    REQUEST_HEAD_MAX = 16384 /* of a head, its empty line included: a 431 */
};

enum parse { PARSE_DONE, PARSE_MORE, PARSE_BAD };

/* length bytes, the first of them at bytes[at]. */
struct span {
    uint32_t at, length;
};

struct request {
    struct span method; /* as sent: GET is not get */
    struct span target; /* all of it */
    struct span path;   /* the target without authority and query; length 0 if
                         * the target has no path ("http://a", "a:80", "*") */
    struct span query;  /* what follows the "?"; length 0 if there is none */
    int minor;          /* of HTTP/1.minor: 0, or 1 (which 2 to 9 count as) */
    bool keep_alive;    /* what version and Connection say together */
    bool chunked;       /* Transfer-Encoding: chunked, the one we know */
    bool expects_continue;  /* the body comes after a 100, if at all */
    int64_t content_length; /* 0 if there is none; INT64_MAX: or more */
    uint32_t head_length;   /* PARSE_DONE: bytes up to the body */
    int status; /* PARSE_BAD: what to answer: 400, 414 (the target is
                             * too long), 417 (an expectation we do not know),
                             * 431 (the head is too long), 501 (so is the method,
                             * or an unknown coding), 505 */

    /* How far we are; for request.c alone. */
    uint32_t first_field; /* begins here */
    uint32_t line,
        searched; /* the line under way begins here; no LF up to there */
    bool has_line, has_host, has_length, says_close, says_keep;
};

/* Reads on. bytes: the request from its first byte, count of them, what earlier
 * calls were given included. *request is all zero before the first call; after
 * DONE or BAD it is not to be parsed on. */
enum parse request_parse(struct request *request, const char *bytes,
                         size_t count);

/* After PARSE_DONE: the value of the one field of this name, in any case. False
 * if there is none, and if there are several: then no one value is right. */
bool request_field(const struct request *request, const char *bytes,
                   const char *name, struct text *value);

static inline struct text request_text(const char *bytes, struct span span)
{
    return (struct text){bytes + span.at, span.length};
}

#endif
