/* SPDX-License-Identifier: MIT
 *
 * test_io.c - what io.h promises. Green threads record, the test asserts. The
 * linker sends io.c's system calls here first (--wrap, in verbs.cmake).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "io.h"
#include "util.h"

/* ---- System calls that fail on cue, and are counted ---- */

enum call { READ, SEND, ACCEPT, CONNECT, WAIT, CONTROL, CREATE, CALLS };

static struct {
    int error[CALLS]; /* what the next call gives; 0: it is made */
    long count[CALLS];
    size_t most;  /* bytes that go through at once; 0: as many as there are */
    int timeout;  /* of the last epoll_wait() */
    int epoll_fd; /* of the last epoll_ctl() */
} faults;

static bool fails(enum call call)
{
    int error = faults.error[call];

    faults.count[call]++;
    faults.error[call] = 0;
    errno = error;
    return error != 0;
}

static size_t at_most(size_t size)
{
    return faults.most != 0 && size > faults.most ? faults.most : size;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
ssize_t __real_read(int, void *, size_t);
ssize_t __wrap_read(int, void *, size_t);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    return fails(READ) ? -1 : __real_read(fd, buffer, at_most(size));
}

ssize_t __real_send(int, const void *, size_t, int);
ssize_t __wrap_send(int, const void *, size_t, int);
ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags)
{
    return fails(SEND) ? -1 : __real_send(fd, buffer, at_most(size), flags);
}

int __real_accept4(int, struct sockaddr *, socklen_t *, int);
int __wrap_accept4(int, struct sockaddr *, socklen_t *, int);
int __wrap_accept4(int fd, struct sockaddr *peer, socklen_t *length, int flags)
{
    return fails(ACCEPT) ? -1 : __real_accept4(fd, peer, length, flags);
}

int __real_connect(int, const struct sockaddr *, socklen_t);
int __wrap_connect(int, const struct sockaddr *, socklen_t);
int __wrap_connect(int fd, const struct sockaddr *peer, socklen_t length)
{
    return fails(CONNECT) ? -1 : __real_connect(fd, peer, length);
}

int __real_epoll_wait(int, struct epoll_event *, int, int);
int __wrap_epoll_wait(int, struct epoll_event *, int, int);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    faults.timeout = timeout;
    return fails(WAIT) ? -1 : __real_epoll_wait(fd, events, most, timeout);
}

int __real_epoll_ctl(int, int, int, struct epoll_event *);
int __wrap_epoll_ctl(int, int, int, struct epoll_event *);
int __wrap_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
    faults.epoll_fd = epoll_fd;
    return fails(CONTROL) ? -1 : __real_epoll_ctl(epoll_fd, op, fd, event);
}

int __real_epoll_create1(int);
int __wrap_epoll_create1(int);
int __wrap_epoll_create1(int flags)
{
    return fails(CREATE) ? -1 : __real_epoll_create1(flags);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- A stage: a runtime, and two ends of something ---- */

struct stage {
    struct runtime *rt;
    int in, out;
    bool socket;
    size_t size; /* of what is sent */
    int64_t deadline;
    ssize_t got, sent;
    int rc;
    char order[16];
};

static void note(struct stage *stage, char what)
{
    size_t length = strlen(stage->order);
    if (length < sizeof stage->order - 1)
        stage->order[length] = what;
}

enum ends { PIPE, SOCKETS };

static void set_stage(struct stage *stage, enum ends ends)
{
    int fd[2];
    memset(&faults, 0, sizeof faults);
    *stage = (struct stage){.deadline = RUNTIME_NEVER, .rc = 1};
    assert_int_equal(runtime_new(&stage->rt, 0, GUARD_BEST), 0);
    if (ends == PIPE)
        assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd),
                         0);
    stage->in = fd[0];
    stage->out = fd[1];
    assert_int_equal(io_adopt(stage->rt, stage->in), 0);
    assert_int_equal(io_adopt(stage->rt, stage->out), 0);
}

static void clear_stage(struct stage *stage)
{
    memset(&faults, 0, sizeof faults);
    if (stage->in >= 0)
        assert_int_equal(io_close(stage->rt, stage->in), 0);
    if (stage->out >= 0)
        assert_int_equal(io_close(stage->rt, stage->out), 0);
    assert_int_equal(runtime_free(stage->rt), 0);
}

static void play(struct stage *stage, void *(*one)(void *),
                 void *(*two)(void *))
{
    assert_int_equal(runtime_spawn(stage->rt, one, stage, "one", NULL), 0);
    if (two != NULL)
        assert_int_equal(runtime_spawn(stage->rt, two, stage, "two", NULL), 0);
    assert_int_equal(runtime_run(stage->rt), 0);
}

/* ---- Reading and writing ---- */

static void *read_once(void *argument)
{
    struct stage *stage = argument;
    char bytes[64];

    note(stage, 'r');
    stage->got = io_read(stage->in, bytes, sizeof bytes, stage->deadline);
    note(stage, 'R');
    return NULL;
}

static void *write_hello(void *argument)
{
    struct stage *stage = argument;

    note(stage, 'w');
    stage->sent = io_write(stage->out, "hello", 5, stage->deadline);
    note(stage, 'W');
    return NULL;
}

