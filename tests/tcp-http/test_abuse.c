/* SPDX-License-Identifier: MIT
 *
 * test_abuse.c - what rude clients and a poor machine cannot do to a server: with
 * real sockets and little patience. /status tells when it is over with them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "background.h"
#include "listener.h"
#include "wire.h"

enum { MANY = 200 };
#define MS INT64_C(1000000)

static struct background *background;
static uint16_t port;
static int descriptors; /* open before the test */

static int open_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a DIR of this thread's own */
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void start_threads(const struct server_setup *setup, size_t threads)
{
    int listeners[4];
    port = 0;
    for (size_t i = 0; i < threads; i++)
        assert_int_equal(
            listener_open_at(&listeners[i], "127.0.0.1", &port, threads > 1),
            0);
    assert_int_equal(
        background_start_all(&background, listeners, threads, setup), 0);
}

static void start(const struct server_setup *setup)
{
    start_threads(setup, 1);
}

static int before(void **state)
{
    (void)state;
    descriptors = open_descriptors();
    return 0;
}

/* Fails if the server did not end well, or left a descriptor open. */
static int after(void **state)
{
    int rc = background != NULL ? background_stop(background, NULL) : 0;
    (void)state;
    background = NULL;
    return rc == 0 && open_descriptors() == descriptors ? 0 : -1;
}

/* One of the numbers that /status tells. */
static long status(const char *name)
{
    char wanted[32], *heard = wire_dialogue(port,
                                            "GET /status HTTP/1.1\r\n" HOST
                                            "Connection: close\r\n\r\n",
                                            "HTTP/1.1 200 ");
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(heard, wanted);
    assert_non_null(found);
    long number = strtol(found + strlen(wanted), NULL, 10);
    free(heard);
    return number;
}

/* Asks until nobody but who asks is there. The test's watchdog is its limit. */
static void wait_until_all_are_gone(void)
{
    while (status("connections") > 1)
        continue;
    assert_int_equal(status("sleeping"), 0);
    assert_true(status("exchanges") <= 1);
}

static void assert_serves(void)
{
    free(wire_dialogue(port, LAST, "HTTP/1.1 200 OK\r\n"));
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

/* ---- Slow clients ---- */

/* Many clients say this, and then nothing; each hears the answer and the end. */
static void assert_many_are_closed(const char *said, const char *answer)
{
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = wire_open(port, false);
        wire_say(fds[i], said, strlen(said));
    }
    assert_serves(); /* whatever they hold, it is not the server */
    for (int i = 0; i < MANY; i++) {
        char *heard = wire_hear_all(fds[i], NULL);
        assert_memory_equal(heard, answer, strlen(answer));
        assert_true(*answer != '\0' || *heard == '\0');
        free(heard);
        close(fds[i]);
    }
    wait_until_all_are_gone();
    assert_int_equal(status("timed_out"), MANY);
}

static void who_says_nothing_is_closed_in_time(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    setup.patience[TIMEOUT_IDLE] = 100 * MS;
    start(&setup);
    assert_many_are_closed("", "");
}

static void a_head_that_does_not_end_is_closed_in_time(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    setup.patience[TIMEOUT_HEAD] = 100 * MS;
    start(&setup);
    assert_many_are_closed("GET / HTTP/1.1\r\nX-a: b\r\n", "HTTP/1.1 408 ");
}

static void a_body_that_does_not_end_is_closed_in_time(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    setup.patience[TIMEOUT_BODY] = 100 * MS;
    start(&setup);
    assert_many_are_closed("POST /echo HTTP/1.1\r\n" HOST
                           "Content-Length: 9\r\n\r\nhe",
                           "HTTP/1.1 408 ");
}

/* More than any socket holds. */
static void make_large_file(char *root, char *path)
{
    assert_non_null(mkdtemp(root));
    sprintf(path, "%s/large", root);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 64 << 20), 0);
    close(fd);
}

static void an_answer_that_is_not_taken_is_given_up_in_time(void **state)
{
    enum { READERS = 20 };
    struct server_setup setup = server_setup();
    char root[] = "/tmp/tcp-http-XXXXXX", path[64];
    int fds[READERS];
    (void)state;
    make_large_file(root, path);
    setup.root = root;
    setup.patience[TIMEOUT_WRITE] = 100 * MS;
    start(&setup);
    for (int i = 0; i < READERS; i++) {
        fds[i] = wire_open(port, true);
        SAY(fds[i], "GET /large HTTP/1.1\r\n" HOST "\r\n");
    }
    free(wire_dialogue(port, "GET /json HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "));
    wait_until_all_are_gone();
    assert_int_equal(status("timed_out"), READERS);
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
    unlink(path);
    rmdir(root);
}

