/* SPDX-License-Identifier: MIT
 *
 * spurious.c - an event is a hint. Two threads wait for one socket; both are
 * told of the same bytes, and one takes them. The other's read finds none: were
 * the socket one that blocks, it would hang there.
 *
 * --eintr: signals end epoll_wait(2), though nothing is ready and the time is
 * not up. poller_wait() goes on with what is left of the time.
 *
 * Try: epoll-basic spurious --eintr
 * Read with: mio, `Poll`, "Portability"; `Poll::poll`; signal(7).
 */
#include <sys/socket.h>
#include <sys/time.h>

#include "../demo.h"
#include "../poller.h"
#include "../tcp.h"
#include "verbs.h"

static const int64_t ms_ns = 1000000;

/* ---- Another takes the bytes ---- */

struct reader {
    const char *name;
    int fd;
    pthread_barrier_t *told; /* both have had their event */
    ssize_t got;
};

static void *wait_and_read(void *arg)
{
    struct reader *r = arg;
    struct poller poller; /* of its own: one poller would tell only one */
    struct event event;
    char bytes[16];

    int rc = poller_open(&poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    must(poller_register(&poller, r->fd, token_first(0), INTEREST_READABLE));
    must(poller_wait(&poller, &event, 1, POLLER_FOREVER) - 1);
    trace(r->name, "is told that it may read");
    (void)pthread_barrier_wait(r->told);
    r->got = tcp_read(r->fd, bytes, sizeof bytes);
    trace(r->name, "reads: %s",
          r->got > 0 ? "all of it" : "nothing; would block");
    poller_close(&poller);
    return NULL;
}

static int stolen(void)
{
    pthread_barrier_t told;
    pthread_t threads[2];
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        error(EXIT_FAILURE, errno, "make a pair of sockets");
    must(pthread_barrier_init(&told, NULL, 2));
    struct reader readers[] = {{"reader 1", fds[0], &told, 0},
                               {"reader 2", fds[0], &told, 0}};
    for (int i = 0; i < 2; i++)
        must(pthread_create(&threads[i], NULL, wait_and_read, &readers[i]));
    must((int)tcp_write(fds[1], "ten bytes!", 10) - 10);
    for (int i = 0; i < 2; i++)
        must(pthread_join(threads[i], NULL));
    must(pthread_barrier_destroy(&told));
    close(fds[0]);
    close(fds[1]);
    printf("two were told, one has %zd bytes, the other EAGAIN: an event is "
           "leave to try\n",
           readers[0].got > 0 ? readers[0].got : readers[1].got);
    return readers[0].got + readers[1].got == 10 - EAGAIN ? EXIT_SUCCESS
                                                          : EXIT_FAILURE;
}

/* ---- A signal ends the wait ---- */

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

/* A signal every so many milliseconds; 0: no more. */
static void signal_every(long ms)
{
    const struct itimerval every = {.it_interval.tv_usec = ms * 1000,
                                    .it_value.tv_usec = ms * 1000};
    must(setitimer(ITIMER_REAL, &every, NULL));
}

static int interrupted(void)
{
    struct poller poller;
    struct event event;

    int rc = poller_open(&poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    signal(SIGALRM, count_signal);
    signal_every(5);
    int64_t start = now_ns();
    int bare = epoll_wait(poller.epoll_fd, &event.raw, 1, 100);
    int why = errno;
    printf("epoll_wait(2) for 100 ms: %s, after %.0f ms\n",
           bare < 0 ? strerrorname_np(why) : "nothing",
           (double)(now_ns() - start) / (double)ms_ns);

    signals = 0;
    start = now_ns();
    int ours = poller_wait(&poller, &event, 1, 100 * ms_ns);
    int64_t passed = now_ns() - start;
    signal_every(0);
    printf(
        "poller_wait() for 100 ms: %d events, after %.0f ms and %d signals\n",
        ours, (double)passed / (double)ms_ns, (int)signals);
    poller_close(&poller);
    return bare < 0 && why == EINTR && ours == 0 && passed >= 100 * ms_ns &&
                   signals > 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'e')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int spurious_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"eintr", 'e', NULL, 0, "signals, while nothing happens", 0}, {0}};
    const struct argp argp = {options, parse,
                              .doc = "Told to read, and nothing is there."};
    bool eintr = false;

    argp_parse(&argp, argc, argv, 0, NULL, &eintr);
    if (eintr)
        return interrupted();
    watchdog(30, "spurious: the two have not read in 30 s\n");
    return stolen();
}
