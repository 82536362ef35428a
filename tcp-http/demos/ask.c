/* SPDX-License-Identifier: MIT
 *
 * ask.c - connect, send, recv.
 */
#include "ask.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../util.h"

int ask(uint16_t port, const char *path)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr =
                                            htonl(INADDR_LOOPBACK)};
    char text[256];
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                          "Connection: close\r\n\r\n",
                          path);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        send(fd, text, (size_t)length, MSG_NOSIGNAL) != length)
        error(EXIT_FAILURE, errno, "ask for %s", path);
    return fd;
}

void ask_answer(int fd)
{
    char head[512] = "";
    ssize_t count = recv(fd, head, sizeof head - 1, 0);

    if (count <= 0 || strncmp(head, "HTTP/1.1 200 ", 13) != 0)
        error(EXIT_FAILURE, count < 0 ? errno : 0, "get an answer: '%.12s'",
              head);
    close(fd);
}
