/* SPDX-License-Identifier: MIT
 *
 * trigger.c - one socket, watched in three ways. Between the rows something is
 * done to it, or nothing; each cell counts the events of 20 waits.
 *
 * --bug half-read reads a part of what has come, and waits for the edge to say
 * so again. It does not.
 *
 * Try: epoll-basic trigger --bug half-read; epoll-basic trigger --batch 4
 * Read with: mio, `Poll`, "Portability"; epoll(7), "Level-triggered and
 * edge-triggered".
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../demo.h"
#include "../poller.h"
#include "verbs.h"

enum { WAYS = 3, WAITS = 20, READY = 10 };

static const unsigned ways[WAYS] = {INTEREST_LEVEL, 0, INTEREST_ONE_SHOT};

struct watched {
    struct poller poller;
    int fd, peer;
};

/* ---- What is done to the socket ---- */

static void no_more(struct watched *w, unsigned way)
{
    (void)w, (void)way;
}

static void hundred_come(struct watched *w, unsigned way)
{
    static const char bytes[100];
    (void)way;
    must((int)send(w->peer, bytes, sizeof bytes, 0) - 100);
}

static void half_is_read(struct watched *w, unsigned way)
{
    char bytes[50];
    (void)way;
    must((int)recv(w->fd, bytes, sizeof bytes, 0) - 50);
}

static void all_is_read(struct watched *w, unsigned way)
{
    char bytes[64];
    (void)way;
    while (recv(w->fd, bytes, sizeof bytes, 0) > 0)
        continue;
    must(errno - EAGAIN); /* the only sign that it was all */
}

static void again(struct watched *w, unsigned way)
{
    /* Also a spent one-shot is still there: it is asleep, not removed. */
    must(poller_register(&w->poller, w->fd, token_first(0),
                         INTEREST_READABLE | way) +
         EEXIST);
    must(poller_reregister(&w->poller, w->fd, token_first(0),
                           INTEREST_READABLE | way));
}

static void writable(struct watched *w, unsigned way)
{
    must(poller_reregister(&w->poller, w->fd, token_first(0),
                           INTEREST_WRITABLE | way));
}

static const struct row {
    const char *what;
    void (*act)(struct watched *w, unsigned way);
    int events[WAYS];
} rows[] = {
    {"100 bytes come", hundred_come, {20, 1, 1}},
    {"half of them is read", half_is_read, {20, 0, 0}},
    {"nothing is done", no_more, {20, 0, 0}},
    {"100 more come", hundred_come, {20, 1, 0}},
    {"it is reregistered", again, {20, 1, 1}},
    {"all is read", all_is_read, {0, 0, 0}},
    {"100 come again", hundred_come, {20, 1, 0}},
    {"now it waits for room to write", writable, {20, 1, 1}},
};

/* ---- The table ---- */

static struct watched watch(unsigned way)
{
    struct watched w;
    int fds[2];

    int rc = poller_open(&w.poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        error(EXIT_FAILURE, errno, "make a pair of sockets");
    w.fd = fds[0], w.peer = fds[1];
    must(poller_register(&w.poller, w.fd, token_first(0),
                         INTEREST_READABLE | way));
    return w;
}

static void unwatch(struct watched *w)
{
    close(w->fd);
    close(w->peer);
    poller_close(&w->poller);
}

static int print_table(void)
{
    const size_t count = sizeof rows / sizeof rows[0];
    struct watched w[WAYS];
    int status = EXIT_SUCCESS;

    for (int i = 0; i < WAYS; i++)
        w[i] = watch(ways[i]);
    printf("%-32s %6s %6s %9s\n", "events in 20 waits, after", "level", "edge",
           "one-shot");
    for (size_t r = 0; r < count; r++) {
        int events[WAYS] = {0};
        for (int i = 0; i < WAYS; i++) {
            struct event event;
            rows[r].act(&w[i], ways[i]);
            for (int n = 0; n < WAITS; n++)
                events[i] += poller_wait(&w[i].poller, &event, 1, 0);
        }
        printf("%-32s %6d %6d %9d\n", rows[r].what, events[0], events[1],
               events[2]);
        if (memcmp(events, rows[r].events, sizeof events) != 0)
            status = EXIT_FAILURE;
    }
    for (int i = 0; i < WAYS; i++)
        unwatch(&w[i]);
    return status;
}

static int half_read(void)
{
    struct watched w = watch(0);
    struct event event;
    int left;

    hundred_come(&w, 0);
    must(poller_wait(&w.poller, &event, 1, POLLER_FOREVER) - 1);
    half_is_read(&w, 0);
    int events = poller_wait(&w.poller, &event, 1, 100000000); /* 0.1 s */
    must(ioctl(w.fd, FIONREAD, &left));
    printf("after 0.1 s: %d events, though %d bytes are there. An edge is told "
           "of once:\nread until EAGAIN, or wait for ever\n",
           events, left);
    unwatch(&w);
    return events == 0 && left == 50 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* READY sockets are ready, and a wait has room for so many events. */
static int in_batches(int size)
{
    struct watched w[READY];
    struct event batch[READY];
    int served = 0, waits = 0;

    for (int i = 0; i < READY; i++) {
        w[i] = watch(0);
        hundred_come(&w[i], 0);
        must(poller_register(&w[0].poller, w[i].fd, token_first((uint32_t)i),
                             INTEREST_READABLE) +
             (i == 0 ? EEXIST : 0));
    }
    while (served < READY) {
        int count = poller_wait(&w[0].poller, batch, size, POLLER_FOREVER);
        printf("wait %d:", ++waits);
        for (int i = 0; i < count; i++)
            printf(" socket %u", event_token(&batch[i]).index);
        putchar('\n');
        served += count;
    }
    for (int i = 0; i < READY; i++)
        unwatch(&w[i]);
    printf("%d ready sockets, batches of %d: %d waits, each served once\n",
           READY, size, waits);
    return waits == (READY + size - 1) / size ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- The verb ---- */

struct options {
    bool half_read;
    long batch;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 'n')
        o->batch = count_arg(state, "--batch", arg, 1, READY);
    else if (key == 'b' && strcmp(arg, "half-read") == 0)
        o->half_read = true;
    else if (key == 'b')
        argp_error(state, "--bug: there is only 'half-read'");
    else
        return unexpected(key, arg, state);
    return 0;
}

int trigger_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"bug", 'b', "half-read", 0, "waits on after a part was read", 0},
        {"batch", 'n', "N", 0, "ten are ready, a wait gives at most N", 0},
        {0}};
    const struct argp argp = {
        options, parse, .doc = "Level, edge and one-shot over one socket."};
    struct options o = {.batch = 0};

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.half_read)
        return half_read();
    return o.batch > 0 ? in_batches((int)o.batch) : print_table();
}