static void who_must_wait_lets_others_run(void **state)
{
    struct stage stage;
    (void)state;
    for (enum ends ends = PIPE; ends <= SOCKETS; ends++) {
        set_stage(&stage, ends);
        play(&stage, read_once, write_hello);
        assert_int_equal(stage.got, 5);
        assert_int_equal(stage.sent, 5);
        assert_string_equal(stage.order, "rwWR");
        clear_stage(&stage);
    }
}

static void who_need_not_wait_does_not(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    play(&stage, write_hello, read_once);
    assert_string_equal(stage.order, "wWrR");
    assert_int_equal(faults.count[READ], 1);
    assert_int_equal(faults.count[WAIT], 0);
    clear_stage(&stage);
}

static char pattern(size_t i)
{
    return (char)(i * 31 + i / 251);
}

static void *write_much(void *argument)
{
    struct stage *stage = argument;
    char *bytes = malloc(stage->size);

    for (size_t i = 0; bytes != NULL && i < stage->size; i++)
        bytes[i] = pattern(i);
    stage->sent = io_write(stage->out, bytes, stage->size, RUNTIME_NEVER);
    free(bytes);
    must(io_close(stage->rt, stage->out));
    stage->out = -1;
    return NULL;
}

static void *read_all(void *argument)
{
    struct stage *stage = argument;
    char bytes[1000];
    ssize_t count;

    stage->rc = 0;
    while ((count = io_read(stage->in, bytes, sizeof bytes, RUNTIME_NEVER)) > 0)
        for (ssize_t i = 0; i < count; i++)
            stage->rc |= bytes[i] != pattern((size_t)stage->got++);
    stage->rc |= (int)count;
    return NULL;
}

/* More than a pipe or a socket holds: both must wait, again and again. */
static void a_mebibyte_arrives_whole_and_in_order(void **state)
{
    const size_t most[] = {0, 999, 7777};
    struct stage stage;
    (void)state;
    for (int i = 0; i < 6; i++) {
        set_stage(&stage, i % 2 ? PIPE : SOCKETS);
        faults.most = most[i / 2];
        stage.size = 1 << 20;
        play(&stage, write_much, read_all);
        assert_int_equal(stage.sent, 1 << 20);
        assert_int_equal(stage.got, 1 << 20);
        assert_int_equal(stage.rc, 0);
        clear_stage(&stage);
    }
}

static void interrupted(int number)
{
    (void)number;
}

static void *pester(void *argument)
{
    for (int i = 0; i < 300; i++) {
        must(pthread_kill(*(const pthread_t *)argument, SIGUSR1));
        sched_yield();
    }
    return NULL;
}

/* Another OS thread sends them, as fast as it can, without SA_RESTART. */
static void signals_are_not_seen(void **state)
{
    struct sigaction action = {.sa_handler = interrupted}, before;
    pthread_t self = pthread_self(), other;
    struct stage stage;
    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    set_stage(&stage, SOCKETS);
    stage.size = 1 << 20;
    must(pthread_create(&other, NULL, pester, &self));
    play(&stage, write_much, read_all);
    must(pthread_join(other, NULL));
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_int_equal(stage.got, 1 << 20);
    assert_int_equal(stage.rc, 0);
    clear_stage(&stage);
}

static void each_call_is_made_again_after_eintr(void **state)
{
    const enum call calls[] = {READ, SEND, WAIT};
    struct stage stage;
    (void)state;
    for (int i = 0; i < 3; i++) {
        set_stage(&stage, SOCKETS);
        faults.error[calls[i]] = EINTR;
        play(&stage, read_once, write_hello);
        assert_int_equal(stage.got, 5);
        assert_int_equal(stage.sent, 5);
        clear_stage(&stage);
    }
}

static void a_failing_call_is_reported(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, SOCKETS);
    faults.error[READ] = ECONNRESET;
    faults.error[SEND] = ENOBUFS;
    play(&stage, read_once, write_hello);
    assert_int_equal(stage.got, -ECONNRESET);
    assert_int_equal(stage.sent, -ENOBUFS);
    clear_stage(&stage);

    set_stage(&stage, SOCKETS); /* epoll itself */
    assert_int_equal(runtime_spawn(stage.rt, read_once, &stage, NULL, NULL), 0);
    faults.error[WAIT] = EBADF;
    assert_int_equal(runtime_run(stage.rt), -EBADF);
    play(&stage, write_hello, NULL); /* and it goes on */
    assert_int_equal(stage.got, 5);
    clear_stage(&stage);
}

static void *write_twice(void *argument)
{
    struct stage *stage = argument;

    stage->sent = io_write(stage->out, "0123456789", 10, RUNTIME_NEVER);
    stage->rc = (int)io_write(stage->out, "x", 1, RUNTIME_NEVER);
    return NULL;
}

static void *read_four_and_leave(void *argument)
{
    struct stage *stage = argument;
    char bytes[4];

    stage->got = io_read(stage->in, bytes, sizeof bytes, RUNTIME_NEVER);
    must(io_close(stage->rt, stage->in));
    stage->in = -1;
    return NULL;
}

static void a_peer_that_has_gone_is_an_error_and_no_signal(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, SOCKETS);
    play(&stage, write_twice, NULL);
    assert_int_equal(stage.sent, 10);
    play(&stage, read_four_and_leave, NULL);
    play(&stage, write_hello, NULL); /* unread bytes: it was a reset */
    assert_true(stage.sent == -EPIPE || stage.sent == -ECONNRESET);
    play(&stage, write_hello, NULL);
    assert_int_equal(stage.sent, -EPIPE);
    clear_stage(&stage);
}

