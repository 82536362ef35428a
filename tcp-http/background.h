/* SPDX-License-Identifier: MIT
 *
 * background.h - servers in threads of their own: one for who has something else
 * to do meanwhile (the bench, the tests), or one per processor.
 *
 * Several share a port if each has a listener of its own (SO_REUSEPORT): the
 * kernel gives a new client to one of them, and no two threads ever touch the
 * same connection.
 */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include <stddef.h>
#include <stdint.h>

#include "server.h"

struct background;

/* Starts count servers, one for each of these listeners, all with this setup
 * (NULL: server_setup()), of which each takes its share of the clients. The
 * listeners are closed in the end, and also if this fails: a negative errno. */
int background_start_all(struct background **out, const int *listeners,
                         size_t count, const struct server_setup *setup);

/* The same for one. */
int background_start(struct background **out, int listener);

/* Stops them (server_run() says how), and waits for that. Gives what
 * server_run() gave, of the first that failed; *wakes, if not NULL, how often
 * they woke. */
int background_stop(struct background *background, uint64_t *wakes);

#endif
