/* SPDX-License-Identifier: MIT
 *
 * test_poller.c - what poller.h, interest.h and event.h promise. The kernel's
 * waits and its clock are wrapped: a script deals interruptions and passes the
 * time, so that time-outs are tested without waiting (see verbs.cmake).
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "poller.h"
#include "util.h"

/* ---- The script of a wait ---- */

struct turn {
    int timeout_ms;    /* what the poller must ask for */
    int gives, error;  /* what the kernel answers */
    int64_t passes_ns; /* how long that took */
};

static struct {
    const struct turn *turns; /* NULL: the real kernel */
    size_t count, next, wrong;
    int64_t now;
} script;

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
    if (script.turns == NULL)
        return __real_epoll_wait(fd, events, most, ms);
    if (script.next == script.count) {
        script.wrong++;
        errno = EBADF; /* ends the wait */
        return -1;
    }
    const struct turn *turn = &script.turns[script.next++];
    script.wrong += ms != turn->timeout_ms;
    script.now += turn->passes_ns;
    errno = turn->error;
    return turn->gives;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    if (script.turns == NULL)
        return __real_clock_gettime(clock, time);
    *time = (struct timespec){.tv_sec = script.now / 1000000000,
                              .tv_nsec = script.now % 1000000000};
    return 0;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Fixture: an open poller ---- */

static int set_up(void **state)
{
    static struct poller poller;
    *state = &poller;
    return poller_open(&poller);
}

static int tear_down(void **state)
{
    script.turns = NULL;
    poller_close(*state);
    return 0;
}

static int new_eventfd(unsigned count)
{
    int fd = eventfd(count, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(fd >= 0);
    return fd;
}

static void new_socketpair(int fds[2])
{
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        0);
}