static void *leave(void *argument)
{
    struct stage *stage = argument;

    must(io_close(stage->rt, stage->in));
    stage->in = -1;
    return NULL;
}

static void *fill(void *argument)
{
    struct stage *stage = argument;
    static char bytes[1 << 20];

    stage->sent = io_write(stage->out, bytes, sizeof bytes, stage->deadline);
    if (stage->sent > 0)
        stage->rc = (int)io_write(stage->out, bytes, 1, stage->deadline);
    return NULL;
}

static void what_was_written_before_the_deadline_is_counted(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    stage.deadline = now_ns();
    play(&stage, fill, NULL);
    assert_true(stage.sent > 0 && stage.sent < 1 << 20);
    assert_int_equal(stage.rc, -ETIMEDOUT);
    clear_stage(&stage);
}

/* A full pipe without a reader is still full: only EPOLLERR tells. */
static void who_waits_to_write_is_told_that_the_reader_leaves(void **state)
{
    struct stage stage;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    set_stage(&stage, PIPE);
    play(&stage, fill, leave);
    signal(SIGPIPE, SIG_DFL);
    assert_true(stage.sent > 0); /* what had gone before */
    assert_int_equal(stage.rc, -EPIPE);
    clear_stage(&stage);
}

static void the_end_of_file_is_no_error(void **state)
{
    struct stage stage;
    (void)state;
    for (enum ends ends = PIPE; ends <= SOCKETS; ends++) {
        set_stage(&stage, ends);
        stage.size = 0;
        play(&stage, read_once, write_much); /* it closes */
        assert_int_equal(stage.got, 0);
        clear_stage(&stage);
    }
}

/* ---- Time-outs, closing, two at once ---- */

static void a_time_out_loses_nothing(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, SOCKETS);
    for (int round = 0; round < 100; round++) {
        stage.deadline = now_ns() + round * INT64_C(1000);
        play(&stage, read_once, NULL);
        assert_int_equal(stage.got, -ETIMEDOUT);
        stage.deadline = RUNTIME_NEVER;
        play(&stage, read_once, write_hello);
        assert_int_equal(stage.got, 5);
    }
    clear_stage(&stage);
}

static void a_deadline_may_lie_as_far_back_as_numbers_go(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, SOCKETS);
    stage.deadline = INT64_MIN;
    play(&stage, read_once, NULL);
    assert_int_equal(stage.got, -ETIMEDOUT);
    clear_stage(&stage);
}

static void epoll_waits_as_long_as_the_deadline_is_away(void **state)
{
    const int64_t hour = INT64_C(3600000000000);
    const struct {
        int64_t deadline;
        int least, most; /* milliseconds */
    } cases[] = {{RUNTIME_NEVER, -1, -1},
                 {RUNTIME_NEVER - 1, 1000, INT32_MAX},
                 {now_ns() + hour, 1, 3600000},
                 {now_ns() + (INT64_C(1000000) << 32), 1000, INT32_MAX},
                 {now_ns(), 0, 0}};
    struct stage stage;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_stage(&stage, SOCKETS);
        stage.deadline = cases[i].deadline;
        faults.error[WAIT] = EBADF; /* so that it comes back at once */
        assert_int_equal(runtime_spawn(stage.rt, read_once, &stage, NULL, NULL),
                         0);
        assert_int_equal(runtime_run(stage.rt), -EBADF);
        assert_in_range(faults.timeout + 1, cases[i].least + 1,
                        (unsigned)cases[i].most + 1);
        play(&stage, write_hello, NULL);
        clear_stage(&stage);
    }
}

static void *read_and_park(void *argument)
{
    read_once(argument);
    ((struct stage *)argument)->rc = runtime_park(RUNTIME_NEVER);
    return NULL;
}

static void who_waits_for_a_thread_does_not_wait_for_epoll(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    assert_int_equal(runtime_spawn(stage.rt, read_and_park, &stage, NULL, NULL),
                     0);
    assert_int_equal(runtime_spawn(stage.rt, write_hello, &stage, NULL, NULL),
                     0);
    assert_int_equal(runtime_run(stage.rt), -EDEADLK);
    assert_int_equal(stage.got, 5);
    assert_int_equal(io_close(stage.rt, stage.in), 0);
    assert_int_equal(io_close(stage.rt, stage.out), 0);
    assert_int_equal(runtime_free(stage.rt), -ECANCELED);
}

static void *close_in_and_out(void *argument)
{
    struct stage *stage = argument;
    int fd[2];

    must(io_close(stage->rt, stage->in));
    must(io_close(stage->rt, stage->out));
    /* Their numbers are used again at once, and have something to read. */
    stage->rc = pipe2(fd, O_CLOEXEC);
    stage->rc |= fd[0] != stage->in || fd[1] != stage->out;
    stage->rc |= io_adopt(stage->rt, stage->in);
    stage->rc |= io_adopt(stage->rt, stage->out);
    stage->rc |= io_write(stage->out, "new", 3, RUNTIME_NEVER) != 3;
    return NULL;
}

