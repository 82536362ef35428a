/* SPDX-License-Identifier: MIT
 *
 * tcp.c - thin around the system calls; what is here is which of their errors
 * are none.
 *
 * Read with: connect(2), accept(2), recv(2), send(2), tcp(7).
 */
#include "tcp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

struct sockaddr_in tcp_loopback(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int tcp_parse(const char *text, struct sockaddr_in *out)
{
    char host[INET_ADDRSTRLEN];
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *colon = strrchr(text, ':');
    size_t length = colon == NULL ? sizeof host : (size_t)(colon - text);
    long port;

    if (length >= sizeof host)
        return -EINVAL;
    memcpy(host, text, length);
    host[length] = '\0';
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        parse_count(colon + 1, 1, 65535, &port) < 0)
        return -EINVAL;
    address.sin_port = htons((uint16_t)port);
    *out = address;
    return 0;
}

struct tcp_text tcp_text(const struct sockaddr_in *address)
{
    struct tcp_text out;
    char host[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &address->sin_addr, host, sizeof host);
    snprintf(out.text, sizeof out.text, "%s:%d", host,
             ntohs(address->sin_port));
    return out;
}

bool tcp_same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_addr.s_addr == b->sin_addr.s_addr &&
           a->sin_port == b->sin_port;
}

int tcp_open(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

/* Whether the kernel knows the own end, and which. */
static int own_end(int fd, struct sockaddr_in *own)
{
    socklen_t size = sizeof *own;

    return getsockname(fd, (struct sockaddr *)own, &size) < 0 ? -errno : 0;
}

int tcp_listen(struct sockaddr_in *address)
{
    int yes = 1;
    int fd = tcp_open();
    if (fd < 0)
        return fd;
    /* Or the port stays taken for a minute after the last connection. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
        listen(fd, SOMAXCONN) < 0 || own_end(fd, address) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

int tcp_accept(int listener, struct sockaddr_in *peer)
{
    for (;;) {
        socklen_t size = sizeof *peer;
        int fd = accept4(listener, (struct sockaddr *)peer, &size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            return fd;
        /* Aborted: gone while it waited in the queue. The next may be there. */
        if (errno != EINTR && errno != ECONNABORTED)
            return -errno;
    }
}

int tcp_connect(int fd, const struct sockaddr_in *to)
{
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        return 0;
    /* A signal interrupts the call, not the connecting: it goes on. */
    return errno == EINTR ? -EINPROGRESS : -errno;
}

int tcp_connected(int fd, struct sockaddr_in *own, struct sockaddr_in *peer)
{
    int problem = 0;
    socklen_t size = sizeof problem;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
        return -errno;
    if (problem != 0)
        return -problem;
    /* No error does not mean success: it may only not have come yet. Who has
     * a peer is connected. */
    size = sizeof *peer;
    if (getpeername(fd, (struct sockaddr *)peer, &size) < 0)
        return errno == ENOTCONN ? -EINPROGRESS : -errno;
    int rc = own_end(fd, own);
    if (rc < 0)
        return rc;
    /* With nobody at the other end a socket can meet itself: the kernel may
     * have given it the very port it asked for. That is no connection. */
    return tcp_same(own, peer) ? -ECONNREFUSED : 0;
}

ssize_t tcp_read(int fd, void *buffer, size_t size)
{
    ssize_t n;

    do
        n = recv(fd, buffer, size, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ssize_t tcp_write(int fd, const void *bytes, size_t size)
{
    ssize_t n;

    do
        n = send(fd, bytes, size, MSG_NOSIGNAL); /* or SIGPIPE ends us */
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}
