/* SPDX-License-Identifier: MIT
 *
 * peer.c - recv, send, sendfile, and what their results mean.
 *
 *     recv      > 0     bytes for the connection
 *               0       the client has shut down its side; it may still read
 *               EAGAIN  nothing yet: epoll will say when
 *               else    broken: a reset, mostly
 *     send      fewer   the socket is full; the rest when epoll says so
 *     sendfile  0       the file is shorter than we have said: a broken promise
 *
 * Read with: TLPI, 61.1, 61.4 and 61.6.
 */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer *peer_new(int fd, struct shared *shared)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL) {
        close(fd);
        return NULL;
    }
    peer->fd = fd;
    connection_init(&peer->connection, shared);
    return peer;
}

/* False if the connection is broken. */
static bool receive(struct peer *peer)
{
    struct connection *c = &peer->connection;
    size_t room;
    char *at = connection_room(c, &room);

    if (room == 0)
        return true;
    ssize_t count = TEMP_FAILURE_RETRY(recv(peer->fd, at, room, 0));
    if (count < 0 && errno != EAGAIN)
        return false;
    if (count == 0)
        connection_ended(c);
    else
        connection_received(c, count > 0 ? (size_t)count : 0);
    return true;
}

/* Gives what send(2) does. */
static ssize_t send_some(struct peer *peer, const struct output *output)
{
    /* NOSIGNAL: a client that has left is an error here, not a SIGPIPE. */
    if (output->bytes != NULL)
        return send(peer->fd, output->bytes, output->count,
                    MSG_NOSIGNAL | (output->more ? MSG_MORE : 0));

    off_t offset = output->offset;
    size_t count = output->count;
    if (count > PEER_FILE_STEP)
        count = PEER_FILE_STEP;
    ssize_t sent = sendfile(peer->fd, output->file, &offset, count);
    if (sent == 0)
        errno = EIO;
    return sent == 0 ? -1 : sent;
}

/* False if the connection is broken. */
static bool flush(struct peer *peer)
{
    for (;;) {
        struct output output = connection_output(&peer->connection);
        if (output.count == 0)
            return true;
        ssize_t sent = TEMP_FAILURE_RETRY(send_some(peer, &output));
        if (sent < 0)
            return errno == EAGAIN;
        connection_sent(&peer->connection, (size_t)sent);
        if ((size_t)sent < output.count)
            return true;
    }
}

unsigned peer_carry(struct peer *peer, bool readable)
{
    if ((readable && !receive(peer)) || !flush(peer))
        return CONNECTION_CLOSE;

    unsigned wishes = connection_wishes(&peer->connection);
    if ((wishes & CONNECTION_LINGER) && !peer->shut) {
        peer->shut = true;
        if (shutdown(peer->fd, SHUT_WR) < 0)
            return CONNECTION_CLOSE;
    }
    return wishes;
}

void peer_free(struct peer *peer)
{
    connection_destroy(&peer->connection);
    close(peer->fd);
    free(peer);
}
