/* SPDX-License-Identifier: MIT
 *
 * background.h - a server in a thread of its own, for who has something else to
 * do meanwhile: the bench, the tests.
 */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include <stdint.h>

struct background;

/* Starts a server for the clients of this listener, which is closed in the end,
 * and also if this fails: a negative errno. */
int background_start(struct background **out, int listener);

/* Stops it (server_run() says how), and waits for that. Gives what
 * server_run() gave; *wakes, if not NULL, how often it woke. */
int background_stop(struct background *background, uint64_t *wakes);

#endif
