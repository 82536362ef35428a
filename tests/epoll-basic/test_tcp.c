/* SPDX-License-Identifier: MIT
 *
 * test_tcp.c - what tcp.h promises, on 127.0.0.1 and ports the kernel picks.
 * Its system calls are wrapped, to fail on cue (see verbs.cmake).
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "poller.h"
#include "tcp.h"
#include "util.h"

/* ---- Errors on cue ---- */

static const int *errors_of_accept; /* ended by 0, after which the real call */
static int error_of_connect;        /* once, after the real call */
static int interruptions;           /* of recv and send, before the real call */

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_accept4(int fd, struct sockaddr *address, socklen_t *size,
                   int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size,
                   int flags);
int __real_connect(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    if (errors_of_accept == NULL || *errors_of_accept == 0)
        return __real_accept4(fd, address, size, flags);
    errno = *errors_of_accept++;
    return -1;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t size)
{
    int rc = __real_connect(fd, address, size);
    if (error_of_connect == 0)
        return rc;
    errno = error_of_connect;
    error_of_connect = 0;
    return -1;
}

static bool interrupted(void)
{
    if (interruptions == 0)
        return false;
    interruptions--;
    errno = EINTR;
    return true;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
    return interrupted() ? -1 : __real_recv(fd, buffer, size, flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    return interrupted() ? -1 : __real_send(fd, bytes, size, flags);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Addresses ---- */

static void an_address_is_read_and_written_as_text(void **state)
{
    const char *const texts[] = {"127.0.0.1:8080", "0.0.0.0:1",
                                 "255.255.255.255:65535"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct sockaddr_in address;
        assert_int_equal(tcp_parse(texts[i], &address), 0);
        assert_string_equal(tcp_text(&address).text, texts[i]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    const char *const texts[] = {"",
                                 ":",
                                 "127.0.0.1",
                                 "127.0.0.1:",
                                 ":80",
                                 "127.0.0.1:0",
                                 "127.0.0.1:65536",
                                 "127.0.0.1:-1",
                                 "127.0.0.1:80x",
                                 "127.0.0.1:99999999999999999999",
                                 "127.0.0:80",
                                 "256.0.0.1:80",
                                 "localhost:80",
                                 "::1:80",
                                 "[::1]:80",
                                 "1111111111111111111111111111.0.0.1:80"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct sockaddr_in address = {.sin_port = 7};
        assert_int_equal(tcp_parse(texts[i], &address), -EINVAL);
        assert_int_equal(address.sin_port, 7); /* untouched */
    }
}

static void addresses_are_the_same_in_host_and_port(void **state)
{
    struct sockaddr_in a, b;
    (void)state;
    assert_int_equal(tcp_parse("127.0.0.1:80", &a), 0);
    assert_int_equal(tcp_parse("127.0.0.1:80", &b), 0);
    assert_true(tcp_same(&a, &b));
    assert_int_equal(tcp_parse("127.0.0.1:81", &b), 0);
    assert_false(tcp_same(&a, &b));
    assert_int_equal(tcp_parse("127.0.0.2:80", &b), 0);
    assert_false(tcp_same(&a, &b));
}

/* ---- Connections ---- */

enum { WATCHDOG_SECONDS = 30 };

/* Waits for events, as demos/connect.c does, until it is settled. */
static int settle(int fd, struct sockaddr_in *own, struct sockaddr_in *peer)
{
    struct poller poller;
    struct event event;
    must(poller_open(&poller));
    must(poller_register(&poller, fd, token_first(0), INTEREST_WRITABLE));
    int rc;
    do {
        rc = poller_wait(&poller, &event, 1,
                         WATCHDOG_SECONDS * INT64_C(1000000000));
        rc = rc == 1 ? tcp_connected(fd, own, peer) : -ETIMEDOUT;
    } while (rc == -EINPROGRESS);
    poller_close(&poller);
    return rc;
}

static void assert_never_blocks(int fd)
{
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

/* Connects to address; gives both ends. */
static void connect_both(int listener, const struct sockaddr_in *address)
{
    struct sockaddr_in own, peer, seen;
    int client = tcp_open();
    assert_never_blocks(client);
    int rc = tcp_connect(client, address);
    assert_true(rc == 0 || rc == -EINPROGRESS);
    assert_int_equal(settle(client, &own, &peer), 0);
    assert_true(tcp_same(&peer, address));

    struct poller poller;
    struct event event;
    must(poller_open(&poller));
    must(poller_register(&poller, listener, token_first(0), INTEREST_READABLE));
    assert_int_equal(poller_wait(&poller, &event, 1, POLLER_FOREVER), 1);
    int accepted = tcp_accept(listener, &seen);
    assert_never_blocks(accepted);
    assert_true(tcp_same(&seen, &own));
    assert_int_equal(tcp_accept(listener, &seen), -EAGAIN);
    poller_close(&poller);
    close(accepted);
    close(client);
}

static void both_ends_agree_on_who_is_connected(void **state)
{
    struct sockaddr_in address = tcp_loopback();
    (void)state;
    int listener = tcp_listen(&address);
    assert_never_blocks(listener);
    assert_int_not_equal(address.sin_port, 0);
    connect_both(listener, &address);
    close(listener);
}

static void a_refusal_is_told_once(void **state)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    socklen_t size = sizeof address;
    (void)state;
    /* Bound and not listening: nobody else can have the port, nor answer. */
    int silent = tcp_open(), client = tcp_open();
    assert_int_equal(bind(silent, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&address, &size),
                     0);
    int rc = tcp_connect(client, &address);
    if (rc == -EINPROGRESS)
        rc = settle(client, &own, &peer);
    assert_int_equal(rc, -ECONNREFUSED);
    assert_int_equal(tcp_connected(client, &own, &peer), -EINPROGRESS);
    close(client);
    close(silent);
}

static void writable_is_not_yet_connected(void **state)
{
    struct sockaddr_in own, peer;
    struct poller poller;
    struct event event;
    int fd = tcp_open();
    (void)state;
    must(poller_open(&poller));
    must(poller_register(&poller, fd, token_first(0), INTEREST_WRITABLE));
    assert_int_equal(poller_wait(&poller, &event, 1, 0), 1);
    assert_true(event_is_writable(&event));
    assert_int_equal(tcp_connected(fd, &own, &peer), -EINPROGRESS);
    poller_close(&poller);
    close(fd);
}

static void a_socket_that_meets_itself_is_refused(void **state)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    socklen_t size = sizeof address;
    int fd = tcp_open();
    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    int rc = tcp_connect(fd, &address);
    assert_true(rc == 0 || rc == -EINPROGRESS);
    assert_int_equal(settle(fd, &own, &peer), -ECONNREFUSED);
    close(fd);
}

static void a_signal_does_not_end_the_connecting(void **state)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    int listener = tcp_listen(&address), client = tcp_open();
    (void)state;
    error_of_connect = EINTR;
    assert_int_equal(tcp_connect(client, &address), -EINPROGRESS);
    assert_int_equal(settle(client, &own, &peer), 0);
    close(client);
    close(listener);
}

static void a_port_in_use_is_refused(void **state)
{
    struct sockaddr_in address = tcp_loopback();
    (void)state;
    int first = tcp_listen(&address);
    assert_true(first >= 0);
    assert_int_equal(tcp_listen(&address), -EADDRINUSE);
    close(first);
}

static void accept_passes_over_who_has_left(void **state)
{
    const int errors[] = {EINTR, ECONNABORTED, ECONNABORTED, EINTR, 0};
    struct sockaddr_in address = tcp_loopback(), seen;
    (void)state;
    int listener = tcp_listen(&address);
    errors_of_accept = errors;
    assert_int_equal(tcp_accept(listener, &seen), -EAGAIN);
    assert_int_equal(*errors_of_accept, 0); /* all were met */
    errors_of_accept = errors;
    connect_both(listener, &address);
    errors_of_accept = NULL;
    close(listener);
}

static void without_a_descriptor_left_each_says_so(void **state)
{
    struct sockaddr_in address = tcp_loopback(), any = tcp_loopback(), own,
                       peer;
    struct rlimit limit, none;
    (void)state;
    int listener = tcp_listen(&address), client = tcp_open();
    assert_int_equal(tcp_connect(client, &address), -EINPROGRESS);
    assert_int_equal(settle(client, &own, &peer), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int opened = tcp_open(), listening = tcp_listen(&any);
    int accepted = tcp_accept(listener, &peer);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(opened, -EMFILE);
    assert_int_equal(listening, -EMFILE);
    assert_int_equal(accepted, -EMFILE);
    accepted = tcp_accept(listener, &peer); /* it waited */
    assert_true(tcp_same(&peer, &own));
    close(accepted);
    close(client);
    close(listener);
}

/* ---- Reading and writing ---- */

struct pair {
    int client, server;
};

static struct pair connected_pair(void)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    int listener = tcp_listen(&address), client = tcp_open();
    must(tcp_connect(client, &address) + EINPROGRESS);
    must(settle(client, &own, &peer));
    int server = tcp_accept(listener, &peer);
    assert_true(server >= 0);
    close(listener);
    return (struct pair){client, server};
}

static void close_pair(struct pair pair)
{
    close(pair.client);
    close(pair.server);
}

/* Ends the connection with a reset. */
static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    close(fd);
}

/* Waits on its own poller until fd has an event. */
static struct event await(int fd, unsigned interest)
{
    struct poller poller;
    struct event event;
    must(poller_open(&poller));
    must(poller_register(&poller, fd, token_first(0), interest));
    must(poller_wait(&poller, &event, 1, POLLER_FOREVER) - 1);
    poller_close(&poller);
    return event;
}

static void what_is_written_is_read_then_none_then_the_end(void **state)
{
    struct pair pair = connected_pair();
    char buffer[16];
    (void)state;
    interruptions = 2;
    assert_int_equal(tcp_read(pair.server, buffer, sizeof buffer), -EAGAIN);
    interruptions = 2;
    assert_int_equal(tcp_write(pair.client, "hello", 5), 5);
    await(pair.server, INTEREST_READABLE);
    assert_int_equal(tcp_read(pair.server, buffer, 3), 3);
    assert_memory_equal(buffer, "hel", 3);
    assert_int_equal(tcp_read(pair.server, buffer, 16), 2);
    assert_int_equal(tcp_read(pair.server, buffer, 16), -EAGAIN);
    shutdown(pair.client, SHUT_WR);
    await(pair.server, INTEREST_READABLE);
    assert_int_equal(tcp_read(pair.server, buffer, 16), 0);
    assert_int_equal(tcp_read(pair.server, buffer, 16), 0); /* and stays so */
    assert_int_equal(interruptions, 0);
    close_pair(pair);
}

static void a_full_buffer_takes_a_part_then_none(void **state)
{
    static const char bytes[1 << 16];
    struct pair pair = connected_pair();
    ssize_t n, last = 0;
    (void)state;
    while ((n = tcp_write(pair.client, bytes, sizeof bytes)) > 0)
        last = n;
    assert_int_equal(n, -EAGAIN);
    assert_true(last < (ssize_t)sizeof bytes);
    close_pair(pair);
}

static void a_write_to_nobody_is_an_error_and_no_signal(void **state)
{
    struct pair pair = connected_pair();
    (void)state;
    reset(pair.server);
    await(pair.client, INTEREST_READABLE);
    char byte;
    assert_int_equal(tcp_read(pair.client, &byte, 1), -ECONNRESET);
    assert_int_equal(tcp_write(pair.client, "x", 1), -EPIPE);
    close(pair.client);
}

/* The error's event and the data's are one: whoever reads on meets the error,
 * and a loop at that socket goes quiet. */
static void a_reset_with_unread_data_is_one_event_and_then_silence(void **state)
{
    struct pair pair = connected_pair();
    struct poller poller;
    struct event event;
    char buffer[16];
    int events = 0;
    (void)state;
    must(poller_open(&poller));
    must((int)tcp_write(pair.client, "last words", 10) - 10);
    await(pair.server, INTEREST_READABLE);
    reset(pair.client);
    must(poller_register(&poller, pair.server, token_first(0),
                         INTEREST_READABLE | INTEREST_WRITABLE));
    while (poller_wait(&poller, &event, 1, 0) == 1) {
        assert_true(event_is_readable(&event) && event_is_error(&event));
        ssize_t n;
        while ((n = tcp_read(pair.server, buffer, sizeof buffer)) > 0)
            continue;
        assert_true(n == -ECONNRESET || n == 0); /* never EAGAIN */
        events++;
        assert_true(events < 10);
    }
    assert_true(events >= 1);
    poller_close(&poller);
    close(pair.server);
}

/* ---- Loops that go wrong elsewhere ---- */

static void an_end_is_one_event_one_read_of_0_and_then_silence(void **state)
{
    struct pair pair = connected_pair();
    struct poller poller;
    struct event event;
    char byte;
    (void)state;
    must(poller_open(&poller));
    must(poller_register(&poller, pair.server, token_first(0),
                         INTEREST_READABLE));
    close(pair.client);
    must(poller_wait(&poller, &event, 1, POLLER_FOREVER) - 1);
    assert_true(event_is_readable(&event) && event_is_read_closed(&event));
    assert_int_equal(tcp_read(pair.server, &byte, 1), 0);
    assert_int_equal(poller_wait(&poller, &event, 1, 0), 0);
    must(poller_deregister(&poller, pair.server));
    close(pair.server);
    poller_close(&poller);
}

/* A server that answers each byte with ANSWER of them, to a client that reads
 * slowly. While it has something to write it is interested in room, and in
 * nothing else; when all is written, in the next question. */
enum { ANSWER = 8 << 20 };

struct answering {
    struct poller poller;
    int fd;
    size_t left; /* to be written */
    long events, questions;
};

static void answer(struct answering *a)
{
    static const char bytes[1 << 16];
    ssize_t n = 0;
    char question;
    if (a->left == 0 && (n = tcp_read(a->fd, &question, 1)) == 1) {
        a->questions++;
        a->left = ANSWER;
    }
    while (a->left > 0 && n >= 0) {
        size_t size = a->left < sizeof bytes ? a->left : sizeof bytes;
        n = tcp_write(a->fd, bytes, size);
        a->left -= n > 0 ? (size_t)n : 0;
    }
    must(
        poller_reregister(&a->poller, a->fd, token_first(0),
                          a->left > 0 ? INTEREST_WRITABLE : INTEREST_READABLE));
}

static void *answer_two(void *arg)
{
    struct answering *a = arg;
    while (a->questions < 2 || a->left > 0) {
        struct event event;
        must(poller_wait(&a->poller, &event, 1, POLLER_FOREVER) - 1);
        a->events++;
        answer(a);
    }
    return NULL;
}

static void a_slow_reader_gets_all_and_is_heard_again(void **state)
{
    struct pair pair = connected_pair();
    struct answering a = {.fd = pair.server};
    char buffer[4096];
    size_t got = 0;
    long reads = 0;
    pthread_t server;
    (void)state;
    must(poller_open(&a.poller));
    must(poller_register(&a.poller, a.fd, token_first(0), INTEREST_READABLE));
    must(pthread_create(&server, NULL, answer_two, &a));
    must(fcntl(pair.client, F_SETFL, 0)); /* the client may block */
    for (int question = 0; question < 2; question++) {
        must((int)tcp_write(pair.client, "?", 1) - 1);
        for (size_t end = got + ANSWER; got < end; reads++) {
            ssize_t n = tcp_read(pair.client, buffer, sizeof buffer);
            must(n > 0 ? 0 : -EPIPE);
            got += (size_t)n;
        }
    }
    must(pthread_join(server, NULL));
    assert_int_equal(a.questions, 2);
    assert_int_equal(got, 2 * ANSWER);
    /* Not one event for each look at a socket that has no room. */
    assert_true(a.events <= reads + 4);
    poller_close(&a.poller);
    close_pair(pair);
}

enum { GUESTS = 200 };

static void all_who_came_before_the_first_wait_are_accepted(void **state)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    int clients[GUESTS], servers[GUESTS], accepted = 0, fd;
    struct poller poller;
    struct event event;
    (void)state;
    int listener = tcp_listen(&address);
    must(poller_open(&poller));
    must(poller_register(&poller, listener, token_first(0), INTEREST_READABLE));
    for (int i = 0; i < GUESTS; i++) {
        clients[i] = tcp_open();
        must(tcp_connect(clients[i], &address) + EINPROGRESS);
        must(settle(clients[i], &own, &peer));
    }
    must(poller_wait(&poller, &event, 1, POLLER_FOREVER) - 1); /* once */
    while ((fd = tcp_accept(listener, &peer)) >= 0)
        servers[accepted++] = fd;
    assert_int_equal(fd, -EAGAIN);
    assert_int_equal(accepted, GUESTS);
    for (int i = 0; i < GUESTS; i++)
        close_pair((struct pair){clients[i], servers[i]});
    close(listener);
    poller_close(&poller);
}