static void who_waits_for_a_descriptor_that_is_closed_is_told(void **state)
{
    char bytes[8];
    struct stage stage;
    (void)state;
    for (int writers = 0; writers < 2; writers++) {
        set_stage(&stage, PIPE);
        assert_int_equal(runtime_spawn(stage.rt, writers ? fill : read_once,
                                       &stage, NULL, NULL),
                         0);
        play(&stage, close_in_and_out, NULL);
        assert_int_equal(writers ? stage.sent : stage.got, -ECANCELED);
        assert_int_equal(stage.rc, 0);
        assert_int_equal(read(stage.in, bytes, sizeof bytes), 3);
        clear_stage(&stage);
    }
}

static void *read_as_well(void *argument)
{
    struct stage *stage = argument;
    char byte;

    stage->rc = (int)io_read(stage->in, &byte, 1, RUNTIME_NEVER);
    stage->sent = io_write(stage->out, "hello", 5, RUNTIME_NEVER);
    return NULL;
}

static void two_may_not_read_at_once(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    play(&stage, read_once, read_as_well);
    assert_int_equal(stage.rc, -EBUSY);
    assert_int_equal(stage.got, 5);
    clear_stage(&stage);
}

static void what_was_closed_is_unknown(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    play(&stage, write_hello, NULL);
    int copy = fcntl(stage.in, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(io_close(stage.rt, stage.in), 0);
    assert_int_equal(io_close(stage.rt, stage.in), -EBADF);
    /* The number is another's now, whose bytes are none of our business. */
    assert_int_equal(fcntl(copy, F_DUPFD_CLOEXEC, stage.in), stage.in);
    play(&stage, read_once, NULL);
    assert_int_equal(stage.got, -EBADF);
    close(stage.in);
    close(copy);
    stage.in = -1;
    clear_stage(&stage);
}

static void a_copy_of_a_closed_descriptor_is_not_heard_of(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    int copy = fcntl(stage.in, F_DUPFD_CLOEXEC, 0);
    assert_true(copy >= 0);
    assert_int_equal(io_close(stage.rt, stage.in), 0);
    assert_int_equal(faults.count[CONTROL], 3); /* two added, one deleted */
    play(&stage, write_hello, NULL);
    stage.in = copy;
    assert_int_equal(io_adopt(stage.rt, copy), 0);
    play(&stage, read_once, NULL);
    assert_int_equal(stage.got, 5);
    clear_stage(&stage);
}

static void who_closed_behind_our_back_gets_an_error(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    close(stage.in);
    assert_int_equal(io_close(stage.rt, stage.in), -EBADF);
    /* The number may be another's by now: it is not closed. */
    assert_int_equal(fcntl(stage.out, F_DUPFD_CLOEXEC, stage.in), stage.in);
    assert_int_equal(io_close(stage.rt, stage.in), -EBADF);
    assert_true(fcntl(stage.in, F_GETFD) >= 0);
    close(stage.in);
    stage.in = -1;
    clear_stage(&stage);
}

/* Waits on a pipe nobody writes, while in is at its end. */
static void *read_to_the_end_and_wait(void *argument)
{
    struct stage *stage = argument;
    int quiet[2];
    char byte;

    read_all(stage);
    faults.count[WAIT] = 0;
    must(pipe2(quiet, O_CLOEXEC));
    must(io_adopt(stage->rt, quiet[0]));
    stage->sent = io_read(quiet[0], &byte, 1, now_ns() + 20000000);
    must(io_close(stage->rt, quiet[0]));
    close(quiet[1]);
    return NULL;
}

/* Were it told again and again, the loop would spin. */
static void an_end_is_told_once(void **state)
{
    struct stage stage;
    (void)state;
    for (enum ends ends = PIPE; ends <= SOCKETS; ends++) {
        set_stage(&stage, ends);
        play(&stage, write_much, read_to_the_end_and_wait);
        assert_int_equal(stage.sent, -ETIMEDOUT);
        assert_true(faults.count[WAIT] < 5);
        clear_stage(&stage);
    }
}

enum { PLENTY = 50000 }; /* bytes, less than a pipe holds */

/* There is always something, so that the reader never parks. */
static void *read_bytes_until_told(void *argument)
{
    struct stage *stage = argument;
    char byte;

    while (stage->got < PLENTY && stage->rc != 0)
        stage->got += io_read(stage->in, &byte, 1, RUNTIME_NEVER);
    return NULL;
}

static void *say_done(void *argument)
{
    ((struct stage *)argument)->rc = 0;
    return NULL;
}

static void who_never_has_to_wait_lets_others_run_all_the_same(void **state)
{
    static char bytes[PLENTY];
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    assert_int_equal(write(stage.out, bytes, PLENTY), PLENTY);
    play(&stage, read_bytes_until_told, say_done);
    assert_true(stage.got < 1000);
    clear_stage(&stage);
}

/* ---- Adopting ---- */

static void *call_everything(void *argument)
{
    const struct sockaddr_in nowhere = {.sin_family = AF_INET};
    struct stage *stage = argument;
    char byte = 0;
    int fd = stage->size != 0
                 ? 1000000
                 : fcntl(stage->in, F_DUPFD_CLOEXEC, 0); /* known to nobody */

    stage->rc = io_read(fd, &byte, 1, 0) == stage->got &&
                io_write(fd, &byte, 1, 0) == stage->got &&
                io_accept(fd, 0) == stage->got &&
                io_connect(fd, (const struct sockaddr *)&nowhere,
                           sizeof nowhere, 0) == stage->got;
    if (stage->size == 0)
        close(fd);
    return NULL;
}

static void calls_in_the_wrong_place_are_refused(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    stage.got = -EPERM;
    call_everything(&stage); /* outside */
    assert_int_equal(stage.rc, 1);
    stage.got = -EBADF;
    for (stage.size = 0; stage.size < 2; stage.size++) {
        play(&stage, call_everything, NULL);
        assert_int_equal(stage.rc, 1);
    }
    assert_int_equal(io_close(stage.rt, 1000000), -EBADF);
    assert_int_equal(io_close(stage.rt, -1), -EBADF);
    clear_stage(&stage);
}

static void what_cannot_be_adopted_is_refused_and_stays_open(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    assert_int_equal(io_adopt(stage.rt, stage.in), -EEXIST);
    assert_int_equal(io_adopt(stage.rt, -1), -EBADF);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(io_adopt(stage.rt, fileno(file)), -EPERM);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    clear_stage(&stage);
}

static int lowest_free_descriptor(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void a_runtime_closes_its_epoll_and_no_child_inherits_it(void **state)
{
    struct stage stage;
    (void)state;
    set_stage(&stage, PIPE);
    int epoll = faults.epoll_fd;
    assert_int_equal(fcntl(epoll, F_GETFD), FD_CLOEXEC);
    clear_stage(&stage);
    assert_int_equal(fcntl(epoll, F_GETFD), -1);
}

static void adopting_adds_one_flag_and_takes_none(void **state)
{
    struct stage stage;
    int fd[2];
    (void)state;
    set_stage(&stage, PIPE);
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fd[1], F_SETFL, O_APPEND), 0);
    int before = fcntl(fd[1], F_GETFL);
    assert_int_equal(io_adopt(stage.rt, fd[1]), 0);
    assert_int_equal(fcntl(fd[1], F_GETFL), before | O_NONBLOCK);
    assert_int_equal(io_close(stage.rt, fd[1]), 0);
    close(fd[0]);
    clear_stage(&stage);
}

