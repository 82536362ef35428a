/* SPDX-License-Identifier: MIT
 *
 * node_delay.h - a server for the verb node: it takes a request, waits for so
 * many milliseconds, and answers. The book leans on a public one.
 */
#ifndef NODE_DELAY_H
#define NODE_DELAY_H

#include "../server.h"

struct delay_server {
    struct server server;
    int delay_ms;
};

/* As server_listen(), on a free port. */
int delay_listen(struct delay_server *delay, uv_loop_t *loop, int delay_ms);

#endif
