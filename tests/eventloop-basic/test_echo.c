/* SPDX-License-Identifier: MIT
 *
 * test_echo.c - what echo.h promises.
 *
 * The server's loop runs on a thread of its own; the test is the client, with
 * plain blocking sockets. Each teardown stops the server, closes the loop,
 * which must give 0, and counts this process's descriptors: as many as before.
 *
 * calloc is wrapped (--wrap): at a test's wish the server gets no memory.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "echo.h"
#include "util.h"

struct server_under_test {
    uv_loop_t loop;
    uv_async_t stop;
    struct echo *echo;
    pthread_t thread;
    int port;
    bool by_lines;
    bool running;
    bool ends_while_writing; /* it waits for that moment */
    long open_at_end;        /* clients that were here when it ended */
    int descriptors;         /* open in this process before the test */
    struct rlimit limit;
};

static int count_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL) /* NOLINT(concurrency-mt-unsafe): own dir */
        count++;
    closedir(dir);
    return count;
}

static void *run_loop(void *argument)
{
    struct server_under_test *server = argument;
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void add_queue(uv_handle_t *handle, void *argument)
{
    if (handle->type == UV_TCP)
        *(size_t *)argument +=
            uv_stream_get_write_queue_size((uv_stream_t *)handle);
}

static void stop_serving(uv_async_t *stop)
{
    struct server_under_test *server = stop->data;
    size_t queued = 0;
    uv_walk(stop->loop, add_queue, &queued);
    if (server->ends_while_writing && queued == 0) {
        must(uv_async_send(stop)); /* next time round, then */
        return;
    }
    server->open_at_end = echo_server(server->echo)->all.open;
    echo_close(server->echo);
    uv_close((uv_handle_t *)stop, NULL);
}

/* Listens, but does not run yet. */
static int prepare_server(void **state)
{
    struct server_under_test *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -1;
    *state = server;
    server->descriptors = count_descriptors();
    must(getrlimit(RLIMIT_NOFILE, &server->limit));
    must(uv_loop_init(&server->loop));
    must(uv_async_init(&server->loop, &server->stop, stop_serving));
    server->stop.data = server;
    must(echo_listen(&server->echo, &server->loop,
                     &(struct listening){.port = 0}, server->by_lines));
    server->port = server_port(echo_server(server->echo));
    return 0;
}

static void begin_serving(struct server_under_test *server)
{
    must(pthread_create(&server->thread, NULL, run_loop, server));
    server->running = true;
}

static int start_server(void **state)
{
    if (prepare_server(state) != 0)
        return -1;
    begin_serving(*state);
    return 0;
}

static void end_server(struct server_under_test *server)
{
    if (!server->running)
        return;
    must(uv_async_send(&server->stop));
    must(pthread_join(server->thread, NULL));
    server->running = false;
}

static int stop_server(void **state)
{
    struct server_under_test *server = *state;
    end_server(server);
    must(setrlimit(RLIMIT_NOFILE, &server->limit));
    int rc = uv_loop_close(&server->loop);
    int left = count_descriptors() - server->descriptors;
    free(server);
    return rc == 0 && left == 0 ? 0 : -1;
}

/* ---- A client ---- */

static int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

static void connect_to(int fd, const struct server_under_test *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)server->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
}

static int new_client(const struct server_under_test *server)
{
    int fd = new_socket();
    connect_to(fd, server);
    return fd;
}

