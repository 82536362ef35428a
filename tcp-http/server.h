/* SPDX-License-Identifier: MIT
 *
 * server.h - the loop: wait, decide, act. One thread, one epoll, any number of
 * clients. For several threads, several servers: background.h.
 *
 * What goes wrong with one client (a reset, nonsense, no memory for it) ends
 * that client and nothing else. A slow one is closed in time. When descriptors
 * run out, or there are as many clients as there may be, accepting pauses: who
 * comes waits in the kernel's queue, and the loop does not spin.
 *
 * Read with: TLPI, 63.4 (epoll); RFC 9112, 9.5 and 9.6 (time-outs, closing).
 */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "connection.h"

struct server; /* server.c alone sees the loop */

/* How it shall be; server_setup() gives what suits most. */
struct server_setup {
    int64_t patience[TIMEOUT_KINDS]; /* nanoseconds: connection.h */
    int64_t drain;                   /* a stop waits no longer than this */
    size_t clients_max;              /* at a time */
    const char *root;     /* borrowed: the directory to show; NULL: none */
    struct counters *all; /* borrowed: of all threads; NULL: of this one only */
    size_t threads, number; /* how many they are, and which is ours */
};

/* shared_init()'s patience, 5 s to drain, any number of clients, one thread. */
struct server_setup server_setup(void);

/* A server for the clients of this listener (listener_open()), which it closes
 * in the end, and also if this fails: -ENOMEM, -EMFILE, files_open()'s. */
int server_new(struct server **out, int listener,
               const struct server_setup *setup);

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
