/* SPDX-License-Identifier: MIT
 *
 * wire.h - the client's end of a connection, for the tests of the two servers: it
 * says raw bytes and listens. Each call gives up after 60 s, so that a hang is a
 * failure. For the test's own thread: it asserts.
 */
#ifndef WIRE_H
#define WIRE_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HOST "Host: a\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"
#define LAST "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

/* A connected socket; with a tiny receive buffer if told. */
static inline int wire_open(uint16_t port, bool tiny)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr =
                                            htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (tiny)
        assert_int_equal(
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof(int)), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void wire_say(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        count -= (size_t)sent;
    }
}

#define SAY(fd, text) wire_say((fd), (text), sizeof(text) - 1)

/* Listens to the end of input; what was heard, with a NUL, is the caller's to
 * free. *heard is its length. A reset is a failure. */
static inline char *wire_hear_all(int fd, size_t *heard)
{
    enum { MOST = 1 << 20 };
    size_t length = 0;
    ssize_t count;
    char *text = malloc(MOST);
    if (text == NULL)
        abort();
    while ((count = recv(fd, text + length, MOST - 1 - length, 0)) > 0)
        length += (size_t)count;
    assert_int_equal(count, 0);
    assert_true(length < MOST - 1);
    text[length] = '\0';
    if (heard != NULL)
        *heard = length;
    return text;
}

/* Listens for one answer of ours with the body "hello\n", and no byte more. */
static inline void wire_hear_hello(int fd)
{
    static const char body[] = "\r\n\r\nhello\n";
    char text[1024] = "";
    size_t length = 0;
    while (memmem(text, length, body, sizeof body - 1) == NULL) {
        assert_true(length < sizeof text);
        assert_int_equal(recv(fd, text + length, 1, 0), 1);
        length++;
    }
    assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
}

/* How often what occurs. */
static inline size_t wire_count(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* Says all of text on a connection of its own, which the server ends; asserts
 * that what comes back begins with start. Gives it, to be freed. */
static inline char *wire_dialogue(uint16_t port, const char *text,
                                  const char *start)
{
    int fd = wire_open(port, false);
    wire_say(fd, text, strlen(text));
    char *heard = wire_hear_all(fd, NULL);
    close(fd);
    if (strncmp(heard, start, strlen(start)) != 0)
        print_error("heard: %s\n", heard);
    assert_memory_equal(heard, start, strlen(start));
    return heard;
}

#endif
