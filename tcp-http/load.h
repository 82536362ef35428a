/* SPDX-License-Identifier: MIT
 *
 * load.h - a client for measuring: the same request again and again on one kept
 * connection, the next when the last is answered (a closed loop).
 *
 * Blocking calls; one thread per connection.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdint.h>

/* What is sent: 45 bytes, as in other people's tables. */
#define LOAD_REQUEST "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept:*\r\n\r\n"

/* Connects to 127.0.0.1:port; *fd is the caller's to close. A negative errno. */
int load_connect(int *fd, uint16_t port);

/* Asks count times for "hello\n". 0; -EPROTO: the connection ended before the
 * last answer; a negative errno. */
int load_run(int fd, long count);

#endif
