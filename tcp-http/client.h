/* SPDX-License-Identifier: MIT
 *
 * client.h - the other side: one GET, one answer.
 *
 * It asks with HTTP/1.1 and "Connection: close" and waits for the whole answer.
 * Blocking calls; any thread. Read with: RFC 9112, 6.3; TLPI, 56.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>
#include <stddef.h>

enum { CLIENT_ANSWER_MAX = 64 << 20 }; /* bytes; a longer answer is refused */

struct url {
    struct sockaddr_in address;
    const char *authority; /* borrowed from the text: host and port */
    int authority_length;
    const char *path; /* borrowed: from the first "/" on; "" means "/" */
};

/* Reads http://HOST[:PORT][/PATH] where HOST is an IPv4 address or "localhost".
 * -EINVAL: it is something else. */
int url_parse(const char *text, struct url *out);

struct answer {
    char *bytes; /* head and body, owned: answer_free() */
    size_t head,
        length; /* bytes of the head, its empty line included; of all */
    int status;
};

/* Asks for url, and waits for the answer without limit. 0, whatever the status;
 * -ECONNREFUSED and the like; -EPROTO: what came is no whole HTTP/1 answer;
 * -EMSGSIZE, -ENOMEM; -ENOTSUP: a body in chunks. */
int client_get(const struct url *url, struct answer *out);

void answer_free(struct answer *answer);

#endif
