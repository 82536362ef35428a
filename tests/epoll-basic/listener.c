/* SPDX-License-Identifier: MIT
 *
 * listener.c - somebody for `epoll-basic connect HOST:PORT` to connect to: says
 * where it listens, and waits for SIGTERM.
 */
#include <error.h>
#include <signal.h>
#include <stdio.h>

#include "tcp.h"
#include "util.h"

int main(void)
{
    struct sockaddr_in address = tcp_loopback();
    sigset_t end;
    int number;

    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    must(pthread_sigmask(SIG_BLOCK, &end, NULL));
    int listener = tcp_listen(&address);
    if (listener < 0)
        error(EXIT_FAILURE, -listener, "listen");
    printf("listening on %s\n", tcp_text(&address).text);
    fflush(stdout);
    must(sigwait(&end, &number));
    return EXIT_SUCCESS;
}
