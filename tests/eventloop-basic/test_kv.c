/* SPDX-License-Identifier: MIT
 *
 * test_kv.c - what kv.h and proxy.h promise, over real sockets. The servers'
 * loop runs on a thread of its own; uv_loop_close() must give 0 in the end.
 *
 * The proxy's other side is the kv, or a plain socket that the test listens on.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "kv.h"
#include "proxy.h"
#include "util.h"

struct host {
    uv_loop_t loop;
    uv_async_t stop;
    struct store *store;
    struct kv *kv;
    struct proxy *to_kv, *to_test;
    int listener; /* where to_test connects */
    pthread_t thread;
};

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void end_all(uv_async_t *stop)
{
    struct host *host = stop->data;
    kv_close(host->kv);
    proxy_close(host->to_kv);
    proxy_close(host->to_test);
    uv_close((uv_handle_t *)stop, NULL);
}

static void *run_loop(void *argument)
{
    uv_run(&((struct host *)argument)->loop, UV_RUN_DEFAULT);
    return NULL;
}

static int open_listener(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *address = address_of(0);
    must(bind(fd, (struct sockaddr *)address, size));
    must(listen(fd, 16));
    must(getsockname(fd, (struct sockaddr *)address, &size));
    return fd;
}

static int start(void **state)
{
    struct host *host = calloc(1, sizeof *host);
    const struct listening where = {.port = 0};
    struct sockaddr_in address;
    *state = host;
    must(uv_loop_init(&host->loop));
    must(uv_async_init(&host->loop, &host->stop, end_all));
    host->stop.data = host;
    must(store_new(&host->store, 1 << 20));
    must(kv_listen(&host->kv, &host->loop, &where, host->store, NULL));
    address = address_of(server_port(kv_server(host->kv)));
    must(proxy_listen(&host->to_kv, &host->loop, &where, &address));
    host->listener = open_listener(&address);
    must(proxy_listen(&host->to_test, &host->loop, &where, &address));
    return pthread_create(&host->thread, NULL, run_loop, host);
}

static int stop(void **state)
{
    struct host *host = *state;
    must(uv_async_send(&host->stop));
    must(pthread_join(host->thread, NULL));
    int rc = uv_loop_close(&host->loop);
    store_free(host->store);
    close(host->listener);
    free(host);
    return rc;
}

/* ---- A client ---- */

