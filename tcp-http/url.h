/* SPDX-License-Identifier: MIT
 *
 * url.h - http://HOST[:PORT][/PATH]: whom to ask, and for what.
 *
 * HOST is an IPv4 address, an IPv6 address in brackets, or "localhost": no name
 * is looked up, so nothing here waits for a resolver. Read with: RFC 3986, 3.2;
 * RFC 6761, 6.3 (localhost); TLPI, 59.
 */
#ifndef URL_H
#define URL_H

#include <sys/socket.h>

#include "text.h"

enum { URL_PATIENCE_S = 30 }; /* a connect, a send, a recv: no longer */

struct url {
    struct sockaddr_storage address;
    socklen_t size;
    bool is_localhost;     /* so ::1 will do as well */
    struct text authority; /* borrowed: host and port, as for the Host field */
    struct text path;      /* borrowed: with its query; "" means "/" */
};

/* -EINVAL: it is something else. */
int url_parse(const char *text, struct url *out);

/* Connects; *fd is the caller's to close. It blocks, and no call on it blocks for
 * longer than URL_PATIENCE_S: then EAGAIN is the error. -ECONNREFUSED and the
 * like. */
int url_connect(const struct url *url, int *fd);

#endif
