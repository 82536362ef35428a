/* SPDX-License-Identifier: MIT
 *
 * cases.h - the dialogues in cases/ (the format: cases/README), and a judge of
 * what a server said to one. The judge has a parser of its own, so that it does
 * not share a mistake with the code under test.
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

struct expected {
    const char *statuses; /* "2xx|400" */
    bool head, optional;
};

struct http_case {
    const char *name, *why, *level;
    char *sent;              /* all that the client says */
    size_t length, await_at; /* await_at: length if it never waits */
    bool fin, http10, no_interim, has_echo;
    struct expected *expected;
    size_t answers;
    const char *ours; /* "200 400", or NULL */
    char *echo;
    size_t echo_length;
    const char *field_status, *field_name; /* or NULL */
    const char *then;
};

struct cases {
    char *text; /* of the file; names and words point into it */
    struct http_case *at;
    size_t count;
};

/* Reads a file of this name in cases/. A malformed one ends the program. */
struct cases cases_read(const char *name);
void cases_free(struct cases *cases);

/* What a client heard to the end, and whether the server then closed. */
struct heard {
    const char *bytes;
    size_t length;
    bool closed;
};

/* A request to send behind a case that leaves the connection open; its answer is
 * the last, and ok. */
#define CASE_PROBE \
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

enum case_then { THEN_OPEN, THEN_CLOSED, THEN_WAIT, THEN_ANY };

/* How the connection shall be after a last answer of this status (0: none). */
enum case_then case_then(const struct http_case *c, int last_status);

/* NULL if that is what the case wants, or what is wrong with it (good until the
 * next call). ours: of what the case allows, it must be what our server says.
 * *last: the status of the last answer, or 0. */
const char *case_judge(const struct http_case *c, struct heard heard, bool ours,
                       int *last);

/* The same for what was heard after CASE_PROBE. */
const char *case_judge_probe(struct heard heard);

/* How many whole answers to the case these are, interim ones not counted. */
size_t case_answers(const struct http_case *c, struct heard heard);

/* Whether a client that awaits has heard enough to go on: 0 nothing yet, 1 an
 * interim answer, 2 a final one: it then says no more. */
int case_heard(struct heard heard);

#endif