static int wait_for_nothing(struct runtime_driver *driver, int64_t deadline)
{
    (void)driver;
    (void)deadline;
    return 0;
}

static void free_nothing(struct runtime_driver *driver)
{
    (void)driver;
}

static void a_runtime_with_another_driver_adopts_nothing(void **state)
{
    struct runtime_driver other = {0, wait_for_nothing, free_nothing};
    struct runtime *rt;
    int fd[2];
    (void)state;
    memset(&faults, 0, sizeof faults);
    assert_int_equal(runtime_new(&rt, 0, GUARD_BEST), 0);
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(runtime_set_driver(rt, &other), 0);
    assert_int_equal(io_adopt(rt, fd[0]), -EBUSY);
    assert_int_equal(io_close(rt, fd[0]), -EBADF);
    assert_int_equal(runtime_free(rt), 0);
    close(fd[0]);
    close(fd[1]);
}

static void without_an_epoll_nothing_is_adopted(void **state)
{
    struct stage stage = {0};
    int fd[2];
    (void)state;
    memset(&faults, 0, sizeof faults);
    assert_int_equal(runtime_new(&stage.rt, 0, GUARD_BEST), 0);
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    assert_int_equal(io_close(stage.rt, fd[0]), -EBADF);
    faults.error[CREATE] = EMFILE;
    assert_int_equal(io_adopt(stage.rt, fd[0]), -EMFILE);
    faults.error[CONTROL] = ENOSPC;
    assert_int_equal(io_adopt(stage.rt, fd[0]), -ENOSPC);
    assert_int_equal(io_adopt(stage.rt, fd[0]), 0);
    assert_int_equal(runtime_free(stage.rt), 0);
    close(fd[0]);
    close(fd[1]);
}

/* ---- Connections ---- */

enum { GUESTS = 200 };

struct inn {
    struct runtime *rt;
    int listener, accepted, served, failures, first_error;
    struct sockaddr_in address;
};

static void open_inn(struct inn *inn)
{
    socklen_t length = sizeof inn->address;
    memset(&faults, 0, sizeof faults);
    *inn = (struct inn){.address = {.sin_family = AF_INET}};
    inn->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(runtime_new(&inn->rt, 0, GUARD_BEST), 0);
    inn->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(inn->listener >= 0);
    struct sockaddr *address = (struct sockaddr *)&inn->address;
    assert_int_equal(bind(inn->listener, address, length), 0);
    assert_int_equal(listen(inn->listener, GUESTS + 1), 0);
    assert_int_equal(getsockname(inn->listener, address, &length), 0);
    assert_int_equal(io_adopt(inn->rt, inn->listener), 0);
}

static void *visit(void *argument)
{
    struct inn *inn = argument;
    char byte = 'g';
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd < 0 ? -errno : io_adopt(inn->rt, fd);

    if (rc == 0)
        rc = io_connect(fd, (const struct sockaddr *)&inn->address,
                        sizeof inn->address, RUNTIME_NEVER);
    if (rc == 0 && (io_write(fd, &byte, 1, RUNTIME_NEVER) != 1 ||
                    io_read(fd, &byte, 1, RUNTIME_NEVER) != 1 || byte != 'G'))
        rc = -EIO;
    if (fd >= 0)
        must(io_close(inn->rt, fd));
    inn->failures += rc < 0;
    inn->first_error = inn->first_error == 0 ? rc : inn->first_error;
    return NULL;
}

