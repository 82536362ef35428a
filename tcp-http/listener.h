/* SPDX-License-Identifier: MIT
 *
 * listener.h - a socket that listens.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stdint.h>

/* Listens on 127.0.0.1. *port 0 lets the kernel choose; *port is then the choice.
 * *fd is the caller's to close; it is non-blocking and close-on-exec, and what is
 * accepted from it sends small answers at once (TCP_NODELAY is inherited).
 * -EADDRINUSE: somebody listens there; -EACCES, -EMFILE and the like. */
int listener_open(int *fd, uint16_t *port);

/* The same on an IPv4 or IPv6 address, written in digits ("::1", "0.0.0.0").
 * shared: others of the same user may listen there as well, if they all say so,
 * and the kernel deals the clients out (SO_REUSEPORT). -EINVAL: no address. */
int listener_open_at(int *fd, const char *address, uint16_t *port, bool shared);

#endif