/* What is deregistered while a connection waits is not told of it: the only
 * event is the one of the waker's kind. */
static void deregistered_with_a_guest_waiting_gives_no_event(void **state)
{
    struct sockaddr_in address = tcp_loopback(), own, peer;
    struct poller poller;
    struct event batch[4];
    (void)state;
    int listener = tcp_listen(&address), client = tcp_open();
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(poller_open(&poller));
    must(poller_register(&poller, listener, token_first(0), INTEREST_READABLE));
    must(poller_register(&poller, bell, token_first(1), INTEREST_READABLE));
    must(tcp_connect(client, &address) + EINPROGRESS);
    must(settle(client, &own, &peer));
    must(poller_deregister(&poller, listener));
    must(eventfd_write(bell, 1));
    assert_int_equal(poller_wait(&poller, batch, 4, POLLER_FOREVER), 1);
    assert_int_equal(event_token(&batch[0]).index, 1);
    assert_int_equal(poller_wait(&poller, batch, 4, 0), 0);
    poller_close(&poller);
    close(bell);
    close(client);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_written_as_text),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_the_same_in_host_and_port),
        cmocka_unit_test(both_ends_agree_on_who_is_connected),
        cmocka_unit_test(a_refusal_is_told_once),
        cmocka_unit_test(writable_is_not_yet_connected),
        cmocka_unit_test(a_socket_that_meets_itself_is_refused),
        cmocka_unit_test(a_signal_does_not_end_the_connecting),
        cmocka_unit_test(a_port_in_use_is_refused),
        cmocka_unit_test(accept_passes_over_who_has_left),
        cmocka_unit_test(without_a_descriptor_left_each_says_so),
        cmocka_unit_test(what_is_written_is_read_then_none_then_the_end),
        cmocka_unit_test(a_full_buffer_takes_a_part_then_none),
        cmocka_unit_test(a_write_to_nobody_is_an_error_and_no_signal),
        cmocka_unit_test(
            a_reset_with_unread_data_is_one_event_and_then_silence),
        cmocka_unit_test(an_end_is_one_event_one_read_of_0_and_then_silence),
        cmocka_unit_test(a_slow_reader_gets_all_and_is_heard_again),
        cmocka_unit_test(all_who_came_before_the_first_wait_are_accepted),
        cmocka_unit_test(deregistered_with_a_guest_waiting_gives_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