struct guest {
    struct inn *inn;
    int fd;
};

static void *serve(void *argument)
{
    struct guest guest = *(struct guest *)argument;
    char byte;

    free(argument);
    if (io_read(guest.fd, &byte, 1, RUNTIME_NEVER) == 1 && byte == 'g')
        guest.inn->served += io_write(guest.fd, "G", 1, RUNTIME_NEVER) == 1;
    must(io_close(guest.inn->rt, guest.fd));
    return NULL;
}

static void *keep_inn(void *argument)
{
    struct inn *inn = argument;

    while (inn->accepted < GUESTS) {
        struct guest *guest = malloc(sizeof *guest);
        if (guest == NULL)
            break;
        *guest = (struct guest){inn, io_accept(inn->listener, RUNTIME_NEVER)};
        if (guest->fd < 0) {
            inn->first_error = guest->fd;
            free(guest);
            break;
        }
        inn->accepted++;
        must(runtime_spawn(inn->rt, serve, guest, "serve", NULL));
    }
    must(io_close(inn->rt, inn->listener));
    return NULL;
}

static void
two_hundred_who_came_before_the_first_accept_are_served(void **state)
{
    const enum call calls[] = {READ, ACCEPT, CONNECT, CONNECT};
    const int errors[] = {0, EINTR, EINTR, EALREADY};
    struct inn inn;
    (void)state;
    for (int i = 0; i < 4; i++) {
        open_inn(&inn);
        faults.error[calls[i]] = errors[i];
        for (int k = 0; k < GUESTS; k++)
            assert_int_equal(runtime_spawn(inn.rt, visit, &inn, "guest", NULL),
                             0);
        assert_int_equal(runtime_spawn(inn.rt, keep_inn, &inn, "inn", NULL), 0);
        assert_int_equal(runtime_run(inn.rt), 0);
        assert_int_equal(inn.first_error, 0);
        assert_int_equal(inn.failures, 0);
        assert_int_equal(inn.served, GUESTS);
        assert_int_equal(runtime_free(inn.rt), 0);
    }
}

static void a_refused_connection_is_an_error(void **state)
{
    struct inn inn;
    (void)state;
    open_inn(&inn);
    assert_int_equal(io_close(inn.rt, inn.listener), 0);
    assert_int_equal(runtime_spawn(inn.rt, visit, &inn, "guest", NULL), 0);
    assert_int_equal(runtime_run(inn.rt), 0);
    assert_int_equal(inn.first_error, -ECONNREFUSED);
    assert_int_equal(runtime_free(inn.rt), 0);
}

static void *connect_twice(void *argument)
{
    const struct sockaddr *address;
    struct inn *inn = argument;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(io_adopt(inn->rt, fd));
    address = (const struct sockaddr *)&inn->address;
    must(io_connect(fd, address, sizeof inn->address, RUNTIME_NEVER));
    inn->first_error =
        io_connect(fd, address, sizeof inn->address, RUNTIME_NEVER);
    must(io_close(inn->rt, fd));
    return NULL;
}

static void who_is_connected_already_is_told(void **state)
{
    struct inn inn;
    (void)state;
    open_inn(&inn);
    assert_int_equal(runtime_spawn(inn.rt, connect_twice, &inn, NULL, NULL), 0);
    assert_int_equal(runtime_run(inn.rt), 0);
    assert_int_equal(inn.first_error, -EISCONN);
    assert_int_equal(io_close(inn.rt, inn.listener), 0);
    assert_int_equal(runtime_free(inn.rt), 0);
}

/* A guest who is not a green thread, and waits to be accepted. */
static int connect_guest(const struct inn *inn)
{
    int guest = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(guest >= 0);
    assert_int_equal(connect(guest, (const struct sockaddr *)&inn->address,
                             sizeof inn->address),
                     0);
    return guest;
}

static void *accept_twice(void *argument)
{
    struct inn *inn = argument;

    faults.error[ACCEPT] = EMFILE;
    inn->first_error = io_accept(inn->listener, RUNTIME_NEVER);
    int fd = io_accept(inn->listener, RUNTIME_NEVER);
    inn->accepted = fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC;
    if (fd >= 0)
        must(io_close(inn->rt, fd));
    must(io_close(inn->rt, inn->listener));
    return NULL;
}

static void without_descriptors_accept_says_so_and_nobody_is_lost(void **state)
{
    struct inn inn;
    (void)state;
    open_inn(&inn);
    int guest = connect_guest(&inn);
    assert_int_equal(runtime_spawn(inn.rt, accept_twice, &inn, NULL, NULL), 0);
    assert_int_equal(runtime_run(inn.rt), 0);
    assert_int_equal(inn.first_error, -EMFILE);
    assert_int_equal(inn.accepted, 1);
    assert_int_equal(runtime_free(inn.rt), 0);
    close(guest);
}

static void *accept_one(void *argument)
{
    struct inn *inn = argument;

    faults.error[CONTROL] = ENOSPC;
    inn->first_error = io_accept(inn->listener, RUNTIME_NEVER);
    return NULL;
}

