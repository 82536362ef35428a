/* SPDX-License-Identifier: MIT
 *
 * response.h - struct to bytes: the head of an answer, and its body if that is
 * in memory.
 *
 * Pure: no I/O, no allocation, no clock; any thread. Read with: RFC 9112, 4 and
 * 6; RFC 9110, 6.6.1 (Date) and 8.6 (Content-Length).
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "text.h"

enum {
    RESPONSE_DATE_SIZE = 30, /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */
    RESPONSE_MAX = 512 /* bytes: enough for any head with its error's body */
};

/* What a client hears that waits with its body (RFC 9110, 15.2.1). */
#define RESPONSE_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* All pointers are borrowed. Strings may be NULL: the field is then left out.
 * Those of one answer have at most 128 bytes together. */
struct response {
    int status;     /* 200 and so on; its reason is added */
    bool head_only; /* the answer to HEAD: the length is told, not the body */
    bool close;     /* this is the last answer on its connection */
    const char *allow;    /* the methods that are allowed, for a 405 */
    const char *type;     /* of the body, such as "text/html" */
    const char *modified; /* when it last was: response_date() */
    struct text body;
    int64_t apart; /* a body that is not in here, of so many bytes: the caller
                    * sends it behind the head. body is then empty */
};

/* An answer without a body of its own: a line that names status and reason. */
struct response response_error(int status);

/* Writes head and body into out. Gives the number of bytes, or -ENOBUFS if room
 * might not be enough: RESPONSE_MAX and the body's length always are, and for
 * what response_error() gives RESPONSE_MAX alone. date: by response_date(). */
int response_write(const struct response *response, const char *date, char *out,
                   size_t room);

/* The second, as the Date field wants it (IMF-fixdate); English in any locale. */
void response_date(time_t second, char out[RESPONSE_DATE_SIZE]);

#endif
