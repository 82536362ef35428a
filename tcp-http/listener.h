/* SPDX-License-Identifier: MIT
 *
 * listener.h - a socket that listens on the loopback interface.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdint.h>

/* Listens on 127.0.0.1. *port 0 lets the kernel choose; *port is then the choice.
 * *fd is the caller's to close; it is non-blocking and close-on-exec, and what is
 * accepted from it sends small answers at once (TCP_NODELAY is inherited).
 * -EADDRINUSE: somebody listens there; -EACCES, -EMFILE and the like. */
int listener_open(int *fd, uint16_t *port);

#endif