static bool send_all(int fd, const unsigned char *bytes, size_t count)
{
    for (size_t sent = 0; sent < count;) {
        ssize_t n = send(fd, bytes + sent, count - sent, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

/* One byte there and back. */
static bool answers(int fd)
{
    unsigned char byte = 'a';
    return send_all(fd, &byte, 1) && recv(fd, &byte, 1, 0) == 1 && byte == 'a';
}

/* Waits until the server has closed its side, and with it its descriptor. */
static void finish(int fd)
{
    char byte;
    must(shutdown(fd, SHUT_WR));
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    must(close(fd));
}

/* Closes so that the server sees a reset. */
static void hang_up(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    must(close(fd));
}

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761U >> 13); /* differs from shifts */
}

/* ---- The tests ---- */

static void what_is_sent_comes_back(void **state)
{
    int fd = new_client(*state);
    for (int i = 0; i < 1000; i++)
        assert_true(answers(fd));
    finish(fd);
}

static void a_client_that_only_comes_and_goes_is_no_trouble(void **state)
{
    for (int i = 0; i < 1000; i++) {
        int fd = new_client(*state);
        if (i % 3 == 0)
            finish(fd);
        else if (i % 3 == 1)
            hang_up(fd);
        else
            must(close(fd));
    }
    int fd = new_client(*state);
    assert_true(answers(fd));
    finish(fd);
}

static void many_clients_are_served_at_once(void **state)
{
    int fd[100];
    for (int i = 0; i < 100; i++)
        fd[i] = new_client(*state);
    for (int i = 99; i >= 0; i--)
        assert_true(answers(fd[i]));
    for (int i = 0; i < 100; i++)
        finish(fd[i]);
}

struct upload {
    int fd;
    size_t count;
    bool sent;
};

static void *send_and_half_close(void *argument)
{
    struct upload *upload = argument;
    unsigned char piece[4096];
    upload->sent = true;
    for (size_t at = 0; at < upload->count && upload->sent;) {
        size_t n = 0;
        for (; n < sizeof piece && at < upload->count; n++, at++)
            piece[n] = byte_at(at);
        upload->sent = send_all(upload->fd, piece, n);
    }
    shutdown(upload->fd, SHUT_WR);
    return NULL;
}

/* Far more than the kernel holds for both directions, to a client with a small
 * buffer that takes a few bytes at a time: the server's writes must queue. */
static void a_big_echo_through_a_slow_reader_arrives_whole(void **state)
{
    struct upload upload = {.fd = new_socket(), .count = 8 << 20};
    pthread_t thread;
    size_t received = 0, wrong = 0;
    must(setsockopt(upload.fd, SOL_SOCKET, SO_RCVBUF, &(int){4096},
                    sizeof(int)));
    connect_to(upload.fd, *state);
    must(pthread_create(&thread, NULL, send_and_half_close, &upload));
    for (;;) {
        unsigned char some[1021];
        ssize_t n = recv(upload.fd, some, sizeof some, 0);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            wrong += some[i] != byte_at(received++);
    }
    must(pthread_join(thread, NULL));
    must(close(upload.fd));
    assert_true(upload.sent);
    assert_int_equal(received, upload.count);
    assert_int_equal(wrong, 0);
}

/* Sends without reading until both kernels' buffers are full. */
static void stuff(int fd)
{
    static const unsigned char zeros[65536];
    while (send(fd, zeros, sizeof zeros, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(errno, EAGAIN);
}

static void a_reset_ends_one_client_only(void **state)
{
    int other = new_client(*state);
    for (int i = 0; i < 20; i++) {
        int fd = new_client(*state);
        stuff(fd);
        hang_up(fd);
        assert_true(answers(other));
    }
    finish(other);
}

/* Its bytes and its end are there before the server looks. The first piece sent
 * back is answered by a reset; writing the second would be death by SIGPIPE. */
static void a_client_that_sends_and_is_gone_ends_alone(void **state)
{
    static const unsigned char pieces[48 * 1024];
    struct server_under_test *server = *state;
    int fd = new_client(server);
    bool sent = send_all(fd, pieces, sizeof pieces);
    must(close(fd));
    begin_serving(server);
    assert_true(sent);
    int other = new_client(server);
    assert_true(answers(other));
    finish(other);
}

static void *send_to_the_end(void *argument)
{
    static const unsigned char zeros[65536];
    while (send_all(*(int *)argument, zeros, sizeof zeros))
        ;
    return NULL;
}

static void the_server_can_end_while_a_write_is_queued(void **state)
{
    struct server_under_test *server = *state;
    pthread_t thread;
    char byte;
    int idle = new_client(server), greedy = new_client(server);
    assert_true(answers(idle));
    must(pthread_create(&thread, NULL, send_to_the_end, &greedy));
    server->ends_while_writing = true; /* the loop has not been asked yet */
    end_server(server);
    must(pthread_join(thread, NULL));
    assert_int_equal(server->open_at_end, 2);
    assert_int_equal(recv(idle, &byte, 1, 0), 0);
    must(close(idle) + close(greedy));
}

static void without_descriptors_clients_are_turned_away(void **state)
{
    enum { CLIENTS = 40, FREE = 10 };
    struct server_under_test *server = *state;
    int fd[CLIENTS], served = 0, last = 0;
    for (int i = 0; i < CLIENTS; i++)
        last = fd[i] = new_socket();
    struct rlimit few = {.rlim_cur = (rlim_t)last + 1 + FREE,
                         .rlim_max = server->limit.rlim_max};
    must(setrlimit(RLIMIT_NOFILE, &few));
    for (int round = 0; round < 2; round++) {
        served = 0;
        for (int i = 0; i < CLIENTS; i++) {
            bool answered;
            connect_to(fd[i], server);
            answered = answers(fd[i]);
            served += answered;
            assert_int_equal(answered, i < FREE);
        }
        for (int i = 0; i < FREE; i++)
            finish(fd[i]); /* what was taken is given back */
        for (int i = FREE; i < CLIENTS; i++)
            must(close(fd[i]));
        for (int i = 0; i < CLIENTS && round == 0; i++)
            fd[i] = new_socket();
        assert_int_equal(served, FREE);
    }
}

static atomic_bool no_memory;

/* The linker's names, not ours. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */
void *__wrap_calloc(size_t count, size_t size)
{
    /* acquire, pairs with the stores of the test below: the server's thread
     * sees all that the test did before. */
    return atomic_load_explicit(&no_memory, memory_order_acquire)
               ? NULL
               : __real_calloc(count, size);
}

static bool is_turned_away(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

/* All five are there before the server looks: more than it turns away at once. */
static void without_memory_clients_are_turned_away(void **state)
{
    enum { CLIENTS = 5 };
    struct server_under_test *server = *state;
    int fd[CLIENTS], turned_away = 0;
    for (int i = 0; i < CLIENTS; i++)
        fd[i] = new_client(server);
    /* release, pairs with __wrap_calloc(), here and below. */
    atomic_store_explicit(&no_memory, true, memory_order_release);
    begin_serving(server);
    for (int i = 0; i < CLIENTS; i++)
        turned_away += is_turned_away(fd[i]);
    atomic_store_explicit(&no_memory, false, memory_order_release);
    for (int i = 0; i < CLIENTS; i++)
        must(close(fd[i]));
    assert_int_equal(turned_away, CLIENTS);
    int next = new_client(server);
    assert_true(answers(next));
    finish(next);
}

/* ---- By lines ---- */

static int start_line_server(void **state)
{
    if (prepare_server(state) != 0)
        return -1;
    struct server_under_test *server = *state;
    echo_close(server->echo);
    server->by_lines = true;
    must(echo_listen(&server->echo, &server->loop,
                     &(struct listening){.port = 0}, true));
    server->port = server_port(echo_server(server->echo));
    begin_serving(server);
    return 0;
}

/* Reads to the end of what the server sends. */
static size_t read_all(int fd, char *text, size_t most)
{
    size_t count = 0;
    for (ssize_t n; (n = recv(fd, text + count, most - count, 0)) > 0;)
        count += (size_t)n;
    return count;
}

static void lines_come_back_whole_and_a_cut_one_does_not(void **state)
{
    char text[64] = "";
    int fd = new_client(*state);
    assert_true(send_all(fd, (const unsigned char *)"one\r\ntwo\n\ncut", 13));
    must(shutdown(fd, SHUT_WR));
    read_all(fd, text, sizeof text - 1);
    must(close(fd));
    assert_string_equal(text, "one\ntwo\n\n");
}

static void a_line_that_is_too_long_is_told_why(void **state)
{
    static const unsigned char megabyte[1 << 20] = {'x'};
    char text[64] = "";
    int fd = new_client(*state);
    assert_true(send_all(fd, (const unsigned char *)"ok\n", 3));
    assert_true(send_all(fd, megabyte, sizeof megabyte));
    must(shutdown(fd, SHUT_WR));
    read_all(fd, text, sizeof text - 1);
    must(close(fd));
    assert_string_equal(text, "ok\n! a line has at most 1024 bytes\n");
}

static void *send_lines_and_half_close(void *argument)
{
    static const unsigned char lines[] = "a\nb\nc\nd\n";
    struct upload *upload = argument;
    upload->sent = true;
    for (size_t at = 0; at < upload->count && upload->sent; at += 8)
        upload->sent = send_all(upload->fd, lines, 8);
    shutdown(upload->fd, SHUT_WR);
    return NULL;
}

static void many_lines_through_a_slow_reader_arrive_in_order(void **state)
{
    struct upload upload = {.fd = new_socket(), .count = 512 << 10};
    pthread_t thread;
    size_t received = 0, wrong = 0;
    must(setsockopt(upload.fd, SOL_SOCKET, SO_RCVBUF, &(int){4096},
                    sizeof(int)));
    connect_to(upload.fd, *state);
    must(pthread_create(&thread, NULL, send_lines_and_half_close, &upload));
    for (;;) {
        char some[4093];
        ssize_t n = recv(upload.fd, some, sizeof some, 0);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            wrong += some[i] != "a\nb\nc\nd\n"[received++ % 8];
    }
    must(pthread_join(thread, NULL));
    must(close(upload.fd));
    assert_true(upload.sent);
    assert_int_equal(received, upload.count);
    assert_int_equal(wrong, 0);
}

/* ---- The listener ---- */

static void a_unix_socket_serves_as_well(void **state)
{
    struct server_under_test *server = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/test_echo.XXXXXX";
    assert_non_null(mkdtemp(directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    echo_close(server->echo);
    struct listening where = {.pipe = address.sun_path};
    must(echo_listen(&server->echo, &server->loop, &where, false));
    begin_serving(server);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connect(fd, (struct sockaddr *)&address, sizeof address));
    bool answered = answers(fd);
    finish(fd);
    end_server(server);
    must(rmdir(directory)); /* nothing is left in it */
    assert_true(answered);
}

static void a_port_in_use_is_an_error_and_leaves_nothing(void **state)
{
    struct server_under_test *server = *state;
    struct echo *second = NULL;
    uv_loop_t loop;
    must(uv_loop_init(&loop));
    struct listening where = {.port = server->port};
    assert_int_equal(echo_listen(&second, &loop, &where, false), -EADDRINUSE);
    where.port += 65536;
    assert_int_equal(echo_listen(&second, &loop, &where, false), -EINVAL);
    assert_null(second);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, start_server, stop_server)

#define WITH_LINE_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, start_line_server, stop_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(what_is_sent_comes_back),
        WITH_SERVER(a_client_that_only_comes_and_goes_is_no_trouble),
        WITH_SERVER(many_clients_are_served_at_once),
        WITH_SERVER(a_big_echo_through_a_slow_reader_arrives_whole),
        WITH_SERVER(a_reset_ends_one_client_only),
        cmocka_unit_test_setup_teardown(
            a_client_that_sends_and_is_gone_ends_alone, prepare_server,
            stop_server),
        WITH_SERVER(the_server_can_end_while_a_write_is_queued),
        WITH_SERVER(without_descriptors_clients_are_turned_away),
        cmocka_unit_test_setup_teardown(without_memory_clients_are_turned_away,
                                        prepare_server, stop_server),
        WITH_LINE_SERVER(lines_come_back_whole_and_a_cut_one_does_not),
        WITH_LINE_SERVER(a_line_that_is_too_long_is_told_why),
        WITH_LINE_SERVER(many_lines_through_a_slow_reader_arrive_in_order),
        cmocka_unit_test_setup_teardown(a_unix_socket_serves_as_well,
                                        prepare_server, stop_server),
        WITH_SERVER(a_port_in_use_is_an_error_and_leaves_nothing),
    };
    uv_loop_t loop; /* with the first one libuv opens a pipe for signals */
    must(uv_loop_init(&loop));
    must(uv_loop_close(&loop));
    signal(SIGPIPE, SIG_IGN); /* echo.h asks for it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