static void a_closed_connection_does_not_linger_for_ever(void **state)
{
    struct server_setup setup = server_setup();
    int fds[MANY];
    (void)state;
    setup.patience[TIMEOUT_LINGER] = 100 * MS;
    start(&setup);
    for (int i = 0; i < MANY; i++) {
        fds[i] = wire_open(port, false);
        SAY(fds[i], LAST);
        free(wire_hear_all(fds[i], NULL));
    }
    wait_until_all_are_gone(); /* though our ends are open */
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

/* ---- Clients that break off ---- */

static const char *const half_said[] = {
    "",
    "GET / HT",
    GET,
    GET "GET / HT",
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nhe",
    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n9\r\nhe",
    "POST /echo HTTP/1.1\r\n" HOST
    "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    "GET /sleep?ms=60000 HTTP/1.1\r\n" HOST "\r\n",
    GET "GET /sleep?ms=60000 HTTP/1.1\r\n" HOST "\r\n" GET,
    "G@RBAGE\r\n\r\n",
    LAST,
};
enum { HALVES = sizeof half_said / sizeof half_said[0] };

static void a_reset_in_any_state_leaves_nothing_behind(void **state)
{
    const struct server_setup setup = server_setup();
    (void)state;
    start(&setup);
    for (int round = 0; round < 20 * HALVES; round++) {
        const char *text = half_said[round % HALVES];
        int fd = wire_open(port, false);
        wire_say(fd, text, strlen(text));
        if (round / HALVES % 2 == 0) /* others while it is being read */
            assert_serves();
        reset(fd);
    }
    wait_until_all_are_gone();
}

static void a_fin_with_any_request_is_served_to_the_end(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    start(&setup);
    for (int i = 0; i < HALVES; i++) {
        if (strstr(half_said[i], "60000") != NULL)
            continue;
        int fd = wire_open(port, false);
        wire_say(fd, half_said[i], strlen(half_said[i]));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        free(wire_hear_all(fd, NULL));
        close(fd);
    }
    int fd = wire_open(port, false);
    SAY(fd, "GET /sleep?ms=20 HTTP/1.1\r\n" HOST "\r\n" GET);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    char *heard = wire_hear_all(fd, NULL);
    assert_int_equal(wire_count(heard, "HTTP/1.1 200 OK\r\n"), 2);
    free(heard);
    close(fd);
    wait_until_all_are_gone();
}

/* sendfile(2) would raise SIGPIPE, and end the process. */
static void who_leaves_amid_a_file_is_survived(void **state)
{
    struct server_setup setup = server_setup();
    char root[] = "/tmp/tcp-http-XXXXXX", path[64];
    (void)state;
    make_large_file(root, path);
    setup.root = root;
    start(&setup);
    for (int round = 0; round < 20; round++) {
        char some[1000];
        int fd = wire_open(port, round % 2 == 0);
        SAY(fd, "GET /large HTTP/1.1\r\n" HOST "\r\n");
        assert_true(recv(fd, some, sizeof some, 0) > 0);
        if (round % 4 < 2)
            reset(fd);
        else
            close(fd);
    }
    wait_until_all_are_gone();
    unlink(path);
    rmdir(root);
}

/* ---- Crowds ---- */

static void as_many_as_may_be_and_the_others_after_them(void **state)
{
    struct server_setup setup = server_setup();
    int fds[MANY];
    (void)state;
    setup.clients_max = 3;
    start(&setup);
    for (int i = 0; i < MANY; i++) {
        fds[i] = wire_open(port, false);
        SAY(fds[i], GET);
    }
    for (int i = 0; i < MANY; i++) { /* one goes, the next is taken */
        char byte;
        wire_hear_hello(fds[i]);
        if (i + 3 < MANY) {
            assert_int_equal(recv(fds[i + 3], &byte, 1, MSG_DONTWAIT), -1);
            assert_int_equal(errno, EAGAIN);
        }
        close(fds[i]);
    }
    uint64_t wakes;
    assert_int_equal(background_stop(background, &wakes), 0);
    background = NULL;
    assert_in_range(wakes, 1, 6 * MANY);
}

static void several_threads_share_the_clients(void **state)
{
    const struct server_setup setup = server_setup();
    int fds[MANY];
    (void)state;
    start_threads(&setup, 3);
    for (int i = 0; i < MANY; i++)
        fds[i] = wire_open(port, false);
    for (int i = 0; i < MANY; i++)
        SAY(fds[i], GET);
    for (int i = 0; i < MANY; i++)
        wire_hear_hello(fds[i]);
    assert_int_equal(status("threads"), 3);
    long connections; /* who asked last may not have gone yet */
    while ((connections = status("connections")) > MANY + 1)
        continue;
    assert_int_equal(connections, MANY + 1);
    assert_true(status("requests") >= MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    wait_until_all_are_gone();
}

static void a_hundred_thousand_requests_on_one_connection(void **state)
{
    enum { ROUNDS = 2000, DEEP = 50 };
    const struct server_setup setup = server_setup();
    char text[DEEP * sizeof GET] = "", *at = text, answers[16384] = "";
    size_t one = 0;
    (void)state;
    start(&setup);
    for (int i = 0; i < DEEP; i++)
        at = stpcpy(at, GET);
    int fd = wire_open(port, false);
    SAY(fd, GET);
    while (one < 6 || memcmp(answers + one - 6, "hello\n", 6) != 0)
        assert_int_equal(recv(fd, answers + one++, 1, 0), 1);
    for (int i = 0; i < ROUNDS; i++) {
        wire_say(fd, text, (size_t)(at - text));
        assert_int_equal(recv(fd, answers, DEEP * one, MSG_WAITALL),
                         DEEP * one);
    }
    close(fd);
    wait_until_all_are_gone();
    assert_in_range(status("requests"), ROUNDS * DEEP, INT32_MAX);
}

static void an_address_may_have_colons(void **state)
{
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int listener, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 address = loopback;
    (void)state;
    port = 0;
    int rc = listener_open_at(&listener, "::1", &port, false);
    if (rc < 0 || fd < 0) { /* a machine without IPv6 */
        close(fd);
        skip();
    }
    assert_int_equal(background_start(&background, listener), 0);
    address.sin6_port = htons(port);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    SAY(fd, GET);
    wire_hear_hello(fd);
    close(fd);
    assert_int_equal(listener_open_at(&listener, "localhost", &port, false),
                     -EINVAL);
    assert_int_equal(listener_open_at(&listener, "127.0.0.1:80", &port, false),
                     -EINVAL);
}

/* ---- Stopping ---- */

static void a_sleeper_is_let_sleep_out_and_then_all_is_over(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    setup.patience[TIMEOUT_LINGER] = 100 * MS;
    start(&setup);
    int fd = wire_open(port, false);
    SAY(fd, "GET /sleep?ms=200 HTTP/1.1\r\n" HOST "\r\n" GET);
    while (status("sleeping") == 0)
        continue;
    assert_int_equal(background_stop(background, NULL), 0);
    background = NULL;
    char *heard = wire_hear_all(fd, NULL);
    assert_int_equal(wire_count(heard, "HTTP/1.1 200 OK\r\n"), 1);
    assert_int_equal(wire_count(heard, "\r\nConnection: close\r\n"), 1);
    free(heard);
    close(fd);
}

static void a_stop_has_an_end(void **state)
{
    struct server_setup setup = server_setup();
    (void)state;
    setup.drain = 50 * MS;
    start(&setup);
    int half = wire_open(port, false); /* the rest of this never comes */
    int fd = wire_open(port, false);
    SAY(half, GET "GET / HT");
    wire_hear_hello(half);
    SAY(fd, "GET /sleep?ms=60000 HTTP/1.1\r\n" HOST "\r\n");
    while (status("sleeping") == 0)
        continue;
    assert_int_equal(background_stop(background, NULL), 0);
    background = NULL;
    close(fd);
    close(half);
}

/* ---- A poor machine: the linker's --wrap puts these in front. Only the
 * server's thread meets the faults. ---- */

static _Thread_local bool is_client;

/* Of the calls to one function each nth fails with this error. Relaxed, all of
 * them: the test sets them while no server runs. */
static struct fault {
    _Atomic int nth, error;
    _Atomic int calls;
} on_accept, on_epoll_ctl, on_recv, on_send, on_memory, on_wait;

static bool fails(struct fault *fault)
{
    int nth = atomic_load_explicit(&fault->nth, memory_order_relaxed);
    if (is_client || nth == 0)
        return false;
    int calls =
        atomic_fetch_add_explicit(&fault->calls, 1, memory_order_relaxed);
    if (calls % nth != nth - 1)
        return false;
    errno = atomic_load_explicit(&fault->error, memory_order_relaxed);
    return true;
}

static void set(struct fault *fault, int nth, int error)
{
    atomic_store_explicit(&fault->calls, 0, memory_order_relaxed);
    atomic_store_explicit(&fault->error, error, memory_order_relaxed);
    atomic_store_explicit(&fault->nth, nth, memory_order_relaxed);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int how);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int how);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int how)
{
    return fails(&on_accept) ? -1 : __real_accept4(fd, address, size, how);
}