static void a_connection_that_cannot_be_watched_is_closed(void **state)
{
    struct inn inn;
    (void)state;
    open_inn(&inn);
    int guest = connect_guest(&inn);
    const int lowest = lowest_free_descriptor();
    assert_int_equal(runtime_spawn(inn.rt, accept_one, &inn, NULL, NULL), 0);
    assert_int_equal(runtime_run(inn.rt), 0);
    assert_int_equal(inn.first_error, -ENOSPC);
    assert_int_equal(lowest_free_descriptor(), lowest);
    assert_int_equal(io_close(inn.rt, inn.listener), 0);
    assert_int_equal(runtime_free(inn.rt), 0);
    close(guest);
}

static void *accept_until(void *argument)
{
    struct inn *inn = argument;

    inn->first_error = io_accept(inn->listener, now_ns() + 1000000);
    must(io_close(inn->rt, inn->listener));
    return NULL;
}

static void accept_has_a_deadline(void **state)
{
    struct inn inn;
    (void)state;
    open_inn(&inn);
    assert_int_equal(runtime_spawn(inn.rt, accept_until, &inn, NULL, NULL), 0);
    assert_int_equal(runtime_run(inn.rt), 0);
    assert_int_equal(inn.first_error, -ETIMEDOUT);
    assert_int_equal(runtime_free(inn.rt), 0);
}

/* A queue of one that is full: the handshake of the next is not answered. */
static void *connect_until(void *argument)
{
    struct inn *inn = argument;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(io_adopt(inn->rt, fd));
    inn->first_error = io_connect(fd, (const struct sockaddr *)&inn->address,
                                  sizeof inn->address, now_ns() + 1000000);
    must(io_close(inn->rt, fd));
    return NULL;
}

static void connect_has_a_deadline(void **state)
{
    enum { ENOUGH = 16 };
    struct inn inn;
    (void)state;
    open_inn(&inn);
    assert_int_equal(listen(inn.listener, 0), 0);
    for (int i = 0; i < ENOUGH && inn.first_error == 0; i++) {
        assert_int_equal(runtime_spawn(inn.rt, connect_until, &inn, NULL, NULL),
                         0);
        assert_int_equal(runtime_run(inn.rt), 0);
    }
    assert_int_equal(inn.first_error, -ETIMEDOUT);
    assert_int_equal(io_close(inn.rt, inn.listener), 0);
    assert_int_equal(runtime_free(inn.rt), 0);
}

/* ---- A read from TCP that gives less than was asked for: what it may be taken
 * for, and what not. The reader has parked before its peer does anything, so that
 * all of it comes in one event. ---- */

struct scene {
    struct runtime *rt;
    int fd, peer;
    void (*act)(int peer); /* what the peer does while the reader waits */
    int more;              /* reads after the first */
    ssize_t got[16];
    char text[16][16];
};

/* Two ends of a TCP connection. */
static void connect_tcp(struct scene *scene)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(listener, (struct sockaddr *)&address, size));
    must(listen(listener, 1));
    must(getsockname(listener, (struct sockaddr *)&address, &size));
    scene->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connect(scene->peer, (struct sockaddr *)&address, size));
    scene->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    must(close(listener));
}

static void *read_more(void *argument)
{
    struct scene *scene = argument;

    for (int i = 0; i <= scene->more; i++)
        scene->got[i] = io_read(scene->fd, scene->text[i],
                                sizeof scene->text[i] - 1, RUNTIME_NEVER);
    return NULL;
}

static void *let_peer_act(void *argument)
{
    struct scene *scene = argument;

    scene->act(scene->peer);
    return NULL;
}

/* The reader has parked when the peer acts. */
static void play_scene(struct scene *scene)
{
    must(runtime_new(&scene->rt, 0, GUARD_BEST));
    must(io_adopt(scene->rt, scene->fd));
    must(runtime_spawn(scene->rt, read_more, scene, "reader", NULL));
    must(runtime_spawn(scene->rt, let_peer_act, scene, "peer", NULL));
    must(runtime_run(scene->rt));
    must(io_close(scene->rt, scene->fd));
    must(runtime_free(scene->rt));
    must(close(scene->peer));
}

static void say(int peer, const char *text, int flags)
{
    must(send(peer, text, strlen(text), flags) < 0 ? errno : 0);
}

static void send_and_end(int peer)
{
    say(peer, "abc", 0);
    must(shutdown(peer, SHUT_WR));
}

static void the_end_behind_a_short_read_is_seen(void **state)
{
    struct scene scene = {.act = send_and_end, .more = 1};
    (void)state;

    connect_tcp(&scene);
    play_scene(&scene);
    assert_string_equal(scene.text[0], "abc");
    assert_int_equal(scene.got[1], 0);
}

static void send_around_a_mark(int peer)
{
    say(peer, "abc", 0);
    say(peer, "!", MSG_OOB);
    say(peer, "ef", 0);
}

static void what_follows_an_urgent_mark_is_seen(void **state)
{
    struct scene scene = {.act = send_around_a_mark, .more = 1};
    (void)state;

    connect_tcp(&scene);
    play_scene(&scene);
    assert_string_equal(scene.text[0], "abc");
    assert_string_equal(scene.text[1], "ef");
}

static void write_two_packets(int peer)
{
    must(write(peer, "ab", 2) < 0 ? errno : 0);
    must(write(peer, "cd", 2) < 0 ? errno : 0);
}