static void new_pipe(int fds[2])
{
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* How many events are there now? */
static int ready_now(const struct poller *poller)
{
    struct event batch[16];
    return poller_wait(poller, batch, 16, 0);
}

/* ---- Edges, levels, shots ---- */

static void an_event_comes_once_per_edge(void **state)
{
    const struct poller *poller = *state;
    int fd = new_eventfd(0);
    assert_int_equal(
        poller_register(poller, fd, token_first(3), INTEREST_READABLE), 0);
    assert_int_equal(ready_now(poller), 0);
    for (int edge = 0; edge < 3; edge++) {
        struct event event;
        assert_int_equal(eventfd_write(fd, 1), 0);
        assert_int_equal(poller_wait(poller, &event, 1, POLLER_FOREVER), 1);
        assert_true(token_equal(event_token(&event), token_first(3)));
        assert_true(event_is_readable(&event));
        assert_false(event_is_writable(&event));
        assert_int_equal(ready_now(poller), 0); /* though nothing was read */
    }
    close(fd);
}

static void ready_before_it_is_registered_is_an_event(void **state)
{
    int fd = new_eventfd(1);
    assert_int_equal(
        poller_register(*state, fd, token_first(0), INTEREST_READABLE), 0);
    assert_int_equal(ready_now(*state), 1);
    close(fd);
}

static void what_is_drained_to_eagain_is_told_of_again(void **state)
{
    const struct poller *poller = *state;
    int fds[3][2];
    new_pipe(fds[0]);
    new_socketpair(fds[1]);
    fds[2][0] = fds[2][1] = new_eventfd(0);
    for (uint32_t kind = 0; kind < 3; kind++) {
        assert_int_equal(poller_register(poller, fds[kind][0],
                                         token_first(kind), INTEREST_READABLE),
                         0);
        for (int round = 0; round < 10; round++) {
            uint64_t number = 1; /* eight bytes: an eventfd takes no less */
            struct event event;
            assert_int_equal(write(fds[kind][1], &number, sizeof number),
                             sizeof number);
            assert_int_equal(poller_wait(poller, &event, 1, POLLER_FOREVER), 1);
            assert_int_equal(event_token(&event).index, kind);
            while (read(fds[kind][0], &number, sizeof number) > 0)
                continue;
            assert_int_equal(errno, EAGAIN);
        }
        assert_int_equal(ready_now(poller), 0);
    }
    close_both(fds[0]);
    close_both(fds[1]);
    close(fds[2][0]);
}

enum { MEGABYTE = 1 << 20 };

static void *write_a_megabyte(void *arg)
{
    static const char bytes[MEGABYTE];
    const int *fd = arg;
    size_t written = 0;
    while (written < MEGABYTE) {
        ssize_t n = write(*fd, bytes + written, MEGABYTE - written);
        if (n < 0)
            break;
        written += (size_t)n;
    }
    close(*fd);
    return NULL;
}

static void receive_a_megabyte(const struct poller *poller)
{
    int fds[2];
    pthread_t writer;
    size_t received = 0;
    bool at_end = false;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
                     0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(
        poller_register(poller, fds[0], token_first(0), INTEREST_READABLE), 0);
    must(pthread_create(&writer, NULL, write_a_megabyte, &fds[1]));
    while (!at_end) {
        char buffer[1024];
        struct event event;
        must(poller_wait(poller, &event, 1, POLLER_FOREVER) - 1);
        ssize_t n;
        while ((n = read(fds[0], buffer, sizeof buffer)) > 0)
            received += (size_t)n;
        at_end = n == 0 || errno != EAGAIN;
    }
    must(pthread_join(writer, NULL));
    assert_int_equal(received, MEGABYTE);
    assert_int_equal(poller_deregister(poller, fds[0]), 0);
    close(fds[0]);
}

static void a_megabyte_arrives_through_a_small_buffer(void **state)
{
    receive_a_megabyte(*state);
}

static void nothing_to_do(int number)
{
    (void)number;
}

struct pelting {
    pthread_t whom;
    atomic_bool enough;
    long signals;
};

static void *pelt_with_signals(void *arg)
{
    struct pelting *p = arg;
    const struct timespec pause = {.tv_nsec = 200000};
    /* relaxed: it is joined before anything of it is read. */
    while (!atomic_load_explicit(&p->enough, memory_order_relaxed)) {
        must(pthread_kill(p->whom, SIGUSR1));
        p->signals++;
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void a_megabyte_arrives_in_a_hail_of_signals(void **state)
{
    /* No SA_RESTART; epoll_wait(2) would not be restarted anyway. */
    struct sigaction before, ours = {.sa_handler = nothing_to_do};
    struct pelting p = {.whom = pthread_self()};
    pthread_t thread;
    assert_int_equal(sigaction(SIGUSR1, &ours, &before), 0);
    must(pthread_create(&thread, NULL, pelt_with_signals, &p));
    for (int i = 0; i < 20; i++)
        receive_a_megabyte(*state);
    atomic_store_explicit(&p.enough, true, memory_order_relaxed);
    must(pthread_join(thread, NULL));
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_true(p.signals > 0);
}

/* Who reads a part and leaves the rest for later reregisters: that looks anew,
 * and puts him behind those who are ready already. So a flood on one socket
 * does not starve another. */
static void what_a_budget_leaves_is_told_of_after_the_others(void **state)
{
    const struct poller *poller = *state;
    static const char flood[64 * 100];
    char buffer[64];
    int fds[2][2], turns[2] = {0}, order[4];
    for (uint32_t i = 0; i < 2; i++) {
        new_socketpair(fds[i]);
        assert_int_equal(poller_register(poller, fds[i][0], token_first(i),
                                         INTEREST_READABLE),
                         0);
    }
    assert_int_equal(write(fds[0][1], flood, sizeof flood), sizeof flood);
    assert_int_equal(write(fds[1][1], flood, 2 * sizeof buffer),
                     2 * sizeof buffer);
    for (int turn = 0; turn < 4; turn++) {
        struct event event; /* one at a time: a batch would hide the order */
        assert_int_equal(poller_wait(poller, &event, 1, 0), 1);
        uint32_t i = event_token(&event).index;
        assert_int_equal(read(fds[i][0], buffer, sizeof buffer), sizeof buffer);
        assert_int_equal(poller_reregister(poller, fds[i][0], token_first(i),
                                           INTEREST_READABLE),
                         0);
        order[turn] = (int)i;
        turns[i]++;
    }
    assert_int_equal(turns[0], 2);
    assert_int_equal(turns[1], 2);
    assert_int_not_equal(order[0], order[1]);
    assert_int_not_equal(order[2], order[3]);
    close_both(fds[0]);
    close_both(fds[1]);
}

static void a_level_is_told_of_while_it_lasts(void **state)
{
    int fd = new_eventfd(1);
    eventfd_t count;
    assert_int_equal(poller_register(*state, fd, token_first(0),
                                     INTEREST_READABLE | INTEREST_LEVEL),
                     0);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(eventfd_read(fd, &count), 0);
    assert_int_equal(ready_now(*state), 0);
    close(fd);
}

static void one_shot_sleeps_until_it_is_reregistered(void **state)
{
    const unsigned interest = INTEREST_READABLE | INTEREST_ONE_SHOT;
    const struct token token = token_first(0);
    int fd = new_eventfd(1);
    assert_int_equal(poller_register(*state, fd, token, interest), 0);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(eventfd_write(fd, 1), 0); /* an edge, and nobody is told */
    assert_int_equal(ready_now(*state), 0);
    assert_int_equal(poller_register(*state, fd, token, interest), -EEXIST);
    assert_int_equal(poller_reregister(*state, fd, token, interest), 0);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(ready_now(*state), 0);
    close(fd);
}

/* ---- The list of those waited for ---- */

static void reregister_replaces_token_and_interest(void **state)
{
    const struct poller *poller = *state;
    struct event event;
    int fds[2];
    new_socketpair(fds);
    assert_int_equal(
        poller_register(poller, fds[0], token_first(1), INTEREST_WRITABLE), 0);
    assert_int_equal(poller_reregister(poller, fds[0], (struct token){2, 9},
                                       INTEREST_READABLE),
                     0);
    assert_int_equal(ready_now(poller), 0); /* it is writable still */
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(poller_wait(poller, &event, 1, POLLER_FOREVER), 1);
    assert_true(token_equal(event_token(&event), (struct token){2, 9}));
    assert_true(event_is_readable(&event));
    assert_false(event_is_writable(&event));
    close_both(fds);
}

static void reregister_tells_of_what_is_ready_already(void **state)
{
    int fd = new_eventfd(1);
    assert_int_equal(
        poller_register(*state, fd, token_first(0), INTEREST_READABLE), 0);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(ready_now(*state), 0);
    assert_int_equal(
        poller_reregister(*state, fd, token_first(0), INTEREST_READABLE), 0);
    assert_int_equal(ready_now(*state), 1);
    close(fd);
}

static void what_is_deregistered_gives_no_event(void **state)
{
    int fds[] = {new_eventfd(1), new_eventfd(1)};
    struct event batch[4];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(
            poller_register(*state, fds[i], token_first(i), INTEREST_READABLE),
            0);
    /* Both are on the kernel's list of the ready; one is taken off it. */
    assert_int_equal(poller_deregister(*state, fds[0]), 0);
    assert_int_equal(poller_wait(*state, batch, 4, 0), 1);
    assert_int_equal(event_token(&batch[0]).index, 1);
    assert_int_equal(eventfd_write(fds[0], 1), 0);
    assert_int_equal(ready_now(*state), 0);
    assert_int_equal(poller_deregister(*state, fds[0]), -ENOENT);
    close_both(fds);
}

static void deregistered_then_closed_is_gone_though_a_dup_lives(void **state)
{
    const struct token token = token_first(0);
    int fd = new_eventfd(1);
    int dup_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(poller_register(*state, fd, token, INTEREST_READABLE), 0);
    assert_int_equal(poller_deregister(*state, fd), 0);
    close(fd);
    assert_int_equal(eventfd_write(dup_fd, 1), 0);
    assert_int_equal(ready_now(*state), 0);
    close(dup_fd);
}

/* What clause 3 of poller.h warns of. */
static void closed_but_not_deregistered_lives_as_long_as_its_dup(void **state)
{
    const struct token token = token_first(0);
    int fd = new_eventfd(1);
    int dup_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(poller_register(*state, fd, token, INTEREST_READABLE), 0);
    close(fd);
    assert_int_equal(ready_now(*state), 1);
    assert_int_equal(poller_deregister(*state, fd), -EBADF);
    close(dup_fd);
    assert_int_equal(ready_now(*state), 0);
}

static void what_cannot_be_registered_is_refused(void **state)
{
    const struct poller *poller = *state;
    const struct token token = token_first(0);
    int fd = new_eventfd(0), file = memfd_create("file", MFD_CLOEXEC);
    int closed = new_eventfd(0);
    close(closed);
    assert_int_equal(poller_register(poller, fd, token, INTEREST_READABLE), 0);
    assert_int_equal(poller_register(poller, fd, token, INTEREST_WRITABLE),
                     -EEXIST);
    assert_int_equal(poller_register(poller, closed, token, INTEREST_READABLE),
                     -EBADF);
    assert_int_equal(poller_register(poller, file, token, INTEREST_READABLE),
                     -EPERM);
    assert_int_equal(
        poller_register(poller, poller->epoll_fd, token, INTEREST_READABLE),
        -EINVAL);
    assert_int_equal(
        poller_reregister(poller, closed, token, INTEREST_READABLE), -EBADF);
    assert_int_equal(poller_deregister(poller, fd), 0);
    assert_int_equal(poller_reregister(poller, fd, token, INTEREST_READABLE),
                     -ENOENT);
    close(fd);
    close(file);
}

static void an_interest_in_nothing_is_refused(void **state)
{
    const unsigned wrong[] = {0, INTEREST_LEVEL, INTEREST_ONE_SHOT,
                              INTEREST_READABLE | 1 << 4, UINT_MAX};
    int fd = new_eventfd(0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(poller_register(*state, fd, token_first(0), wrong[i]),
                         -EINVAL);
    close(fd);
}

static void opening_without_a_descriptor_left_says_so(void **state)
{
    struct poller second;
    struct rlimit limit, none;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int rc = poller_open(&second);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(rc, -EMFILE);
}

/* ---- Waiting ---- */

enum { BATCH = 16, ROUNDS = 12, READY = BATCH * ROUNDS };

static void serve_in_rounds(const struct poller *poller, unsigned interest)
{
    int fds[READY], seen[READY] = {0};
    for (uint32_t i = 0; i < READY; i++) {
        fds[i] = new_eventfd(1);
        assert_int_equal(
            poller_register(poller, fds[i], token_first(i), interest), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct event batch[BATCH];
        assert_int_equal(poller_wait(poller, batch, BATCH, 0), BATCH);
        for (int i = 0; i < BATCH; i++)
            seen[event_token(&batch[i]).index]++;
    }
    for (int i = 0; i < READY; i++) {
        assert_int_equal(seen[i], 1); /* the first do not crowd out the rest */
        close(fds[i]);
    }
}

static void a_small_batch_serves_all_in_rounds(void **state)
{
    serve_in_rounds(*state, INTEREST_READABLE);
    serve_in_rounds(*state, INTEREST_READABLE | INTEREST_LEVEL);
}

static void a_batch_without_room_is_refused(void **state)
{
    struct event event;
    assert_int_equal(poller_wait(*state, &event, 0, 0), -EINVAL);
}

static void a_wait_for_nothing_ends_with_its_time(void **state)
{
    struct event event;
    assert_int_equal(poller_wait(*state, &event, 1, 0), 0);
    assert_int_equal(poller_wait(*state, &event, 1, 1), 0);
}

/* Plays turns as the kernel's; gives what the wait gave. */
static int play(const struct poller *poller, int64_t timeout_ns,
                const struct turn *turns, size_t count)
{
    struct event event;
    script.turns = turns;
    script.count = count;
    script.next = script.wrong = 0;
    script.now = 1000000000;
    int rc = poller_wait(poller, &event, 1, timeout_ns);
    script.turns = NULL;
    assert_int_equal(script.wrong, 0);
    assert_int_equal(script.next, count); /* all of them were played */
    return rc;
}

static void time_outs_are_rounded_up(void **state)
{
    const struct {
        int64_t ns;
        int ms;
    } rows[] = {{0, 0},       {1, 1},       {999999, 1},
                {1000000, 1}, {1000001, 2}, {INT64_C(3600000000000), 3600000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct turn turn = {rows[i].ms, 0, 0,
                                  (int64_t)rows[i].ms * 1000000};
        assert_int_equal(play(*state, rows[i].ns, &turn, 1), 0);
    }
}

static void a_negative_time_out_has_no_end(void **state)
{
    const struct turn turns[] = {{-1, -1, EINTR, INT64_MAX / 4}, {-1, 1, 0, 0}};
    assert_int_equal(play(*state, POLLER_FOREVER, turns, 2), 1);
    assert_int_equal(play(*state, INT64_MIN, turns, 2), 1);
}

static void a_signal_costs_only_the_time_that_has_passed(void **state)
{
    const struct turn interrupted[] = {{5, -1, EINTR, 1500000}, /* 3.5 left */
                                       {4, -1, EINTR, 3000000}, /* 0.5 left */
                                       {1, 1, 0, 100}};
    assert_int_equal(play(*state, 5000000, interrupted, 3), 1);
    const struct turn late[] = {{5, -1, EINTR, 9000000}, {0, 1, 0, 0}};
    assert_int_equal(play(*state, 5000000, late, 2), 1); /* one last look */
    const struct turn in_vain[] = {{5, -1, EINTR, 9000000}, {0, 0, 0, 0}};
    assert_int_equal(play(*state, 5000000, in_vain, 2), 0);
    const struct turn no_wait[] = {{0, -1, EINTR, 1}, {0, 0, 0, 0}};
    assert_int_equal(play(*state, 0, no_wait, 2), 0);
}

static void a_time_out_longer_than_the_kernels_is_waited_in_parts(void **state)
{
    const int64_t longest = (int64_t)INT_MAX * 1000000;
    const struct turn turns[] = {{INT_MAX, 0, 0, longest}, {7, 0, 0, 7000000}};
    assert_int_equal(play(*state, longest + 7000000, turns, 2), 0);
    const struct turn never[] = {{INT_MAX, 1, 0, 0}};
    assert_int_equal(play(*state, INT64_MAX, never, 1), 1);
}

static void an_error_of_the_wait_is_told(void **state)
{
    const struct turn turn = {-1, -1, EBADF, 0};
    assert_int_equal(play(*state, POLLER_FOREVER, &turn, 1), -EBADF);
}

struct waiter {
    const struct poller *poller;
    struct event event;
    int count;
};

static void *wait_for_one(void *arg)
{
    struct waiter *w = arg;
    w->count = poller_wait(w->poller, &w->event, 1, POLLER_FOREVER);
    return NULL;
}

static void who_waits_is_told_of_what_is_registered_meanwhile(void **state)
{
    for (uint32_t round = 0; round < 500; round++) {
        struct waiter w = {.poller = *state};
        pthread_t thread;
        int fd = new_eventfd(1);
        must(pthread_create(&thread, NULL, wait_for_one, &w));
        int rc =
            poller_register(*state, fd, token_first(round), INTEREST_READABLE);
        must(pthread_join(thread, NULL));
        close(fd);
        assert_int_equal(rc, 0);
        assert_int_equal(w.count, 1);
        assert_int_equal(event_token(&w.event).index, round);
    }
}

/* ---- Ends and errors ---- */

enum ending {
    WRITER_GONE,       /* of a pipe; at its reader */
    READER_GONE,       /* of a pipe; at its writer */
    PEER_SAYS_NO_MORE, /* of two sockets: shutdown(SHUT_WR) */
    PEER_GONE,
    PEER_GONE_UNREAD, /* with bytes of ours that it never read: a reset */
};

/* Gives the one event that an ending makes, and the descriptor it came from. */
static struct event event_of(const struct poller *poller, enum ending ending)
{
    struct event event;
    int fds[2];
    if (ending <= READER_GONE)
        new_pipe(fds);
    else
        new_socketpair(fds);
    int fd = ending == READER_GONE ? fds[1] : fds[0];
    int other = ending == READER_GONE ? fds[0] : fds[1];
    if (ending == PEER_GONE_UNREAD)
        assert_int_equal(write(fd, "x", 1), 1);
    if (ending == PEER_SAYS_NO_MORE)
        assert_int_equal(shutdown(other, SHUT_WR), 0);
    else
        close(other);
    assert_int_equal(poller_register(poller, fd, token_first(0),
                                     INTEREST_READABLE | INTEREST_WRITABLE),
                     0);
    assert_int_equal(poller_wait(poller, &event, 1, POLLER_FOREVER), 1);
    assert_int_equal(ready_now(poller), 0); /* once, then the loop is quiet */
    close(fd);
    if (ending == PEER_SAYS_NO_MORE)
        close(other);
    return event;
}

static void an_end_is_worth_a_read_and_an_error_both_calls(void **state)
{
    const struct {
        enum ending ending;
        bool readable, writable, read_closed, write_closed, error;
    } rows[] = {
        {WRITER_GONE, true, true, true, true, false},
        {READER_GONE, true, true, false, true, true},
        {PEER_SAYS_NO_MORE, true, true, true, false, false},
        {PEER_GONE, true, true, true, true, false},
        {PEER_GONE_UNREAD, true, true, true, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event event = event_of(*state, rows[i].ending);
        assert_int_equal(event_is_readable(&event), rows[i].readable);
        assert_int_equal(event_is_writable(&event), rows[i].writable);
        assert_int_equal(event_is_read_closed(&event), rows[i].read_closed);
        assert_int_equal(event_is_write_closed(&event), rows[i].write_closed);
        assert_int_equal(event_is_error(&event), rows[i].error);
    }
}

static void a_hang_up_is_told_to_whoever_asked_for_anything(void **state)
{
    struct event event;
    int fds[2];
    new_pipe(fds);
    assert_int_equal(
        poller_register(*state, fds[0], token_first(0), INTEREST_WRITABLE), 0);
    assert_int_equal(ready_now(*state), 0);
    close(fds[1]);
    assert_int_equal(poller_wait(*state, &event, 1, POLLER_FOREVER), 1);
    assert_true(event_is_readable(&event));
    assert_true(event_is_read_closed(&event));
    close(fds[0]);
}

static void data_and_room_alone_close_nothing(void **state)
{
    struct event event;
    int fds[2];
    new_socketpair(fds);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(poller_register(*state, fds[0], token_first(0),
                                     INTEREST_READABLE | INTEREST_WRITABLE),
                     0);
    assert_int_equal(poller_wait(*state, &event, 1, POLLER_FOREVER), 1);
    assert_true(event_is_readable(&event));
    assert_true(event_is_writable(&event));
    assert_false(event_is_read_closed(&event));
    assert_false(event_is_write_closed(&event));
    assert_false(event_is_error(&event));
    close_both(fds);
}

static void an_error_beside_data_does_not_close_writing(void **state)
{
    (void)state; /* as news of a packet comes; made here, not by a device */
    struct event event = {.raw.events = EPOLLIN | EPOLLERR};
    assert_true(event_is_error(&event));
    assert_false(event_is_write_closed(&event));
    event.raw.events = EPOLLERR;
    assert_true(event_is_write_closed(&event));
}

#define IN_A_POLLER(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_POLLER(an_event_comes_once_per_edge),
        IN_A_POLLER(ready_before_it_is_registered_is_an_event),
        IN_A_POLLER(what_is_drained_to_eagain_is_told_of_again),
        IN_A_POLLER(a_megabyte_arrives_through_a_small_buffer),
        IN_A_POLLER(a_megabyte_arrives_in_a_hail_of_signals),
        IN_A_POLLER(what_a_budget_leaves_is_told_of_after_the_others),
        IN_A_POLLER(a_level_is_told_of_while_it_lasts),
        IN_A_POLLER(one_shot_sleeps_until_it_is_reregistered),
        IN_A_POLLER(reregister_replaces_token_and_interest),
        IN_A_POLLER(reregister_tells_of_what_is_ready_already),
        IN_A_POLLER(what_is_deregistered_gives_no_event),
        IN_A_POLLER(deregistered_then_closed_is_gone_though_a_dup_lives),
        IN_A_POLLER(closed_but_not_deregistered_lives_as_long_as_its_dup),
        IN_A_POLLER(what_cannot_be_registered_is_refused),
        IN_A_POLLER(an_interest_in_nothing_is_refused),
        IN_A_POLLER(opening_without_a_descriptor_left_says_so),
        IN_A_POLLER(a_small_batch_serves_all_in_rounds),
        IN_A_POLLER(a_batch_without_room_is_refused),
        IN_A_POLLER(a_wait_for_nothing_ends_with_its_time),
        IN_A_POLLER(time_outs_are_rounded_up),
        IN_A_POLLER(a_negative_time_out_has_no_end),
        IN_A_POLLER(a_signal_costs_only_the_time_that_has_passed),
        IN_A_POLLER(a_time_out_longer_than_the_kernels_is_waited_in_parts),
        IN_A_POLLER(an_error_of_the_wait_is_told),
        IN_A_POLLER(who_waits_is_told_of_what_is_registered_meanwhile),
        IN_A_POLLER(an_end_is_worth_a_read_and_an_error_both_calls),
        IN_A_POLLER(a_hang_up_is_told_to_whoever_asked_for_anything),
        IN_A_POLLER(data_and_room_alone_close_nothing),
        IN_A_POLLER(an_error_beside_data_does_not_close_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