static int connect_to(const struct server *server, int receive_buffer)
{
    struct sockaddr_in address = address_of(server_port(server));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
        must(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                        sizeof receive_buffer));
    must(connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void expect(int fd, const char *want)
{
    char got[256];
    size_t length = strlen(want);
    assert_int_equal(recv(fd, got, length, MSG_WAITALL), length);
    assert_memory_equal(got, want, length);
}

static void expect_end(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

/* ---- kv ---- */

static void clients_share_one_store(void **state)
{
    struct host *host = *state;
    int one = connect_to(kv_server(host->kv), 0);
    int two = connect_to(kv_server(host->kv), 0);
    say(one, "SET a 1\r\nSET b 2\nGET");
    expect(one, "ok\nok\n");
    say(two, "GET a\nDEL b\n");
    expect(two, "= 1\nok\n");
    say(one, " b\n");
    expect(one, "none\n");
    must(close(one) + close(two));
}

enum { ASKED = 20000, VALUE = 4000 };

static void *ask_for_ever(void *argument)
{
    for (int i = 0; i < ASKED; i++)
        if (send(*(int *)argument, "GET a\n", 6, MSG_NOSIGNAL) != 6)
            break;
    shutdown(*(int *)argument, SHUT_WR);
    return NULL;
}

/* It asks for 80 MB before it reads a byte; it gets them, and all that waits is
 * one answer, and what was read of its questions. */
static void who_asks_and_does_not_read_costs_one_answer(void **state)
{
    struct host *host = *state;
    static char line[VALUE + 16];
    int fd = connect_to(kv_server(host->kv), 4096);
    pthread_t thread;
    memset(line, 'v', sizeof line);
    memcpy(line, "SET a ", 6);
    line[6 + VALUE] = '\n';
    line[6 + VALUE + 1] = '\0';
    say(fd, line);
    expect(fd, "ok\n");
    size_t before = mallinfo2().uordblks;
    must(pthread_create(&thread, NULL, ask_for_ever, &fd));
    size_t most = 0, got = 0;
    static char answer[VALUE + 3];
    for (int i = 0; i < ASKED; i++) {
        size_t now = mallinfo2().uordblks;
        most = now > most ? now : most;
        got += recv(fd, answer, sizeof answer, MSG_WAITALL) ==
                   (ssize_t)sizeof answer &&
               memcmp(answer, "= v", 3) == 0 && answer[VALUE + 2] == '\n';
    }
    must(pthread_join(thread, NULL));
    expect_end(fd);
    must(close(fd));
    assert_int_equal(got, ASKED);
    assert_true(most < before + (256 << 10));
}

/* One asks a lot at once and does not read: the rest of its questions is kept
 * while another's are read into the same buffer. */
static void questions_that_wait_are_not_mixed_with_others(void **state)
{
    enum { ALL = 4000, OTHERS = 15, LONG = 6 + VALUE + 1 };
    static char others[OTHERS * LONG + 1];
    struct host *host = *state;
    static char line[VALUE + 16], questions[ALL * 6 + 1], answer[VALUE + 3];
    int one = connect_to(kv_server(host->kv), 4096);
    int two = connect_to(kv_server(host->kv), 0);
    memset(line, 'v', sizeof line);
    memcpy(line, "SET a ", 6);
    line[6 + VALUE] = '\n';
    line[6 + VALUE + 1] = '\0';
    say(one, line);
    expect(one, "ok\n");
    for (int i = 0; i < ALL; i++)
        memcpy(questions + (size_t)i * 6, "GET a\n", 7);
    say(one, questions);
    line[4] = 'b';
    for (int k = 0; k < OTHERS; k++)
        memcpy(others + (size_t)k * LONG, line, LONG + 1);
    for (int i = 0; i < 20; i++) { /* 60 KB at a time: the whole buffer */
        say(two, others);
        for (int k = 0; k < OTHERS; k++)
            expect(two, "ok\n");
    }
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(recv(one, answer, sizeof answer, MSG_WAITALL),
                         sizeof answer);
        assert_memory_equal(answer, "= v", 3);
        assert_int_equal(answer[VALUE + 2], '\n');
    }
    must(close(one) + close(two));
}

/* ---- Proxy ---- */

static void what_is_asked_through_a_proxy_is_answered(void **state)
{
    struct host *host = *state;
    int fd = connect_to(proxy_server(host->to_kv), 0);
    for (int i = 0; i < 1000; i++) {
        say(fd, "SET a 1\nGET a\n");
        expect(fd, "ok\n= 1\n");
    }
    must(shutdown(fd, SHUT_WR)); /* passed on; the kv ends; passed back */
    expect_end(fd);
    must(close(fd));
}

static void each_direction_ends_alone(void **state)
{
    struct host *host = *state;
    int fd = connect_to(proxy_server(host->to_test), 0);
    say(fd, "early"); /* nobody is there yet to take it */
    int up = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
    expect(up, "early");
    must(shutdown(fd, SHUT_WR));
    expect_end(up);
    say(up, "still open this way");
    expect(fd, "still open this way");
    must(close(up));
    expect_end(fd);
    must(close(fd));
    fd = connect_to(proxy_server(host->to_test), 0);
    up = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
    must(shutdown(up, SHUT_WR)); /* the other way round */
    expect_end(fd);
    say(fd, "and this way");
    expect(up, "and this way");
    must(close(fd));
    expect_end(up);
    must(close(up));
}

/* The client's end may come while its other side is still being connected. */
static void an_end_at_once_is_passed_on(void **state)
{
    struct host *host = *state;
    for (int i = 0; i < 100; i++) {
        int fd = connect_to(proxy_server(host->to_test), 0);
        must(shutdown(fd, SHUT_WR));
        int other = accept(host->listener, NULL, NULL);
        expect_end(other);
        say(other, "bye");
        expect(fd, "bye");
        must(close(other));
        expect_end(fd);
        must(close(fd));
    }
}

static void a_reset_on_one_side_ends_the_other(void **state)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct host *host = *state;
    for (int side = 0; side < 2; side++) {
        int fd = connect_to(proxy_server(host->to_test), 0);
        int up = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
        int dies = side == 0 ? fd : up, stays = side == 0 ? up : fd;
        char byte;
        say(fd, "x");
        expect(up, "x");
        must(setsockopt(dies, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
        must(close(dies));
        assert_true(recv(stays, &byte, 1, 0) <= 0);
        must(close(stays));
    }
}

static void without_another_side_a_client_is_let_go(void **state)
{
    struct host *host = *state;
    char byte;
    must(close(host->listener));
    host->listener = -1;
    int fd = connect_to(proxy_server(host->to_test), 0);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    must(close(fd));
    fd = connect_to(proxy_server(host->to_kv), 0); /* the server lives */
    say(fd, "GET a\n");
    expect(fd, "none\n");
    must(close(fd));
}

enum { BULK = 16 << 20 };

static void *send_bulk(void *argument)
{
    static char some[64 * 1024];
    for (size_t i = 0; i < sizeof some; i++)
        some[i] = (char)(i % 251);
    for (size_t sent = 0; sent < BULK;) {
        size_t at = sent % sizeof some;
        ssize_t n =
            send(*(int *)argument, some + at, sizeof some - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    shutdown(*(int *)argument, SHUT_WR);
    return NULL;
}

static void a_slow_side_holds_the_other_back_and_gets_all(void **state)
{
    struct host *host = *state;
    int fd = connect_to(proxy_server(host->to_test), 0);
    int up = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
    pthread_t thread;
    size_t got = 0, wrong = 0, before = mallinfo2().uordblks, most = 0;
    must(pthread_create(&thread, NULL, send_bulk, &fd));
    for (;;) {
        char some[10007];
        ssize_t n = recv(up, some, sizeof some, 0);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++, got++)
            wrong += some[i] != (char)(got % (64 << 10) % 251);
        size_t now = mallinfo2().uordblks;
        most = now > most ? now : most;
    }
    must(pthread_join(thread, NULL));
    must(close(up));
    expect_end(fd);
    must(close(fd));
    assert_int_equal(got, BULK);
    assert_int_equal(wrong, 0);
    assert_true(most < before + (512 << 10));
}

#define WITH_HOST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOST(clients_share_one_store),
        WITH_HOST(who_asks_and_does_not_read_costs_one_answer),
        WITH_HOST(questions_that_wait_are_not_mixed_with_others),
        WITH_HOST(what_is_asked_through_a_proxy_is_answered),
        WITH_HOST(each_direction_ends_alone),
        WITH_HOST(an_end_at_once_is_passed_on),
        WITH_HOST(a_reset_on_one_side_ends_the_other),
        WITH_HOST(without_another_side_a_client_is_let_go),
        WITH_HOST(a_slow_side_holds_the_other_back_and_gets_all),
    };
    signal(SIGPIPE, SIG_IGN);
    alarm(240); /* an answer that never comes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
