/* SPDX-License-Identifier: MIT
 *
 * site.h - which path is what. Both servers, ours and libmicrohttpd's, ask here,
 * so that they show one site:
 *
 *     /             hello; with --root, a file like all paths that are not here
 *     /plaintext    "Hello, World!"
 *     /json         {"message":"Hello, World!"}
 *     /echo         what was POSTed
 *     /sleep?ms=N   "slept" after so many milliseconds
 *     /status       the server's counters
 *
 * Pure; any thread.
 */
#ifndef SITE_H
#define SITE_H

#include "response.h"
#include "text.h"

enum { SITE_SLEEP_MAX_MS = 60000 };

enum page_kind {
    PAGE_FIXED,  /* the answer is here */
    PAGE_HELLO,  /* so is this one, unless there is a file */
    PAGE_NONE,   /* so is this one: a 404, unless there is a file */
    PAGE_ECHO,   /* the request's body is the answer's */
    PAGE_SLEEP,  /* the answer is here, and due in ms */
    PAGE_STATUS, /* the server makes it: status.h */
};

struct page {
    enum page_kind kind;
    struct response answer; /* ECHO, STATUS: all of it but the body. Borrowed
                             * from the program. head_only and close are the
                             * caller's to set */
    int64_t ms;             /* SLEEP */
};

/* What a method on a path gives. Query as in struct request; an empty path
 * counts as /. The wrong method gives a FIXED 405, one that nobody knows a FIXED
 * 501, a bad query a FIXED 400. */
struct page site_page(struct text method, struct text path, struct text query);

#endif
