/* SPDX-License-Identifier: MIT
 *
 * peer.h - one client's socket: carries bytes between it and its connection.
 *
 * Nothing here blocks. One thread at a time per peer.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "connection.h"

enum { PEER_DISCARD_MAX = 4 << 20 }; /* bytes thrown away before the cut */

/* The first four are the owner's to use. */
struct peer {
    TAILQ_ENTRY(peer) link; /* in a list of the owner's */
    uint32_t events;        /* what epoll watches for */
    bool lingering;         /* peer_linger() has been called */
    int64_t last_time;      /* lingering: when it is closed in any case */
    int fd;
    size_t discarded; /* lingering: bytes thrown away */
    struct connection connection;
};

/* A peer for a non-blocking socket, which is the peer's from now on; date as in
 * connection_init(). NULL: no memory; fd is then closed. */
struct peer *peer_new(int fd, const char *date);

/* Receives once (if readable says that there may be something), then sends
 * until nothing is left or the socket is full. Gives the connection's wishes; of
 * a broken one, CONNECTION_CLOSE. */
unsigned peer_carry(struct peer *peer, bool readable);

/* The two halves of CONNECTION_LINGER: shuts down the sending side; throws away
 * what has come, some of it. False: the time to close is now. */
bool peer_linger(struct peer *peer);
bool peer_discard(struct peer *peer);

/* Closes the socket. */
void peer_free(struct peer *peer);

#endif
