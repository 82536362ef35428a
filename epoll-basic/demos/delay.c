/* SPDX-License-Identifier: MIT
 *
 * delay.c - five questions to a server that takes 400, 300, 200, 100 and 0 ms
 * for them. One thread waits for all five answers, and gets the last first.
 *
 * It also shows what comes of a struct epoll_event that is not laid out as the
 * kernel's: on x86-64 that one is packed, and 12 bytes.
 *
 * Try: epoll-basic delay --listen 8000, and then in another terminal:
 *      echo 1500 | nc 127.0.0.1 8000
 * Read with: Epoll, Kqueue and IOCP Explained, part 1, "Epoll - the express
 * version".
 */
#include <arpa/inet.h>
#include <sys/eventfd.h>

#include "../demo.h"
#include "../poller.h"
#include "../tcp.h"
#include "delay_server.h"
#include "verbs.h"

enum { QUESTIONS = 5, UNIT_MS = 100 };

/* ---- Five questions ---- */

struct question {
    int fd;
    bool asked;
};

static void ask(const struct poller *poller, struct question *q, uint32_t i)
{
    struct sockaddr_in own, peer;
    char text[16];
    int rc = tcp_connected(q->fd, &own, &peer);

    if (rc == -EINPROGRESS)
        return; /* a spurious event */
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "connect");
    int size =
        snprintf(text, sizeof text, "%d\n", (int)(QUESTIONS - 1 - i) * UNIT_MS);
    must((int)tcp_write(q->fd, text, (size_t)size) - size);
    trace("main", "asks question %u, which takes %d ms", i + 1,
          (int)(QUESTIONS - 1 - i) * UNIT_MS);
    q->asked = true;
    must(poller_reregister(poller, q->fd, token_first(i), INTEREST_READABLE));
}

/* Gives whether the answer has come. */
static bool hear(struct question *q, uint32_t i)
{
    char text[64];
    ssize_t n = tcp_read(q->fd, text, sizeof text);

    if (n == -EAGAIN)
        return false;
    if (n <= 0 || text[n - 1] != '\n')
        error(EXIT_FAILURE, n < 0 ? (int)-n : 0, "read answer %u", i + 1);
    trace("main", "has answer %u: %.*s", i + 1, (int)n - 1, text);
    return true;
}

/* Gives the order of the answers as a number, 54321 say. */
static int ask_all(const struct sockaddr_in *server)
{
    struct question questions[QUESTIONS] = {{0}};
    struct poller poller;
    int order = 0, answers = 0;

    int rc = poller_open(&poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        questions[i].fd = tcp_open();
        if (questions[i].fd < 0)
            error(EXIT_FAILURE, -questions[i].fd, "open a socket");
        rc = tcp_connect(questions[i].fd, server);
        if (rc < 0 && rc != -EINPROGRESS)
            error(EXIT_FAILURE, -rc, "connect");
        must(poller_register(&poller, questions[i].fd, token_first(i),
                             INTEREST_WRITABLE));
    }
    while (answers < QUESTIONS) {
        struct event batch[QUESTIONS];
        int count = poller_wait(&poller, batch, QUESTIONS, POLLER_FOREVER);
        for (int n = 0; n < count; n++) {
            uint32_t i = event_token(&batch[n]).index;
            if (!questions[i].asked) {
                ask(&poller, &questions[i], i);
            } else if (hear(&questions[i], i)) {
                must(poller_deregister(&poller, questions[i].fd));
                order = order * 10 + (int)i + 1;
                answers++;
            }
        }
    }
    poller_close(&poller);
    for (int i = 0; i < QUESTIONS; i++)
        close(questions[i].fd);
    return order;
}

/* ---- The layout of an event ---- */

struct padded { /* as a compiler lays it out, unless told to pack */
    uint32_t events;
    uint64_t data;
};

/* Two events, read as the kernel wrote them, and as if they were padded. */
static void misread_events(void)
{
    struct poller poller;
    struct event batch[3] = {{{0}}};
    struct padded padded[2];
    int fds[2];

    must(poller_open(&poller));
    for (uint32_t i = 0; i < 2; i++) {
        fds[i] = eventfd(1, EFD_CLOEXEC);
        must(poller_register(&poller, fds[i], token_first(i + 1),
                             INTEREST_READABLE));
    }
    must(poller_wait(&poller, batch, 2, 0) - 2);
    memcpy(padded, batch, sizeof padded);
    printf("struct epoll_event has %zu bytes, without packing %zu; two events "
           "with the data 1 and 2\nwould be read as %#jx and %#jx\n",
           sizeof(struct epoll_event), sizeof padded[0],
           (uintmax_t)padded[0].data, (uintmax_t)padded[1].data);
    poller_close(&poller);
    close(fds[0]);
    close(fds[1]);
}

/* ---- The verb ---- */

static struct delay_server *served; /* for the signal handler */

static void stop_on_signal(int number)
{
    (void)number;
    /* NOLINTNEXTLINE(bugprone-signal-handler): delay_server.h allows it */
    delay_server_stop(served);
}

static void *run_server(void *arg)
{
    delay_server_run(arg);
    return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'l')
        return unexpected(key, arg, state);
    *(long *)state->input = count_arg(state, "--listen", arg, 0, 65535);
    return 0;
}

int delay_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"listen", 'l', "PORT", 0,
         "serve others there (0: any port) until Ctrl-C", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Answers in the order of their delays."};
    struct sockaddr_in address = tcp_loopback();
    pthread_t thread;
    long port = -1; /* we ask ourselves */

    argp_parse(&argp, argc, argv, 0, NULL, &port);
    address.sin_port = htons(port < 0 ? 0 : (uint16_t)port);
    served = delay_server_open(&address);
    printf("listening on %s\n", tcp_text(&address).text);
    if (port >= 0) {
        signal(SIGINT, stop_on_signal);
        signal(SIGTERM, stop_on_signal);
        delay_server_run(served);
        delay_server_close(served);
        return EXIT_SUCCESS;
    }
    watchdog(30, "delay: not all answers have come in 30 s\n");
    must(pthread_create(&thread, NULL, run_server, served));
    int order = ask_all(&address);
    delay_server_stop(served);
    must(pthread_join(thread, NULL));
    delay_server_close(served);
    printf("answered in the order %d\n", order);
    misread_events();
    return order == 54321 ? EXIT_SUCCESS : EXIT_FAILURE;
}
