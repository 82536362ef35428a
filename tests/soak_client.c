/* SPDX-License-Identifier: MIT
 *
 * soak_client PORT TEXT - clients that come, say TEXT, hear a line or the end,
 * and go, in crowds, until SIGTERM; then says how many there were.
 *
 * A % in TEXT is the client's number in its crowd; a $ at its end, the end of what
 * the client says (a FIN). Every other one hangs up with a reset. Exit status 1 if one could not connect, or heard nothing for 30 s.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CROWD = 64, TEXT_MOST = 512 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static int come(uint16_t port, const char *text, int number)
{
    const struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct linger reset = {.l_onoff = number % 2, .l_linger = 0};
    const struct timeval patience = {.tv_sec = 30};
    char said[TEXT_MOST];
    size_t length = 0;
    bool ends = false;

    for (; *text && length < sizeof said - 4; text++) {
        if (*text == '%')
            length += (size_t)sprintf(said + length, "%d", number);
        else if (*text == '$' && !text[1])
            ends = true;
        else
            said[length++] = *text;
    }
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        error(EXIT_FAILURE, errno, "make a socket");
    if (setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) <
            0 ||
        setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) < 0)
        error(EXIT_FAILURE, errno, "set up a socket");
    if (connect(s, (const struct sockaddr *)&server, sizeof server) < 0)
        error(EXIT_FAILURE, errno, "connect to port %d", port);
    if (send(s, said, length, MSG_NOSIGNAL) < 0 && errno != ECONNRESET &&
        errno != EPIPE)
        error(EXIT_FAILURE, errno, "say '%s'", said);
    if (ends && shutdown(s, SHUT_WR) < 0 && errno != ENOTCONN)
        error(EXIT_FAILURE, errno, "end what is said");
    return s;
}

/* Reads to the first end of a line, or to the end. */
static void hear(int s)
{
    char heard[4096];
    for (;;) {
        ssize_t n = recv(s, heard, sizeof heard, 0);
        if (n < 0 && errno != ECONNRESET && errno != EINTR)
            error(EXIT_FAILURE, errno, "hear a line");
        if (n == 0 || (n < 0 && errno == ECONNRESET) ||
            (n > 0 && memchr(heard, '\n', (size_t)n)))
            break;
    }
    close(s);
}

int main(int argc, char **argv)
{
    const struct sigaction ends = {.sa_handler = stop, .sa_flags = SA_RESTART};
    int crowd[CROWD];
    long clients = 0;

    if (argc != 3)
        error(64, 0, "usage: soak_client PORT TEXT");
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    if (sigaction(SIGTERM, &ends, NULL) < 0)
        error(EXIT_FAILURE, errno, "wait for SIGTERM");
    while (!stopped) {
        for (int i = 0; i < CROWD; i++)
            crowd[i] = come(port, argv[2], i);
        for (int i = 0; i < CROWD; i++)
            hear(crowd[i]);
        clients += CROWD;
    }
    printf("%ld clients came and went\n", clients);
    return EXIT_SUCCESS;
}
