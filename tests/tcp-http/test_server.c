/* SPDX-License-Identifier: MIT
 *
 * test_server.c - what server.h promises, with real sockets: a server in a thread
 * (background.h, so that is tested too), clients here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "background.h"
#include "listener.h"
#include "server.h"
#include "wire.h"

struct fixture {
    struct background *background; /* NULL once stopped */
    uint16_t port;
    int descriptors; /* open before the test */
};

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

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int listener;
    if (f == NULL)
        return -1;
    f->descriptors = open_descriptors();
    *state = f;
    return listener_open(&listener, &f->port) < 0 ||
                   background_start(&f->background, listener) < 0
               ? -1
               : 0;
}

/* Fails if the server did not end well, or left a descriptor open. */
static int stop(void **state)
{
    struct fixture *f = *state;
    int rc = f->background == NULL ? 0 : background_stop(f->background, NULL);
    int left = open_descriptors() - f->descriptors;
    free(f);
    return rc == 0 && left == 0 ? 0 : -1;
}

/* The proof that the server is there and well. */
static void assert_serves(uint16_t port)
{
    free(wire_dialogue(port, LAST, "HTTP/1.1 200 OK\r\n"));
}

/* ---- Answers ---- */

static void hello_is_said_and_the_connection_kept(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, false);
    for (int i = 0; i < 3; i++) {
        SAY(fd, GET);
        wire_hear_hello(fd);
    }
    close(fd);
}

static void a_request_may_come_a_byte_at_a_time(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, false);
    for (int round = 0; round < 3; round++) {
        for (const char *at = GET; *at != '\0'; at++)
            wire_say(fd, at, 1);
        wire_hear_hello(fd);
    }
    close(fd);
}

static void sixteen_pipelined_requests_get_sixteen_answers(void **state)
{
    const struct fixture *f = *state;
    char text[16 * sizeof GET], *at = text;
    for (int i = 0; i < 16; i++)
        at = stpcpy(at, GET);
    int fd = wire_open(f->port, false);
    wire_say(fd, text, strlen(text));
    for (int i = 0; i < 16; i++)
        wire_hear_hello(fd);
    close(fd);
}

static void close_is_honoured_and_said(void **state)
{
    const struct fixture *f = *state;
    char *heard = wire_dialogue(f->port, LAST GET, "HTTP/1.1 200 OK\r\n");
    assert_int_equal(wire_count(heard, "HTTP/1.1 "), 1);
    assert_int_equal(wire_count(heard, "\r\nConnection: close\r\n"), 1);
    free(heard);
}

static void head_gets_no_body_and_other_methods_a_405(void **state)
{
    const struct fixture *f = *state;
    char *heard = wire_dialogue(
        f->port, "HEAD / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\n");
    assert_int_equal(wire_count(heard, "Content-Length: 6\r\n"), 1);
    assert_int_equal(wire_count(heard, "hello"), 0);
    free(heard);
    heard = wire_dialogue(
        f->port, "DELETE / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
        "HTTP/1.1 405 ");
    assert_int_equal(wire_count(heard, "\r\nAllow: GET, HEAD\r\n"), 1);
    free(heard);
}

static void garbage_gets_a_400_and_the_end(void **state)
{
    const struct fixture *f = *state;
    free(wire_dialogue(f->port, "G@RBAGE\r\n\r\n" GET, "HTTP/1.1 400 "));
    free(wire_dialogue(f->port, "GET / HTTP/1.1\r\n\r\n" GET, "HTTP/1.1 400 "));
}

/* ---- Short writes: a client that does not read for long ---- */

enum { MANY = 20000 };

