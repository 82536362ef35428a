/* SPDX-License-Identifier: MIT
 *
 * scaling.c - what one event costs among N idle descriptors. select(2) and
 * poll(2) are given the whole list at each call and ask each of its members;
 * epoll is given it once, and is told by those that are ready.
 *
 * Try: epoll-basic scaling --svg scaling.svg
 * Read with: epoll(7); The C10K problem.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "../demo.h"
#include "../poller.h"
#include "scaling.h"
#include "verbs.h"

enum { ROUNDS = 5, RESERVE = 64, WORD = 8 * sizeof(unsigned long) };

static const long sizes[SCALING_SIZES] = {1, 10, 100, 1000, 10000};

/* N idle descriptors, and one more, the last, that is not. */
struct crowd {
    int *fds;
    long idle;
    int busy;
    struct pollfd *list;            /* for poll(2) */
    unsigned long *members, *ready; /* for select(2): a bit for each number */
    size_t words;
    struct poller poller; /* knows all but the busy one */
};

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count, size);
    if (room == NULL)
        error(EXIT_FAILURE, errno, "make room for %zu descriptors", count);
    return room;
}

static void crowd_open(struct crowd *c, long idle)
{
    size_t count = (size_t)idle + 1;

    *c = (struct crowd){.fds = room_for(count, sizeof *c->fds),
                        .list = room_for(count, sizeof *c->list),
                        .idle = idle};
    int rc = poller_open(&c->poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    for (size_t i = 0; i < count; i++) {
        int fd = c->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            error(EXIT_FAILURE, errno, "open descriptor %zu", i + 1);
        c->list[i] = (struct pollfd){.fd = fd, .events = POLLIN};
        c->busy = fd;
        rc = i + 1 < count ? poller_register(&c->poller, fd, token_first(0),
                                             INTEREST_READABLE)
                           : 0;
        if (rc < 0)
            error(EXIT_FAILURE, -rc, "register descriptor %zu", i + 1);
    }
    /* An fd_set has 1024 bits; the kernel takes as many as it is given. */
    c->words = (size_t)c->busy / WORD + 1;
    c->members = room_for(c->words, sizeof *c->members);
    c->ready = room_for(c->words, sizeof *c->ready);
    for (size_t i = 0; i < count; i++)
        c->members[(size_t)c->fds[i] / WORD] |= 1UL << (size_t)c->fds[i] % WORD;
}

static void crowd_close(struct crowd *c)
{
    for (long i = 0; i <= c->idle; i++)
        close(c->fds[i]);
    poller_close(&c->poller);
    free(c->fds);
    free(c->list);
    free(c->members);
    free(c->ready);
}

/* ---- Four ways to wait; each gives the number of events: 1 ---- */

static int by_select(struct crowd *c)
{
    memcpy(c->ready, c->members, c->words * sizeof *c->ready);
    return select(c->busy + 1, (void *)c->ready, NULL, NULL, NULL);
}

static int by_poll(struct crowd *c)
{
    return poll(c->list, (nfds_t)c->idle + 1, -1);
}

static int by_epoll(struct crowd *c)
{
    struct event event;
    return poller_wait(&c->poller, &event, 1, POLLER_FOREVER);
}

static const struct way {
    int (*wait)(struct crowd *c);
    unsigned interest; /* 0: the poller is not asked */
} ways[SCALING_WAYS] = {{by_select, 0},
                        {by_poll, 0},
                        {by_epoll, INTEREST_READABLE | INTEREST_LEVEL},
                        {by_epoll, INTEREST_READABLE}};

/* ---- The measurement ---- */

/* Nanoseconds for: the busy one is written, waited for, and read. */
static double measure(struct crowd *c, const struct way *way)
{
    long times = way->interest == 0 ? 200000 / (c->idle + 50) + 10 : 2000;
    eventfd_t count;

    if (way->interest != 0)
        must(poller_register(&c->poller, c->busy, token_first(1),
                             way->interest));
    int64_t start = now_ns();
    for (long i = 0; i < times; i++) {
        must(eventfd_write(c->busy, 1));
        must(way->wait(c) - 1);
        must(eventfd_read(c->busy, &count));
    }
    int64_t passed = now_ns() - start;
    if (way->interest != 0)
        must(poller_deregister(&c->poller, c->busy));
    return (double)passed / (double)times;
}

/* In turn, in rounds; the medians go to ns. */
static void measure_all(long idle, double ns[SCALING_WAYS])
{
    double rounds[SCALING_WAYS][ROUNDS];
    struct crowd c;

    crowd_open(&c, idle);
    for (int round = -1; round < ROUNDS; round++) /* the first warms up */
        for (int way = 0; way < SCALING_WAYS; way++)
            rounds[way][round < 0 ? 0 : round] = measure(&c, &ways[way]);
    for (int way = 0; way < SCALING_WAYS; way++) {
        qsort(rounds[way], ROUNDS, sizeof rounds[way][0], compare_doubles);
        ns[way] = rounds[way][ROUNDS / 2];
    }
    crowd_close(&c);
}

/* How many idle descriptors this process may have; it asks for all it can. */
static long most_idle(void)
{
    struct rlimit limit;

    must(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > 1 << 20)
        return 1 << 20;
    return limit.rlim_cur > RESERVE ? (long)limit.rlim_cur - RESERVE : 0;
}

static void print_row(const struct scaling *s, int row, bool csv)
{
    const double *ns = s->ns[row];

    printf(csv ? "%ld,%.0f,%.0f,%.0f,%.0f\n"
               : "%7ld %9.0f ns %9.0f ns %9.0f ns %9.0f ns\n",
           s->idle[row], ns[0], ns[1], ns[2], ns[3]);
}

/* ---- The verb ---- */

struct options {
    bool csv;
    const char *svg;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 'c')
        o->csv = true;
    else if (key == 's')
        o->svg = arg;
    else
        return unexpected(key, arg, state);
    return 0;
}

int scaling_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"csv", 'c', NULL, 0, "comma-separated values", 0},
        {"svg", 's', "FILE", 0, "draws them too", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "One event among N idle descriptors."};
    struct options o = {.csv = false};
    struct scaling s = {.rows = 0};

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    long most = most_idle();
    printf(o.csv ? "%s,%s,%s,%s,%s\n" : "%7s %12s %12s %12s %12s\n", "idle",
           scaling_names[0], scaling_names[1], scaling_names[2],
           scaling_names[3]);
    for (int i = 0; i < SCALING_SIZES && sizes[i] <= most; i++) {
        s.idle[i] = sizes[i];
        measure_all(s.idle[i], s.ns[i]);
        print_row(&s, i, o.csv);
        s.rows++;
    }
    if (s.rows < SCALING_SIZES)
        error(0, 0, "ulimit -Hn leaves room for %ld idle descriptors", most);
    if (o.svg != NULL)
        scaling_draw(&s, o.svg);
    return s.rows > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
