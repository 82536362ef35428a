/* SPDX-License-Identifier: MIT
 *
 * echo.h - the tasks of `reactor`: an echo server and its clients, each a state
 * machine that awaits the reactor's leaves.
 */
#ifndef ECHO_H
#define ECHO_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "../reactor.h"

struct echo {
    struct reactor *reactor;
    struct executor *executor;
    int listener;
    struct sockaddr_in address;
    /* relaxed: they are counted, and read when all threads are joined. */
    atomic_long served; /* connections */
    atomic_long clients_left;
    atomic_long came_back; /* bytes */
};

/* Listens at echo->address and accepts from the first run on. */
int echo_listen(struct echo *echo);

/* Stops the executor at SIGINT or SIGTERM, which must be blocked in all
 * threads. */
int echo_stop_on_signal(struct echo *echo);

/* So many clients that say something and hear it, and again; the last one stops
 * the executor. */
int echo_clients(struct echo *echo, long clients);

/* One task, one byte, and who tells whom: the trace. 0 if it went as it should.
 */
int echo_trace(void);

#endif