static void a_slow_reader_gets_every_answer_in_order_fin_or_not(void **state)
{
    const struct fixture *f = *state;
    const char *const each[] = {GET, "HEAD / HTTP/1.1\r\n" HOST "\r\n",
                                "GET /x HTTP/1.1\r\n" HOST "\r\n"};
    int fd = wire_open(f->port, true);
    char *text = malloc((size_t)MANY * 64), *at = text;
    assert_non_null(text);
    for (int i = 0; i < MANY; i++)
        at = stpcpy(at, each[i % 3]);

    /* Says what it can without waiting; listens a little only when it must. */
    size_t heard = 0, room = (size_t)MANY * 256;
    char *answers = malloc(room);
    assert_non_null(answers);
    for (const char *next = text; next < at;) {
        ssize_t sent =
            send(fd, next, (size_t)(at - next), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            next += sent;
            continue;
        }
        assert_int_equal(errno, EAGAIN);
        ssize_t count = recv(fd, answers + heard, 512, 0);
        assert_true(count > 0);
        heard += (size_t)count;
    }
    /* It has said all, and says so; most answers are still to come. */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    for (ssize_t count = 1; count > 0; heard += (size_t)count) {
        count = recv(fd, answers + heard, room - heard - 1, 0);
        assert_true(count >= 0);
    }
    answers[heard] = '\0';
    close(fd);
    free(text);

    const char *answer = answers;
    for (int i = 0; i < MANY; i++) {
        assert_memory_equal(answer + 9, i % 3 == 2 ? "404" : "200", 3);
        answer = strstr(answer, "\r\n\r\n");
        assert_non_null(answer);
        answer += 4;
        static const char *const bodies[] = {"hello\n", "", "404 Not Found\n"};
        assert_memory_equal(answer, bodies[i % 3], strlen(bodies[i % 3]));
        answer += strlen(bodies[i % 3]);
    }
    assert_string_equal(answer, "");
    free(answers);
}

static void a_second_request_after_a_full_buffer_is_answered(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, true);
    for (int i = 0; i < 2000; i++)
        SAY(fd, GET);
    for (int i = 0; i < 2000; i++)
        wire_hear_hello(fd);
    SAY(fd, GET);
    wire_hear_hello(fd);
    close(fd);
}

/* ---- Ends of all kinds ---- */

static void a_request_with_a_fin_is_answered(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, false);
    SAY(fd, GET GET);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    char *heard = wire_hear_all(fd, NULL);
    assert_int_equal(wire_count(heard, "\r\n\r\nhello\n"), 2);
    free(heard);
    close(fd);
}