static void a_pipe_that_stops_short_is_read_again(void **state)
{
    struct scene scene = {.act = write_two_packets, .more = 1};
    int ends[2];
    (void)state;

    must(pipe2(ends, O_DIRECT | O_CLOEXEC)); /* a packet a read */
    scene.fd = ends[0];
    scene.peer = ends[1];
    play_scene(&scene);
    assert_string_equal(scene.text[0], "ab");
    assert_string_equal(scene.text[1], "cd");
}

enum { ROUNDS = 10 };

static void answer(int peer)
{
    for (int i = 0; i < ROUNDS; i++) {
        say(peer, "ping", 0);
        must(runtime_sleep(0)); /* until an event was looked for */
    }
}

static void a_socket_known_to_be_empty_is_not_asked(void **state)
{
    struct scene scene = {.act = answer, .more = ROUNDS - 1};
    (void)state;

    connect_tcp(&scene);
    memset(&faults, 0, sizeof faults);
    play_scene(&scene);
    assert_int_equal(scene.got[ROUNDS - 1], 4);
    assert_true(faults.count[READ] < 2L * ROUNDS); /* it was twice as many */
}

/* Nobody has looked for events yet when the second message is there. */
static void *read_without_time(void *argument)
{
    struct scene *scene = argument;

    for (int i = 0; i < 2; i++) {
        say(scene->peer, "now", 0);
        scene->got[i] = io_read(scene->fd, scene->text[i], 15, 1);
    }
    scene->got[2] = io_read(scene->fd, scene->text[2], 15, 1);
    return NULL;
}

static void a_passed_deadline_still_takes_what_is_there(void **state)
{
    struct scene scene = {.got = {0}};
    (void)state;

    connect_tcp(&scene);
    must(runtime_new(&scene.rt, 0, GUARD_BEST));
    must(io_adopt(scene.rt, scene.fd));
    must(runtime_spawn(scene.rt, read_without_time, &scene, "reader", NULL));
    must(runtime_run(scene.rt));
    must(io_close(scene.rt, scene.fd));
    must(runtime_free(scene.rt));
    must(close(scene.peer));
    assert_int_equal(scene.got[0], 3);
    assert_int_equal(scene.got[1], 3);
    assert_int_equal(scene.got[2], -ETIMEDOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_must_wait_lets_others_run),
        cmocka_unit_test(who_need_not_wait_does_not),
        cmocka_unit_test(a_mebibyte_arrives_whole_and_in_order),
        cmocka_unit_test(signals_are_not_seen),
        cmocka_unit_test(each_call_is_made_again_after_eintr),
        cmocka_unit_test(a_failing_call_is_reported),
        cmocka_unit_test(a_peer_that_has_gone_is_an_error_and_no_signal),
        cmocka_unit_test(what_was_written_before_the_deadline_is_counted),
        cmocka_unit_test(who_waits_to_write_is_told_that_the_reader_leaves),
        cmocka_unit_test(the_end_of_file_is_no_error),
        cmocka_unit_test(a_time_out_loses_nothing),
        cmocka_unit_test(a_deadline_may_lie_as_far_back_as_numbers_go),
        cmocka_unit_test(epoll_waits_as_long_as_the_deadline_is_away),
        cmocka_unit_test(who_waits_for_a_thread_does_not_wait_for_epoll),
        cmocka_unit_test(who_waits_for_a_descriptor_that_is_closed_is_told),
        cmocka_unit_test(two_may_not_read_at_once),
        cmocka_unit_test(what_was_closed_is_unknown),
        cmocka_unit_test(a_copy_of_a_closed_descriptor_is_not_heard_of),
        cmocka_unit_test(who_closed_behind_our_back_gets_an_error),
        cmocka_unit_test(an_end_is_told_once),
        cmocka_unit_test(who_never_has_to_wait_lets_others_run_all_the_same),
        cmocka_unit_test(calls_in_the_wrong_place_are_refused),
        cmocka_unit_test(what_cannot_be_adopted_is_refused_and_stays_open),
        cmocka_unit_test(a_runtime_closes_its_epoll_and_no_child_inherits_it),
        cmocka_unit_test(adopting_adds_one_flag_and_takes_none),
        cmocka_unit_test(a_runtime_with_another_driver_adopts_nothing),
        cmocka_unit_test(without_an_epoll_nothing_is_adopted),
        cmocka_unit_test(
            two_hundred_who_came_before_the_first_accept_are_served),
        cmocka_unit_test(a_refused_connection_is_an_error),
        cmocka_unit_test(who_is_connected_already_is_told),
        cmocka_unit_test(without_descriptors_accept_says_so_and_nobody_is_lost),
        cmocka_unit_test(a_connection_that_cannot_be_watched_is_closed),
        cmocka_unit_test(accept_has_a_deadline),
        cmocka_unit_test(connect_has_a_deadline),
        cmocka_unit_test(the_end_behind_a_short_read_is_seen),
        cmocka_unit_test(what_follows_an_urgent_mark_is_seen),
        cmocka_unit_test(a_pipe_that_stops_short_is_read_again),
        cmocka_unit_test(a_socket_known_to_be_empty_is_not_asked),
        cmocka_unit_test(a_passed_deadline_still_takes_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
