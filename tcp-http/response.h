/* SPDX-License-Identifier: MIT
 *
 * response.h - struct to bytes: an answer with its whole body.
 *
 * Pure: no I/O, no allocation, no clock; any thread. Read with: RFC 9112, 4 and
 * 6; RFC 9110, 6.6.1 (Date) and 8.6 (Content-Length).
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "text.h"

enum {
    RESPONSE_DATE_SIZE = 30, /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */
    RESPONSE_MAX = 512       /* bytes; no answer of this server has more */
};

struct response {
    int status;     /* 200 and so on; its reason is added */
    bool head_only; /* the answer to HEAD: the length is told, not the body */
    bool close;     /* this is the last answer on its connection */
    const char *allow; /* the methods that are allowed, for a 405; or NULL */
    struct text body;  /* borrowed, text/html; of an error, its reason */
};

/* An answer without a body of its own: a page that names status and reason. */
struct response response_error(int status);

/* Writes the answer into out. Gives its length, or -ENOBUFS if it does not fit
 * into room bytes (RESPONSE_MAX are enough for what response_error() gives). date: what
 * response_date() wrote. */
int response_write(const struct response *response, const char *date, char *out,
                   size_t room);

/* The second, as the Date field wants it (IMF-fixdate); English in any locale. */
void response_date(time_t second, char out[RESPONSE_DATE_SIZE]);

#endif
