/* SPDX-License-Identifier: MIT
 *
 * test_load.c - what load.h promises. Its server is a thread that answers as it is
 * told, and counts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "background.h"
#include "listener.h"
#include "load.h"

static struct load_result result; /* large */

static void url_of(struct url *url, char text[64], uint16_t port,
                   const char *path)
{
    snprintf(text, 64, "http://127.0.0.1:%d%s", port, path);
    assert_int_equal(url_parse(text, url), 0);
}

/* ---- Against this program's own server ---- */

struct fixture {
    struct background *server;
    uint16_t port;
};

static int start(void **state)
{
    static struct fixture f;
    int listener;
    f.port = 0;
    *state = &f;
    int rc = listener_open(&listener, &f.port);
    return rc < 0 ? rc : background_start(&f.server, listener);
}

static int stop(void **state)
{
    struct fixture *f = *state;
    return background_stop(f->server, NULL);
}

static void as_many_are_answered_as_were_to_be_asked(void **state)
{
    static const struct {
        unsigned connections, threads, depth;
        uint64_t count;
    } cases[] = {{1, 1, 1, 1},   {1, 1, 1, 100},  {3, 1, 1, 100},
                 {3, 3, 1, 100}, {7, 2, 16, 999}, {16, 1, 64, 3000},
                 {5, 4, 1, 2}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        struct url url;
        url_of(&url, text, f->port, "/");
        const struct load_plan plan = {.url = &url,
                                       .connections = cases[i].connections,
                                       .threads = cases[i].threads,
                                       .depth = cases[i].depth,
                                       .count = cases[i].count};
        assert_int_equal(load_run(&plan, &result), 0);
        assert_int_equal(result.tally.latency.count, cases[i].count);
        assert_int_equal(result.tally.failures, 0);
        assert_int_equal(result.reopened, 0);
        assert_int_equal(result.late, 0);
        assert_true(result.ns > 0);
        assert_true(result.tally.bytes > 100 * cases[i].count);
        assert_true(result.tally.latency.most < (uint64_t)result.ns);
    }
}

static void an_answer_of_400_and_more_is_a_failure_but_no_error(void **state)
{
    struct fixture *f = *state;
    char text[64];
    struct url url;
    url_of(&url, text, f->port, "/nothing");
    const struct load_plan plan = {
        .url = &url, .connections = 2, .threads = 1, .depth = 2, .count = 10};
    assert_int_equal(load_run(&plan, &result), 0);
    assert_int_equal(result.tally.latency.count, 10);
    assert_int_equal(result.tally.failures, 10);
}

/* A rate is kept however fast the server is: not one more is asked. */
static void a_rate_is_a_schedule(void **state)
{
    struct fixture *f = *state;
    char text[64];
    struct url url;
    url_of(&url, text, f->port, "/");
    for (unsigned threads = 1; threads <= 3; threads++) {
        const struct load_plan plan = {.url = &url,
                                       .connections = 5,
                                       .threads = threads,
                                       .depth = 2,
                                       .seconds = 0.25,
                                       .rate = 400};
        assert_int_equal(load_run(&plan, &result), 0);
        uint64_t count = result.tally.latency.count + result.late;
        assert_in_range(count, 98, 102); /* 100, but for rounding */
        assert_true(result.ns >= 250000000);
    }
    const struct load_plan counted = {.url = &url,
                                      .connections = 3,
                                      .threads = 2,
                                      .depth = 1,
                                      .count = 20,
                                      .rate = 1000};
    assert_int_equal(load_run(&counted, &result), 0);
    assert_int_equal(result.tally.latency.count, 20);
}

/* ---- A clock that can be put forward ---- */

static _Atomic int64_t ahead; /* nanoseconds, of the kernel's */
static _Thread_local struct timespec alarm_at; /* the timer was set to, last */

/* relaxed, here and below: it publishes nothing but itself, and the answer that
 * the load client waits for comes through a socket. */
static int64_t how_far_ahead(void)
{
    return atomic_load_explicit(&ahead, memory_order_relaxed);
}

