/* SPDX-License-Identifier: MIT
 *
 * delay_server.h - a server that takes its time. It is asked with a number of
 * milliseconds and a newline, waits so long, answers "after 200 ms\n" and
 * closes. One thread, one poller, one heap of timers, any number of questions.
 */
#ifndef DELAY_SERVER_H
#define DELAY_SERVER_H

#include <netinet/in.h>

struct delay_server;

/* Listens at *address; port 0 becomes the one it got. Ends the program if it
 * cannot. */
struct delay_server *delay_server_open(struct sockaddr_in *address);

/* Serves until it is stopped. */
void delay_server_run(struct delay_server *server);

/* From any thread, and from a signal handler. */
void delay_server_stop(struct delay_server *server);

/* Closes it, and with it all connections. */
void delay_server_close(struct delay_server *server);

#endif
