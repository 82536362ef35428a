/* SPDX-License-Identifier: MIT
 *
 * emfile.c - serve --bug emfile: a client is at the door, and there is no
 * descriptor to take it with. accept(2) fails, the client stays, and a
 * level-triggered epoll tells of it again, at once and for ever: all of a
 * processor, while nobody is served. The server waits a while before it looks
 * again (server.c, accept_peers).
 *
 * Try: tcp-http serve --bug emfile
 *
 * Read with: accept(2), "EMFILE"; the async-std book, "Production-ready accept loop".
 */
#include "emfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "../background.h"
#include "../demo.h"
#include "../listener.h"
#include "ask.h"

enum { WAKES = 10000 };

/* Opens so many to be closed later, and allows no more. The kernel gives the lowest
 * number, so below the limit not one is left. */
static void hold_the_last(int *held, int count)
{
    struct rlimit limit;

    for (int i = 0; i < count; i++) {
        held[i] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        if (held[i] < 0)
            error(EXIT_FAILURE, errno, "have a descriptor to spare");
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        error(EXIT_FAILURE, errno, "ask for the limit of descriptors");
    limit.rlim_cur = (rlim_t)held[count - 1] + 1;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        error(EXIT_FAILURE, errno, "limit the descriptors");
}

/* The bug: whatever accept(2) fails with, the loop goes on. */
static void spin(int epoll, int listener)
{
    for (int i = 0; i < WAKES; i++) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) < 0)
            error(EXIT_FAILURE, errno, "wait for events");
        if (accept(listener, NULL, NULL) >= 0 || errno != EMFILE)
            error(EXIT_FAILURE, 0, "there was a descriptor to spare");
    }
}

static void tell(const char *name, uint64_t wakes, int64_t start)
{
    printf("%-7s%5" PRIu64 " wakes in %.1f ms", name, wakes,
           (double)(now_ns() - start) / 1e6);
}

int emfile_bug(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    const struct timespec while_none_is_free = {0, 350000000};
    struct background *server;
    uint16_t port = 0;
    uint64_t wakes;
    int held[3], listener, epoll = epoll_create1(EPOLL_CLOEXEC);
    int rc = listener_open(&listener, &port);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on some port");
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        error(EXIT_FAILURE, errno, "watch the listener");
    int client = ask(port, "/");
    hold_the_last(held, 3);
    int64_t start = now_ns();
    spin(epoll, listener);
    tell("spin", WAKES, start);
    puts(", and nobody was served");

    close(held[0]); /* two for the server's own, and none for a client */
    close(held[1]);
    start = now_ns();
    rc = background_start(&server, listener);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start the server");
    nanosleep(&while_none_is_free, NULL);
    close(held[2]);
    ask_answer(client);
    rc = background_stop(server, &wakes);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "wait for events");
    tell("serve", wakes, start);
    puts(", then there was a descriptor, and an answer");
    close(epoll);
    return EXIT_SUCCESS;
}