static struct timespec later(struct timespec time, int64_t ns)
{
    ns += time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int rc = __real_clock_gettime(clock, time);
    *time = later(*time, how_far_ahead());
    return rc;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *at,
                           struct itimerspec *old)
{
    const struct itimerspec real = {.it_value =
                                        later(at->it_value, -how_far_ahead())};
    alarm_at = at->it_value;
    return __real_timerfd_settime(fd, flags, &real, old);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Against a server that is told what to do ---- */

struct host {
    int listener;
    uint16_t port;
    const char *says;
    int per_connection; /* answers, and then it closes; 0: it does not */
    int pause_at;       /* before this answer 100 ms go by; 0: they do not */
    int answers;
    int end[2]; /* a pipe: to be closed at the end */
    pthread_t thread;
};

#define PAUSE_NS INT64_C(100000000)

/* A request ends with an empty line. */
static void serve_one(struct host *h, int fd)
{
    int lines = 0, here = 0;
    char byte;
    while (read(fd, &byte, 1) == 1) {
        lines = byte == '\n' ? lines + 1 : byte == '\r' ? lines : 0;
        if (lines < 2)
            continue;
        lines = 0;
        if (++h->answers == h->pause_at)
            atomic_fetch_add_explicit(&ahead, PAUSE_NS, memory_order_relaxed);
        if (write(fd, h->says, strlen(h->says)) < 0 ||
            ++here == h->per_connection)
            return;
    }
}

static void *serve_all(void *arg)
{
    struct host *h = arg;
    for (;;) {
        struct pollfd fds[] = {{.fd = h->listener, .events = POLLIN},
                               {.fd = h->end[0], .events = POLLIN}};
        poll(fds, 2, -1);
        if (fds[1].revents != 0)
            return NULL;
        int fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve_one(h, fd);
        close(fd);
    }
}

/* Runs a plan of one connection against such a server. */
static int load_host(struct host *h, struct load_plan plan)
{
    char text[64];
    struct url url;
    assert_int_equal(listener_open(&h->listener, &h->port), 0);
    assert_int_equal(pipe2(h->end, O_CLOEXEC), 0);
    assert_int_equal(pthread_create(&h->thread, NULL, serve_all, h), 0);
    url_of(&url, text, h->port, "");
    plan.url = &url;
    plan.connections = plan.threads = 1;
    int rc = load_run(&plan, &result);
    close(h->end[1]);
    pthread_join(h->thread, NULL);
    close(h->end[0]);
    close(h->listener);
    return rc;
}

#define THREE "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
#define LAST                                                   \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " \
    "3\r\n\r\nabc"

/* What was out when the server closed is asked again, and all is answered. */
static void a_connection_closed_between_answers_is_opened_again(void **state)
{
    static const struct {
        const char *says;
        int per_connection;
        unsigned depth;
        uint64_t reopened;
    } cases[] = {{THREE, 3, 1, 3},
                 {THREE, 3, 4, 3},
                 {LAST, 1, 1, 10},
                 {LAST, 1, 4, 10},
                 {"HTTP/1.0 200 OK\r\n\r\nabc", 1, 1, 10}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host h = {.says = cases[i].says,
                         .per_connection = cases[i].per_connection};
        assert_int_equal(
            load_host(&h,
                      (struct load_plan){.depth = cases[i].depth, .count = 10}),
            0);
        assert_int_equal(result.tally.latency.count, 10);
        assert_int_equal(result.reopened, cases[i].reopened);
    }
}

static void a_broken_server_is_an_error(void **state)
{
    static const struct {
        const char *says;
        int rc;
    } cases[] = {
        {"", -ECONNRESET},
        {"HTTP/1.1 200 OK\r\n", -ECONNRESET},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", -ECONNRESET},
        {"220 mail.example\r\n\r\n", -EPROTO},
        {THREE "more", -EPROTO}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host h = {.says = cases[i].says, .per_connection = 1};
        assert_int_equal(
            load_host(&h, (struct load_plan){.depth = 1, .count = 10}),
            cases[i].rc);
    }
    char text[64];
    struct url url;
    uint16_t port = 0;
    int fd;
    assert_int_equal(listener_open(&fd, &port), 0);
    close(fd);
    url_of(&url, text, port, "/");
    const struct load_plan plan = {
        .url = &url, .connections = 1, .threads = 1, .depth = 1, .count = 1};
    assert_int_equal(load_run(&plan, &result), -ECONNREFUSED);
}

/* The server stops for 100 ms in which, by the schedule, 100 users come. All of
 * them have waited, and not only the one whose request it had. */
static void a_stall_is_felt_by_all_who_came_meanwhile(void **state)
{
    struct host h = {.says = THREE, .pause_at = 10};
    (void)state;
    assert_int_equal(
        load_host(&h,
                  (struct load_plan){.depth = 1, .count = 200, .rate = 1000}),
        0);
    assert_int_equal(result.tally.latency.count, 200);
    /* 40 of 200 came while at least 60 ms of it were still to pass. */
    assert_true(histogram_quantile(&result.tally.latency, 1 - 0.19) >=
                60000000);
}

/* A request in a thousand seconds: the run is over long before the second one. */
static void the_end_is_not_put_off_to_the_next_request(void **state)
{
    struct host h = {.says = THREE};
    (void)state;
    assert_int_equal(
        load_host(
            &h, (struct load_plan){.depth = 1, .seconds = 0.01, .rate = 0.001}),
        0);
    assert_int_equal(result.tally.latency.count, 1);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true(alarm_at.tv_sec <= now.tv_sec);
}

/* ---- Out of something ---- */

static int countdown = -1; /* calls until one fails; -1: none does */

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_timerfd_create(int clock, int flags);
int __wrap_timerfd_create(int clock, int flags);

static bool fails(int error)
{
    if (countdown < 0 || countdown-- > 0)
        return false;
    errno = error;
    return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
    return fails(ENOMEM) ? NULL : __real_malloc(size);
}

int __wrap_socket(int domain, int type, int protocol)
{
    return fails(EMFILE) ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_epoll_create1(int flags)
{
    return fails(EMFILE) ? -1 : __real_epoll_create1(flags);
}

int __wrap_timerfd_create(int clock, int flags)
{
    return fails(EMFILE) ? -1 : __real_timerfd_create(clock, flags);
}

/* NOLINTEND(bugprone-reserved-identifier) */

static int count_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(all);
    while (readdir(all) != NULL) /* NOLINT(concurrency-mt-unsafe): own dir */
        count++;
    closedir(all);
    return count;
}

/* Each call that can fail does so once; the listener alone is the server, for its
 * backlog takes the connections, and the time is over before anything is asked. */
static void whatever_is_missing_is_told_and_nothing_is_left_open(void **state)
{
    uint16_t port = 0;
    int listener, failures = 0, rc = -1;
    char text[64];
    struct url url;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    url_of(&url, text, port, "/");
    const struct load_plan plan = {.url = &url,
                                   .connections = 3,
                                   .threads = 1,
                                   .depth = 1,
                                   .seconds = 1e-9};
    int descriptors = count_descriptors();
    while (rc != 0) {
        countdown = failures;
        rc = load_run(&plan, &result);
        bool failed = countdown == -1;
        countdown = -1;
        assert_int_equal(count_descriptors(), descriptors);
        assert_true(failed ? rc == -ENOMEM || rc == -EMFILE : rc == 0);
        failures++;
    }
    /* workers, links; timer, epoll; three times since, bytes and socket. */
    assert_int_equal(failures, 13 + 1);
    close(listener);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(as_many_are_answered_as_were_to_be_asked),
        SERVED(an_answer_of_400_and_more_is_a_failure_but_no_error),
        SERVED(a_rate_is_a_schedule),
        cmocka_unit_test(a_connection_closed_between_answers_is_opened_again),
        cmocka_unit_test(a_broken_server_is_an_error),
        cmocka_unit_test(a_stall_is_felt_by_all_who_came_meanwhile),
        cmocka_unit_test(the_end_is_not_put_off_to_the_next_request),
        cmocka_unit_test(whatever_is_missing_is_told_and_nothing_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
