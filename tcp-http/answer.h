/* SPDX-License-Identifier: MIT
 *
 * answer.h - bytes to struct, on the other side: the head of an HTTP/1 answer,
 * and how its body will end.
 *
 * Strict, as request.h is: an answer that two readers could cut differently is
 * refused. Pure: no I/O, no allocation, any thread. Read with: RFC 9112, 4, 6.3.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"

enum { ANSWER_HEAD_MAX = REQUEST_HEAD_MAX };

enum answer_body {
    BODY_NONE,    /* none follows: HEAD was asked, or 1xx, 204 and 304 */
    BODY_COUNTED, /* length bytes */
    BODY_CHUNKED, /* chunked.h knows */
    BODY_TO_END   /* all up to the end of the connection */
};

struct answer {
    int status;
    bool keep_alive; /* what version and Connection say together */
    enum answer_body body;
    int64_t length; /* of a BODY_COUNTED */
    size_t head_length;
};

/* Reads count bytes, of which the first is that of an answer; to HEAD if to_head.
 * PARSE_MORE: its head is not whole. PARSE_BAD: it is no answer of HTTP/1, it is
 * longer than ANSWER_HEAD_MAX, or it has two lengths, or a coding that we do not
 * know. */
enum parse answer_parse(struct answer *answer, const char *bytes, size_t count,
                        bool to_head);

#endif
