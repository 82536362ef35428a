/* SPDX-License-Identifier: MIT
 *
 * listener.c - socket, bind, listen, and the name the kernel gave.
 *
 * Read with: TLPI, 56.5 and 59; socket(7), tcp(7).
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* REUSEADDR: the last run's closed connections linger a minute in TIME_WAIT, and
 * would keep the port from us. Two listeners still cannot have it at once. */
static int set_up(int fd, struct sockaddr_in *address)
{
    const int on = 1;
    socklen_t size = sizeof *address;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)address, size) < 0 ||
        listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) < 0)
        return -errno;
    return 0;
}

int listener_open(int *fd, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(*port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (made < 0)
        return -errno;
    int rc = set_up(made, &address);
    if (rc < 0) {
        close(made);
        return rc;
    }
    *fd = made;
    *port = ntohs(address.sin_port);
    return 0;
}
