/* SPDX-License-Identifier: MIT
 *
 * server.h - the loop: wait, decide, act. One thread, one epoll, any number of
 * clients.
 *
 * What goes wrong with one client (a reset, nonsense, no memory for it) ends
 * that client and nothing else. When descriptors run out, accepting pauses
 * until a client leaves; it does not spin.
 *
 * There are no limits in time but two: a client that has had its last answer may
 * keep its connection half open for SERVER_LINGER_NS, and a stop waits
 * SERVER_STOP_NS for requests under way.
 *
 * Read with: TLPI, 63.4 (epoll); RFC 9112, 9.6 (why a close lingers).
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdint.h>

#define SERVER_LINGER_NS INT64_C(2000000000)
#define SERVER_STOP_NS   INT64_C(5000000000)

struct server; /* server.c alone sees the loop */

/* A server for the clients of this listener (listener_open()), which it closes
 * in the end, and also if this fails: -ENOMEM, -EMFILE. */
int server_new(struct server **out, int listener);

/* Serves until the descriptor stop becomes readable (an eventfd, a signalfd, a
 * pipe; borrowed, not read from). Then nobody new is taken, idle clients are let
 * go, requests under way are answered, and 0 is returned. Blocks; one thread,
 * and one run per server. A negative errno is epoll's own failure. */
int server_run(struct server *s, int stop);

/* How often the loop has woken: a server with nothing to do does not. To be
 * asked when it does not run. */
uint64_t server_wakes(const struct server *s);

/* Closes what is open. NULL is taken. */
void server_free(struct server *s);

#endif
