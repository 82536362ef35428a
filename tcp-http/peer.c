/* SPDX-License-Identifier: MIT
 *
 * peer.c - recv, send, and what their results mean.
 *
 *     recv   > 0     bytes for the connection
 *            0       the client has shut down its side; it may still read
 *            EAGAIN  nothing yet: epoll will say when
 *            else    broken: a reset, mostly
 *     send   fewer   the socket is full; the rest when epoll says so
 *
 * Read with: TLPI, 61.1 and 61.6.
 */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer *peer_new(int fd, const char *date)
{
    struct peer *peer = malloc(sizeof *peer);

    if (peer == NULL) {
        close(fd);
        return NULL;
    }
    peer->events = 0;
    peer->lingering = false;
    peer->fd = fd;
    peer->discarded = 0;
    connection_init(&peer->connection, date);
    return peer;
}

/* False if the connection is broken. */
static bool receive(struct peer *peer)
{
    size_t room;
    char *at = connection_room(&peer->connection, &room);

    if (room == 0)
        return true;
    ssize_t count = TEMP_FAILURE_RETRY(recv(peer->fd, at, room, 0));
    if (count > 0)
        connection_received(&peer->connection, (size_t)count);
    else if (count == 0)
        connection_ended(&peer->connection);
    return count >= 0 || errno == EAGAIN;
}

/* False if the connection is broken. */
static bool flush(struct peer *peer)
{
    for (;;) {
        size_t count;
        const char *bytes = connection_output(&peer->connection, &count);
        if (count == 0)
            return true;
        /* NOSIGNAL: a client that has left is an error here, not a SIGPIPE. */
        ssize_t sent =
            TEMP_FAILURE_RETRY(send(peer->fd, bytes, count, MSG_NOSIGNAL));
        if (sent < 0)
            return errno == EAGAIN;
        connection_sent(&peer->connection, (size_t)sent);
    }
}

unsigned peer_carry(struct peer *peer, bool readable)
{
    if ((readable && !receive(peer)) || !flush(peer))
        return CONNECTION_CLOSE;
    return connection_wishes(&peer->connection);
}

bool peer_linger(struct peer *peer)
{
    peer->lingering = true;
    return shutdown(peer->fd, SHUT_WR) == 0;
}

bool peer_discard(struct peer *peer)
{
    char waste[16384];
    ssize_t count = TEMP_FAILURE_RETRY(recv(peer->fd, waste, sizeof waste, 0));

    if (count > 0)
        peer->discarded += (size_t)count;
    return (count > 0 && peer->discarded <= PEER_DISCARD_MAX) ||
           (count < 0 && errno == EAGAIN);
}

void peer_free(struct peer *peer)
{
    close(peer->fd);
    free(peer);
}
