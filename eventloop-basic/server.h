/* SPDX-License-Identifier: MIT
 *
 * server.h - a listener, and the connections it lets in.
 *
 * A client's error is the client's and ends nothing else. Without descriptors,
 * or without memory, new clients are turned away, and let in again when some
 * come free: neither does the listener stay ready (a spinning loop), nor does
 * the server die.
 *
 * Read with: async-std's book, "Production-ready accept loop"; the libuv guide,
 * "Networking".
 */
#ifndef SERVER_H
#define SERVER_H

#include "connection.h"

/* Where and how to listen. A socket that listens already (fd > 0) comes before
 * a Unix socket's path (not NULL), and that before 127.0.0.1:port, where port 0
 * is one that is free. */
struct listening {
    int port;
    const char *pipe;
    int fd;
    long most; /* clients at a time, the next ones wait; 0: no limit */
};

/* In the caller's memory, until over(owner). The fields are server.c's, but
 * for all and accepted, which may be read. */
struct server {
    struct connections all;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener, turned_away; /* the second takes who cannot be let in */
    const struct protocol *protocol;
    void (*over)(void *owner);
    long accepted;
    long most;
    bool is_pipe;
    bool one_waits; /* libuv has accepted it, uv_accept() not yet */
    bool listener_closed, turns_away;
};

/* Listens; each connection follows the protocol, and finds owner in its all.
 * -EACCES, -EADDRINUSE, -EINVAL and what else the system says. In any case
 * over() is called once, from the loop, when the last handle is closed: only
 * then may the server's memory go. */
int server_listen(struct server *server, uv_loop_t *loop,
                  const struct listening *where,
                  const struct protocol *protocol, void *owner,
                  void (*over)(void *owner));

/* The port, or a negative errno. */
int server_port(const struct server *server);

/* No new clients; those who are here stay. */
void server_stop_listening(struct server *server);

/* No new clients, and the end of each connection: now, or when what was sent
 * to it has gone out. May be called twice, to lose patience. */
void server_close(struct server *server);
void server_close_when_drained(struct server *server);

#endif
