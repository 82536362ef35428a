/* SPDX-License-Identifier: MIT
 *
 * client.h - the other side: one question, one answer, its body in pieces.
 *
 *     rc = client_open(&client, &url, false, most);
 *     while (rc == 0 && (rc = client_read(&client, &data)) == 0 && data.length > 0)
 *         use data
 *     client_close(&client), if client_open() gave 0
 *
 * It asks by HTTP/1.1 with "Connection: close". Memory is fixed. Blocking calls,
 * each with an end in time (url.h). Read with: RFC 9112, 6.3; TLPI, 56 and 61.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "answer.h"
#include "chunked.h"
#include "url.h"

/* answer may be read; the rest is client.c's. */
struct client {
    struct answer answer;
    int fd;
    int64_t left;           /* of a BODY_COUNTED: bytes still to come */
    struct chunked chunked; /* of a BODY_CHUNKED */
    int64_t room;           /* how much body we would still take */
    bool at_end;            /* all of the body was given */
    size_t start, count;    /* bytes[start .. start + count) are not yet read */
    char bytes[ANSWER_HEAD_MAX];
};

/* Asks by GET, or by HEAD, and waits for the head of the answer. 0, whatever its
 * status; -ECONNREFUSED and the like; -ETIMEDOUT; -EPROTO: what came is no HTTP/1
 * answer; -EMSGSIZE: its body says that it has more than most bytes. */
int client_open(struct client *client, const struct url *url, bool head_only,
                int64_t most);

/* The answer's head, its empty line included; until the first client_read(). */
struct text client_head(const struct client *client);

/* The next piece of the body, good until the next call; an empty one is the end.
 * Errors as above, and -EPROTO also if the connection ended too soon. */
int client_read(struct client *client, struct text *data);

void client_close(struct client *client);

#endif
