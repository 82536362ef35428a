/* SPDX-License-Identifier: MIT
 *
 * echo.h - a TCP server on 127.0.0.1 that sends back what it is sent.
 *
 * Each connection is one state with one buffer, and reads again only when the
 * last piece has gone out: a client that does not read is not read from
 * (backpressure), and costs one buffer, however much it sends. A client that
 * has sent its last byte (half-close) gets all of it back before the end. A
 * client's error ends that client. Out of descriptors, the server turns new
 * clients away; out of memory, it leaves them waiting until another one ends.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored: libuv
 * writes to sockets whose other end may just have gone.
 *
 * Read with: Tokio's front page, the echo server; the libuv guide,
 * "Networking".
 */
#ifndef ECHO_H
#define ECHO_H

#include <uv.h>

struct echo; /* its handles are the loop's; it is freed when the last closed */

/* Listens on a port, 0 for one that is free. -EINVAL: no such port; -EACCES,
 * -EADDRINUSE, -EMFILE, -ENOMEM. After an error too a handle may be closing:
 * the loop must run once more before uv_loop_close(). */
int echo_listen(struct echo **out, uv_loop_t *loop, int port);

/* The port, or a negative errno. */
int echo_port(const struct echo *server);

/* How many clients have been accepted, and how many of them are still here. */
long echo_accepted(const struct echo *server);
long echo_open(const struct echo *server);

/* Asks for the end: closes the listener and every connection. The server must
 * not be touched after this; its memory goes with its last close callback,
 * while the loop runs. */
void echo_close(struct echo *server);

#endif
