/* SPDX-License-Identifier: MIT
 *
 * listener.c - socket, bind, listen, and the name the kernel gave.
 *
 * Read with: TLPI, 56.5 and 59; socket(7), tcp(7), ipv6(7).
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Gives the size of the address, 0 if text is none. */
static socklen_t read_address(const char *text, uint16_t port,
                              union address *address)
{
    *address = (union address){.v6 = {.sin6_port = htons(port)}};
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        return sizeof address->v6;
    }
    *address = (union address){.v4 = {.sin_port = htons(port)}};
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        return sizeof address->v4;
    }
    return 0;
}

/* REUSEADDR: the last run's closed connections linger a minute in TIME_WAIT, and
 * would keep the port from us. Two listeners still cannot have it at once, unless
 * both say REUSEPORT. */
static int set_up(int fd, union address *address, socklen_t size, bool shared)
{
    const int on = 1, share = shared;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof share) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        bind(fd, &address->any, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, &address->any, &size) < 0)
        return -errno;
    return 0;
}

int listener_open_at(int *fd, const char *address, uint16_t *port, bool shared)
{
    union address name;
    socklen_t size = read_address(address, *port, &name);

    if (size == 0)
        return -EINVAL;
    int made = socket(name.any.sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0)
        return -errno;
    int rc = set_up(made, &name, size, shared);
    if (rc < 0) {
        close(made);
        return rc;
    }
    *fd = made;
    /* sin_port and sin6_port are in the same place. */
    *port = ntohs(name.v4.sin_port);
    return 0;
}

int listener_open(int *fd, uint16_t *port)
{
    return listener_open_at(fd, "127.0.0.1", port, false);
}
