/* SPDX-License-Identifier: MIT
 *
 * io_echo.h - what the verb io is made of: the echo server of io_server.c, and
 * the clients of io_clients.c that are green threads of the same runtime.
 */
#ifndef IO_ECHO_H
#define IO_ECHO_H

#include <netinet/in.h>

#include "../demo.h"
#include "../io.h"

enum {
    PIECE = 16 * 1024, /* bytes at a time */
    SHORT = 10000,     /* bytes; longer lines are not traced */
    TRACED = 2,        /* clients, and their connections */
};

struct connection; /* io_server.c */

struct server {
    struct runtime *rt;
    int listener, signals;
    struct sockaddr_in address;
    struct connection *open;
    struct thread *starved; /* the acceptor, while it waits for a descriptor */
    bool stopping;
    long served, starvings, traced;

    long clients, finished;    /* of our own; clients 0: those of the world */
    uint64_t came_back;        /* bytes, each checked */
    const struct thread *runs; /* who came back last from reading or writing */
};

/* Listens on 127.0.0.1; 0: any port. A negative errno. */
int listen_on(struct server *server, long port);

/* A green thread each, with the server as argument: accepts until it is stopped;
 * all clients, who stop it when they have ended. */
void *accept_all(void *argument);
void *run_clients(void *argument);

/* No more is accepted, and those who are being served read the end. */
void stop_server(struct server *server);

/* io_read() and io_write(), for ever; traced: a line that tells whether others
 * ran before they gave. (In one file: trace() counts the lines of each apart.) */
ssize_t read_some(struct server *server, int fd, char *buffer, size_t size,
                  bool traced);
ssize_t write_all(struct server *server, int fd, const char *buffer,
                  size_t size, bool traced);

#endif
