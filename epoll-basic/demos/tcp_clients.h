/* SPDX-License-Identifier: MIT
 *
 * tcp_clients.h - those who come to `tcp` unless others do: a thread of plain
 * sockets that block, one guest after the other half way through.
 */
#ifndef TCP_CLIENTS_H
#define TCP_CLIENTS_H

#include <netinet/in.h>

struct clients;

/* So many connect to address, are greeted, speak, and leave. */
struct clients *clients_start(const struct sockaddr_in *address, int count);

/* Waits until all have. NULL: there were none. */
void clients_join(struct clients *clients);

#endif
