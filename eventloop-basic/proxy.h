/* SPDX-License-Identifier: MIT
 *
 * proxy.h - for each client a connection to somewhere else, and bytes between.
 *
 * Each direction is on its own: it stops reading while the other side does not
 * take what was read (backpressure), and ends by itself: an end is passed on as
 * a half-close, and the pair is over when both directions have ended. An error
 * on either side is the end of both, at once.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored.
 *
 * Read with: Tokio's examples, proxy; Tokio's tutorial, "I/O".
 */
#ifndef PROXY_H
#define PROXY_H

#include "server.h"

struct proxy; /* its memory goes with its last handle, while the loop runs */

/* Clients are connected to `to`. -ENOMEM, or as server_listen(); the loop must
 * then run once more before uv_loop_close(). */
int proxy_listen(struct proxy **out, uv_loop_t *loop,
                 const struct listening *where, const struct sockaddr_in *to);

const struct server *proxy_server(const struct proxy *proxy);

/* The end of it; the proxy must not be touched after this. */
void proxy_close(struct proxy *proxy);

#endif
