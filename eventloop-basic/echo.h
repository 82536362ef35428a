/* SPDX-License-Identifier: MIT
 *
 * echo.h - a server that sends back what it is sent: as it comes (raw), or line
 * by line. The server is the same; the codec is a protocol in its place.
 *
 * A client that does not read is not read from (backpressure), and costs one
 * read's worth of memory, however much it sends. A client that has sent its last
 * byte (half-close) gets all of it back before the end. By lines, a line that is
 * too long is answered by "! ..." and the end, and a cut one is not sent back.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored.
 *
 * Read with: Tokio's front page, the echo server; Hoverbear, "The Future with
 * Futures" (the line codec); the libuv guide, "Networking".
 */
#ifndef ECHO_H
#define ECHO_H

#include "server.h"

enum { ECHO_LINE_LIMIT = 1024 };

struct echo; /* its memory goes with its last handle, while the loop runs */

/* -ENOMEM, or as server_listen(); the loop must then run once more before
 * uv_loop_close(). */
int echo_listen(struct echo **out, uv_loop_t *loop,
                const struct listening *where, bool by_lines);

/* The server inside: port, how many were accepted, how many are here. */
const struct server *echo_server(const struct echo *echo);

/* Asks for the end of all of it; the echo must not be touched after this. */
void echo_close(struct echo *echo);

#endif
