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

/* Bytes of a file sent at once; then others have their turn. Half of it costs a
 * tenth more per byte, as each turn is an epoll_wait(2) too. */
enum { PEER_FILE_STEP = 2 << 20 };

/* The first three are the owner's to use. */
struct peer {
    struct timeout timeout; /* in a list of the owner's; the first member */
    TAILQ_ENTRY(peer) link; /* in another */
    uint32_t events;        /* what epoll watches for */
    int fd;
    bool shut; /* the sending side is */
    struct connection connection;
};

/* A peer for a non-blocking socket, which is the peer's from now on; shared as
 * in connection_init(). NULL: no memory; fd is then closed. */
struct peer *peer_new(int fd, struct shared *shared);

/* Receives once (if readable says that there may be something), then sends
 * until nothing is left, or the socket is full, or it is others' turn. Gives the
 * connection's wishes; of a broken one, CONNECTION_CLOSE. */
unsigned peer_carry(struct peer *peer, bool readable);

/* Closes the socket. */
void peer_free(struct peer *peer);

#endif
