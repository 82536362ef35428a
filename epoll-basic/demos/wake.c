/* SPDX-License-Identifier: MIT
 *
 * wake.c - one thread waits, others end its wait. First once, after a while;
 * then 8 threads, as often as they can: each adds 1 to what all may look at,
 * and wakes. Wakes merge, and nothing is lost.
 *
 * Try: epoll-basic wake 10000000
 * Read with: mio, `Waker`.
 */
#include <sys/eventfd.h>

#include "../demo.h"
#include "../waker.h"
#include "verbs.h"

enum { THREADS = 8 };

struct shared {
    struct waker *waker;
    long each;
    atomic_long put;
};

static void *wake_once(void *arg)
{
    const struct timespec a_while = {.tv_nsec = 200000000};

    nanosleep(&a_while, NULL);
    trace("other", "wakes");
    waker_wake(arg);
    return NULL;
}

static void *put_and_wake(void *arg)
{
    struct shared *s = arg;

    for (long i = 0; i < s->each; i++) {
        /* relaxed: the waker orders it before what its reset finds. */
        (void)atomic_fetch_add_explicit(&s->put, 1, memory_order_relaxed);
        waker_wake(s->waker);
    }
    return NULL;
}

static void await(struct waker *waker)
{
    struct event event;

    must(poller_wait(waker->poller, &event, 1, POLLER_FOREVER) - 1);
    waker_reset(waker); /* first, and then look */
}

static int flood(struct waker *waker, long wakes)
{
    struct shared s = {.waker = waker, .each = wakes / THREADS};
    pthread_t threads[THREADS];
    long taken = 0, events = 0;
    eventfd_t writes = 0;

    (void)eventfd_read(waker->event_fd, &writes); /* those until now */
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, put_and_wake, &s));
    for (; taken < s.each * THREADS; events++) {
        await(waker);
        /* relaxed: after the reset, which see. */
        taken += atomic_exchange_explicit(&s.put, 0, memory_order_relaxed);
    }
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL));
    must(eventfd_read(waker->event_fd, &writes));
    printf("%ld wakes by %d threads: %ju system calls, %ld events; all %ld "
           "were seen\n",
           s.each * THREADS, THREADS, (uintmax_t)writes, events, taken);
    return taken == s.each * THREADS ? EXIT_SUCCESS : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return unexpected(key, arg, state);
    *(long *)state->input = count_arg(state, "WAKES", arg, 8, 1000000000);
    return 0;
}

int wake_main(int argc, char **argv)
{
    const struct argp argp = {
        NULL, parse, "[WAKES]",
        .doc = "Other threads end the wait: once, and 1000000 times."};
    struct poller poller;
    struct waker waker;
    pthread_t thread;
    long wakes = 1000000;

    argp_parse(&argp, argc, argv, 0, NULL, &wakes);
    watchdog(60, "wake: a wake was lost, or WAKES are too many for 60 s\n");
    int rc = poller_open(&poller);
    if (rc < 0 || (rc = waker_open(&waker, &poller, token_first(0))) < 0)
        error(EXIT_FAILURE, -rc, "open a poller and a waker");
    trace("main", "waits");
    must(pthread_create(&thread, NULL, wake_once, &waker));
    await(&waker);
    trace("main", "is woken");
    must(pthread_join(thread, NULL));
    int status = flood(&waker, wakes);
    waker_close(&waker);
    poller_close(&poller);
    return status;
}