static void half_a_request_with_a_fin_is_dropped(void **state)
{
    const struct fixture *f = *state;
    int fd = wire_open(f->port, false);
    SAY(fd, "GET / HT");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    size_t length;
    free(wire_hear_all(fd, &length));
    assert_int_equal(length, 0);
    close(fd);
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

static void a_reset_ends_one_client_only(void **state)
{
    const struct fixture *f = *state;
    static const char *const until[] = {"",
                                        "GET / HT",
                                        GET,
                                        GET "GET / HT",
                                        "POST / HTTP/1.1\r\n" HOST
                                        "Content-Length: 9\r\n\r\nhe",
                                        LAST};
    int other = wire_open(f->port, false);
    for (int round = 0; round < 60; round++) {
        const char *text = until[round % 6];
        int fd = wire_open(f->port, false);
        wire_say(fd, text, strlen(text));
        reset(fd);
        SAY(other, GET);
        wire_hear_hello(other);
    }
    close(other);
}

static void a_client_that_leaves_amid_the_answers_is_survived(void **state)
{
    const struct fixture *f = *state;
    for (int round = 0; round < 10; round++) {
        int fd = wire_open(f->port, true);
        for (int i = 0; i < 500; i++)
            SAY(fd, GET);
        reset(fd); /* answers are under way: send() fails, without a SIGPIPE */
    }
    assert_serves(f->port);
}

/* ---- Refusals reach the client ---- */

static void a_head_that_is_too_long_gets_a_414_or_a_431(void **state)
{
    static const char field[] = "GET / HTTP/1.1\r\nA: ";
    const struct fixture *f = *state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    memset(text, 'a', SIZE);
    memcpy(text, "GET /", 5);
    text[SIZE] = '\0';
    free(wire_dialogue(f->port, text, "HTTP/1.1 414 "));
    memcpy(text, field, sizeof field - 1);
    free(wire_dialogue(f->port, text, "HTTP/1.1 431 "));
    free(text);
}

static void an_early_refusal_reaches_a_client_still_sending(void **state)
{
    const struct fixture *f = *state;
    enum { SIZE = 2 << 20 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    int head =
        snprintf(text, SIZE,
                 "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", SIZE);
    text[head] = 'x';
    free(wire_dialogue(f->port, text, "HTTP/1.1 413 "));
    free(text);
}

static void a_client_that_never_stops_sending_is_cut(void **state)
{
    const struct fixture *f = *state;
    char waste[65536] = "";
    int fd = wire_open(f->port, false);
    SAY(fd, "G@RBAGE\r\n\r\n");
    ssize_t sent = 0;
    for (long all = 0; sent >= 0; all += sent) {
        assert_true(all < 1L << 30);
        sent = send(fd, waste, sizeof waste, MSG_NOSIGNAL);
    }
    assert_true(errno == EPIPE || errno == ECONNRESET);
    close(fd);
}

/* ---- Many ---- */

static void two_hundred_clients_are_served_side_by_side(void **state)
{
    const struct fixture *f = *state;
    int fds[200];
    for (int i = 0; i < 200; i++)
        fds[i] = wire_open(f->port, false);
    for (int i = 199; i >= 0; i--)
        SAY(fds[i], GET);
    for (int i = 0; i < 200; i++)
        wire_hear_hello(fds[i]);
    for (int i = 0; i < 200; i++)
        close(fds[i]);
}

static void an_idle_server_sleeps(void **state)
{
    struct fixture *f = *state;
    uint64_t wakes;
    int idle = wire_open(f->port, false); /* silent, but not alone */
    int fd = wire_open(f->port, false);
    enum { ROUNDS = 100 };
    for (int i = 0; i < ROUNDS; i++) {
        SAY(fd, GET);
        wire_hear_hello(fd);
    }
    shutdown(fd, SHUT_WR);
    free(wire_hear_all(fd, NULL));
    close(fd);
    int rc = background_stop(f->background, &wakes);
    f->background = NULL;
    close(idle);
    assert_int_equal(rc, 0);
    /* Two to accept, one a request, one for the end, one to stop. */
    assert_true(wakes <= ROUNDS + 5);
}

/* ---- Out of descriptors: a server in a process of its own ---- */

enum { LIMIT = 24, CLIENTS = 200, REQUESTS = 300 };

static int allow_descriptors(rlim_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    limit.rlim_cur = count;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static void run_short_of_descriptors(int listener, int told)
{
    const struct server_setup setup = server_setup();
    struct server *server;
    if (allow_descriptors(LIMIT) < 0 ||
        server_new(&server, listener, &setup) < 0 ||
        server_run(server, told) < 0)
        _exit(1);
    /* A wake for each thing that happened, and some; a spin makes thousands. */
    uint64_t wakes = server_wakes(server);
    server_free(server);
    _exit(wakes <= REQUESTS + 6 * CLIENTS ? 0 : 2);
}

static void out_of_descriptors_it_waits_and_serves_on(void **state)
{
    int listener, status, told[2], fds[CLIENTS];
    uint16_t port = 0;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(told[1]);
        run_short_of_descriptors(listener, told[0]);
    }
    close(listener);
    close(told[0]);
    for (int i = 0; i < CLIENTS; i++) /* the kernel's queue takes them all */
        fds[i] = wire_open(port, false);
    for (int i = 0; i < REQUESTS; i++) { /* the first has a descriptor */
        SAY(fds[0], GET);
        wire_hear_hello(fds[0]);
    }
    for (int i = 0; i < CLIENTS; i++) { /* one goes, the next is taken */
        SAY(fds[i], LAST);
        free(wire_hear_all(fds[i], NULL));
        close(fds[i]);
    }
    close(told[1]); /* the end of a pipe is readable too */
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Not one descriptor to spare, nobody who could give one back, somebody at the
 * door: all that is left is to look again now and then. */
static void with_no_descriptor_at_all_it_does_not_spin_either(void **state)
{
    const struct itimerspec soon = {.it_value.tv_nsec = 350000000};
    int listener, status;
    uint16_t port = 0;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct server_setup setup = server_setup();
        struct server *server;
        int told = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        if (told < 0 || server_new(&server, listener, &setup) < 0 ||
            allow_descriptors(0) < 0 ||
            timerfd_settime(told, 0, &soon, NULL) < 0 ||
            server_run(server, told) < 0)
            _exit(1);
        uint64_t wakes = server_wakes(server);
        server_free(server);
        _exit(wakes < 20 ? 0 : 2); /* one to fail, three to look, one to stop */
    }
    int fd = wire_open(port, false);
    assert_true(waitpid(child, &status, 0) == child);
    close(fd);
    close(listener);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Stopping ---- */

static void stopping_finishes_what_is_under_way(void **state)
{
    enum { ASKING = 100 }; /* more than are accepted at once */
    struct server *server;
    int listener, told = eventfd(1, EFD_CLOEXEC); /* told before it begins */
    int asking[ASKING];
    uint16_t port = 0;
    size_t length;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    const struct server_setup setup = server_setup();
    assert_int_equal(server_new(&server, listener, &setup), 0);
    /* All have said what they will, and nobody has looked at it yet. */
    for (int i = 0; i < ASKING; i++) {
        asking[i] = wire_open(port, false);
        SAY(asking[i], GET);
        shutdown(asking[i], SHUT_WR);
    }
    int idle = wire_open(port, false);
    assert_int_equal(server_run(server, told), 0);
    for (int i = 0; i < ASKING; i++) {
        char *heard = wire_hear_all(asking[i], NULL);
        assert_int_equal(wire_count(heard, "\r\n\r\nhello\n"), 1);
        free(heard);
        close(asking[i]);
    }
    free(wire_hear_all(idle, &length));
    assert_int_equal(length, 0);
    close(idle);
    server_free(server);
    close(told);
}

static void *stop_in_background(void *arg)
{
    struct fixture *f = arg;
    return background_stop(f->background, NULL) == 0 ? NULL : arg;
}

static void stopping_waits_for_the_rest_of_a_request(void **state)
{
    struct fixture *f = *state;
    pthread_t stopper;
    void *failed = f;
    int fd = wire_open(f->port, false);
    SAY(fd, GET "GET / HT"); /* one piece: with the answer, all of it is read */
    wire_hear_hello(fd);
    assert_int_equal(pthread_create(&stopper, NULL, stop_in_background, f), 0);
    /* Wait until it has begun to stop: nobody listens any more. */
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(f->port),
                                        .sin_addr.s_addr =
                                            htonl(INADDR_LOOPBACK)};
    for (bool refused = false; !refused;) {
        int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(probe >= 0);
        refused = connect(probe, (const struct sockaddr *)&address,
                          sizeof address) < 0 &&
                  errno == ECONNREFUSED;
        /* With a reset, or thousands of probes would use up the ports. */
        const struct linger reset = {.l_onoff = 1};
        setsockopt(probe, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(probe);
    }
    SAY(fd, "TP/1.1\r\n" HOST "\r\n");
    char *heard = wire_hear_all(fd, NULL);
    close(fd);
    pthread_join(stopper, &failed);
    f->background = NULL;
    assert_null(failed);
    assert_memory_equal(heard, "HTTP/1.1 200 ", 13);
    assert_int_equal(wire_count(heard, "\r\nConnection: close\r\n"), 1);
    free(heard);
}

/* ---- The listener ---- */

static void a_port_in_use_is_said_to_be(void **state)
{
    const struct fixture *f = *state;
    uint16_t port = f->port;
    int fd = -1;
    assert_int_equal(listener_open(&fd, &port), -EADDRINUSE);
    assert_int_equal(fd, -1);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        /* First: they fork, and no other thread has been by then. */
        cmocka_unit_test(out_of_descriptors_it_waits_and_serves_on),
        cmocka_unit_test(with_no_descriptor_at_all_it_does_not_spin_either),
        WITH_SERVER(hello_is_said_and_the_connection_kept),
        WITH_SERVER(a_request_may_come_a_byte_at_a_time),
        WITH_SERVER(sixteen_pipelined_requests_get_sixteen_answers),
        WITH_SERVER(close_is_honoured_and_said),
        WITH_SERVER(head_gets_no_body_and_other_methods_a_405),
        WITH_SERVER(garbage_gets_a_400_and_the_end),
        WITH_SERVER(a_slow_reader_gets_every_answer_in_order_fin_or_not),
        WITH_SERVER(a_second_request_after_a_full_buffer_is_answered),
        WITH_SERVER(a_request_with_a_fin_is_answered),
        WITH_SERVER(half_a_request_with_a_fin_is_dropped),
        WITH_SERVER(a_reset_ends_one_client_only),
        WITH_SERVER(a_client_that_leaves_amid_the_answers_is_survived),
        WITH_SERVER(a_head_that_is_too_long_gets_a_414_or_a_431),
        WITH_SERVER(an_early_refusal_reaches_a_client_still_sending),
        WITH_SERVER(a_client_that_never_stops_sending_is_cut),
        WITH_SERVER(two_hundred_clients_are_served_side_by_side),
        WITH_SERVER(an_idle_server_sleeps),
        cmocka_unit_test(stopping_finishes_what_is_under_way),
        WITH_SERVER(stopping_waits_for_the_rest_of_a_request),
        WITH_SERVER(a_port_in_use_is_said_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
