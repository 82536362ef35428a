/* SPDX-License-Identifier: MIT
 *
 * tcp.h - sockets that never block: listen, accept, connect, read, write.
 *
 * A connection that may not block comes about in two steps. tcp_connect() asks
 * and returns; the poller says "writable" when there is an answer, and
 * tcp_connected() reads it, for a refusal looks just as writable.
 *
 * Addresses are numeric IPv4 (struct sockaddr_in): looking up a name would
 * block. Every function may be called by any thread; none blocks. Descriptors
 * are close-on-exec, non-blocking, and the caller's to close.
 *
 * Read with: mio, `net::TcpStream`; connect(2), EINPROGRESS.
 */
#ifndef TCP_H
#define TCP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

struct tcp_text {
    char text[sizeof "255.255.255.255:65535"];
};

/* 127.0.0.1, port 0: this machine, any port. */
struct sockaddr_in tcp_loopback(void);

/* Reads "127.0.0.1:8080", ports 1 to 65535. -EINVAL, *out untouched. */
int tcp_parse(const char *text, struct sockaddr_in *out);

/* As text, by value: tcp_text(&address).text needs no buffer of the caller's,
 * and lives until the end of the statement. */
struct tcp_text tcp_text(const struct sockaddr_in *address);

/* The same host and the same port. */
bool tcp_same(const struct sockaddr_in *a, const struct sockaddr_in *b);

/* A socket that listens at *address; for port 0 the kernel picks one. *address
 * is then where. -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -EMFILE, ... */
int tcp_listen(struct sockaddr_in *address);

/* The next connection, and whose it is. -EAGAIN: none is waiting; -EMFILE,
 * -ENFILE: one may be, but there is no descriptor left for it. A client that
 * has left again is passed over. */
int tcp_accept(int listener, struct sockaddr_in *peer);

/* A socket that is not connected. A poller calls it writable and hung up. */
int tcp_open(void);

/* Asks for a connection. -EINPROGRESS is the usual answer: the rest comes with
 * an event. 0: up at once; another error: it cannot be, -ENETUNREACH say. */
int tcp_connect(int fd, const struct sockaddr_in *to);

/* What became of it; ask at every event until it is settled. 0: it is up, *own
 * and *peer are its two ends; -EINPROGRESS: no answer yet, the event was
 * spurious; -ECONNREFUSED, -ETIMEDOUT, ...: it failed. An error is told once.
 */
int tcp_connected(int fd, struct sockaddr_in *own, struct sockaddr_in *peer);

/* Some bytes, 1 to size of them; 0: the end, the peer writes no more; -EAGAIN:
 * none now; -ECONNRESET: the peer is gone. size is 1 or more. */
ssize_t tcp_read(int fd, void *buffer, size_t size);

/* How many were taken, perhaps not all; -EAGAIN: none now; -EPIPE,
 * -ECONNRESET: nobody will read them. No signal comes of that. */
ssize_t tcp_write(int fd, const void *bytes, size_t size);

#endif
