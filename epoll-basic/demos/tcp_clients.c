/* SPDX-License-Identifier: MIT
 *
 * tcp_clients.c - calls that block, in a thread: connect, read the greeting,
 * write, close.
 */
#include "tcp_clients.h"

#include <sys/socket.h>

#include "../demo.h"

enum { MOST = 3 };

struct clients {
    pthread_t thread;
    struct sockaddr_in address;
    int count, fd[MOST];
};

static void say(int fd, const char *words)
{
    if (send(fd, words, strlen(words), MSG_NOSIGNAL) < 0)
        error(EXIT_FAILURE, errno, "say '%s'", words);
}

/* Until the end of a line. */
static void hear(int fd)
{
    char byte = 0;

    while (byte != '\n')
        if (recv(fd, &byte, 1, 0) <= 0)
            error(EXIT_FAILURE, errno, "read the greeting");
}

static void *come_and_go(void *arg)
{
    struct clients *c = arg;

    for (int i = 0; i < c->count; i++) {
        c->fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd[i] < 0 ||
            connect(c->fd[i], (const struct sockaddr *)&c->address,
                    sizeof c->address) < 0)
            error(EXIT_FAILURE, errno, "connect");
    }
    for (int i = 0; i < c->count; i++) {
        hear(c->fd[i]);
        say(c->fd[i], "good day\n");
    }
    for (int i = c->count - 1; i >= 0; i--) {
        say(c->fd[i], "and goodbye\n");
        close(c->fd[i]);
    }
    return NULL;
}

struct clients *clients_start(const struct sockaddr_in *address, int count)
{
    struct clients *c = calloc(1, sizeof *c);

    if (c == NULL)
        error(EXIT_FAILURE, errno, "make the clients");
    c->address = *address;
    c->count = count < MOST ? count : MOST;
    int rc = pthread_create(&c->thread, NULL, come_and_go, c);
    if (rc != 0)
        error(EXIT_FAILURE, rc, "start the clients");
    return c;
}

void clients_join(struct clients *clients)
{
    if (clients != NULL)
        must(pthread_join(clients->thread, NULL));
    free(clients);
}