int __real_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event)
{
    return fails(&on_epoll_ctl) ? -1 : __real_epoll_ctl(epoll, how, fd, event);
}

int __real_epoll_wait(int epoll, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    return fails(&on_wait) ? -1 : __real_epoll_wait(epoll, events, most, ms);
}

ssize_t __real_recv(int fd, void *at, size_t size, int how);
ssize_t __wrap_recv(int fd, void *at, size_t size, int how);
ssize_t __wrap_recv(int fd, void *at, size_t size, int how)
{
    return fails(&on_recv) ? -1 : __real_recv(fd, at, size, how);
}

/* A short write is a fault without an error. */
ssize_t __real_send(int fd, const void *at, size_t size, int how);
ssize_t __wrap_send(int fd, const void *at, size_t size, int how);
ssize_t __wrap_send(int fd, const void *at, size_t size, int how)
{
    if (!fails(&on_send))
        return __real_send(fd, at, size, how);
    return errno == 0 ? __real_send(fd, at, (size + 1) / 2, how) : -1;
}

void *__real_mmap(void *at, size_t size, int may, int how, int fd, off_t from);
void *__wrap_mmap(void *at, size_t size, int may, int how, int fd, off_t from);
void *__wrap_mmap(void *at, size_t size, int may, int how, int fd, off_t from)
{
    return fails(&on_memory) ? MAP_FAILED
                             : __real_mmap(at, size, may, how, fd, from);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return fails(&on_memory) ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size)
{
    return fails(&on_memory) ? NULL : __real_realloc(at, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* A client that takes it as it comes: answers, an end, a reset. */
static bool visit(void)
{
    const char text[] = GET "POST /echo HTTP/1.1\r\n" HOST
                            "Content-Length: 5\r\n\r\nhello" LAST;
    char heard[2048] = "";
    size_t length = 0;
    ssize_t count = 1;
    int fd = wire_open(port, false);
    if (send(fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
        count = 0;
    while (count > 0 && length < sizeof heard - 1) {
        count = recv(fd, heard + length, sizeof heard - 1 - length, 0);
        length += count > 0 ? (size_t)count : 0;
    }
    close(fd);
    return wire_count(heard, "HTTP/1.1 200 OK\r\n") == 3;
}

static void no_fault_does_more_than_end_a_client(void **state)
{
    static const struct {
        struct fault *at;
        int error;
        bool hurts; /* some client */
    } faults[] = {
        {&on_accept, ECONNABORTED, false}, {&on_accept, EINTR, false},
        {&on_accept, EMFILE, false},       {&on_accept, ENOBUFS, false},
        {&on_epoll_ctl, ENOMEM, true},     {&on_epoll_ctl, ENOSPC, true},
        {&on_wait, EINTR, false},          {&on_recv, EINTR, false},
        {&on_recv, EAGAIN, false},         {&on_recv, ECONNRESET, true},
        {&on_recv, ENOMEM, true},          {&on_send, EINTR, false},
        {&on_send, EAGAIN, false},         {&on_send, 0, false},
        {&on_send, EPIPE, true},           {&on_memory, ENOMEM, true},
    };
    struct server_setup setup = server_setup();
    (void)state;
    setup.patience[TIMEOUT_LINGER] = 100 * MS;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        int served = 0, all = 12;
        start(&setup);
        set(faults[i].at, 3, faults[i].error);
        for (int k = 0; k < all; k++)
            served += visit();
        set(faults[i].at, 0, 0);
        if (served != all && !faults[i].hurts)
            print_error("fault %zu: %d of %d served\n", i, served, all);
        assert_true(faults[i].hurts || served == all);
        assert_true(served > 0 || faults[i].hurts);
        assert_true(visit());
        wait_until_all_are_gone();
        assert_int_equal(background_stop(background, NULL), 0);
        background = NULL;
    }
}

int main(void)
{
#define ABUSE(test) cmocka_unit_test_setup_teardown(test, before, after)
    const struct CMUnitTest tests[] = {
        ABUSE(who_says_nothing_is_closed_in_time),
        ABUSE(a_head_that_does_not_end_is_closed_in_time),
        ABUSE(a_body_that_does_not_end_is_closed_in_time),
        ABUSE(an_answer_that_is_not_taken_is_given_up_in_time),
        ABUSE(a_closed_connection_does_not_linger_for_ever),
        ABUSE(a_reset_in_any_state_leaves_nothing_behind),
        ABUSE(a_fin_with_any_request_is_served_to_the_end),
        ABUSE(who_leaves_amid_a_file_is_survived),
        ABUSE(as_many_as_may_be_and_the_others_after_them),
        ABUSE(several_threads_share_the_clients),
        ABUSE(a_hundred_thousand_requests_on_one_connection),
        ABUSE(an_address_may_have_colons),
        ABUSE(a_sleeper_is_let_sleep_out_and_then_all_is_over),
        ABUSE(a_stop_has_an_end),
        ABUSE(no_fault_does_more_than_end_a_client),
    };
    is_client = true; /* this thread; the servers' are others */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
