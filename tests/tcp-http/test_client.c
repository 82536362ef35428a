/* SPDX-License-Identifier: MIT
 *
 * test_client.c - what client.h promises. The server is a thread that says one
 * thing to whoever comes, whatever is asked.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client.h"
#include "listener.h"
#include "wire.h"

static void urls_are_read_and_wrong_ones_refused(void **state)
{
    struct url url;
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "https://127.0.0.1/",
        "http://",
        "http:///",
        "http://a.example/",
        "http://127.0.0/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:8x/",
        "http://127.0.0.1:-1/",
        "http://u@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/%4",
        "http://127.0.0.1/#a",
        "http://127.0.0.1?a",
        "http://111.111.111.1111/",
    };
    (void)state;
    assert_int_equal(url_parse("http://127.0.0.1:8080/a?b", &url), 0);
    assert_int_equal(ntohs(url.address.sin_port), 8080);
    assert_int_equal(ntohl(url.address.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_string_equal(url.path, "/a?b");
    assert_int_equal(url.authority_length, strlen("127.0.0.1:8080"));
    assert_int_equal(url_parse("http://localhost", &url), 0);
    assert_int_equal(ntohs(url.address.sin_port), 80);
    assert_string_equal(url.path, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(url_parse(bad[i], &url), -EINVAL);
}

/* ---- One answer, whatever is asked ---- */

struct speaker {
    int listener;
    const char *says;
    bool waits;      /* for the client to close, before it closes */
    char heard[512]; /* what was asked */
    int failures;
};

static void *speak(void *arg)
{
    struct speaker *s = arg;
    size_t length = 0;
    int fd;
    while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) < 0 &&
           errno == EAGAIN)
        sched_yield();
    while (strstr(s->heard, "\r\n\r\n") == NULL) {
        ssize_t count =
            recv(fd, s->heard + length, sizeof s->heard - length - 1, 0);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    s->failures +=
        send(fd, s->says, strlen(s->says), MSG_NOSIGNAL) < 0 && *s->says != 0;
    char byte;
    if (s->waits)
        s->failures += recv(fd, &byte, 1, 0) != 0;
    close(fd);
    return NULL;
}

/* Asks a server that says so; gives what client_get() gives. */
static int get(struct answer *answer, const char *says, bool waits)
{
    struct speaker speaker = {.says = says, .waits = waits};
    uint16_t port = 0;
    char text[64];
    struct url url;
    pthread_t thread;
    assert_int_equal(listener_open(&speaker.listener, &port), 0);
    snprintf(text, sizeof text, "http://localhost:%d", port);
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(pthread_create(&thread, NULL, speak, &speaker), 0);
    int rc = client_get(&url, answer);
    pthread_join(thread, NULL);
    close(speaker.listener);
    assert_int_equal(speaker.failures, 0);
    char asked[128];
    snprintf(asked, sizeof asked,
             "GET / HTTP/1.1\r\nHost: localhost:%d\r\n"
             "Connection: close\r\n\r\n",
             port);
    assert_string_equal(speaker.heard, asked);
    return rc;
}

static void an_answer_ends_where_its_length_says(void **state)
{
    struct answer answer;
    (void)state;
    assert_int_equal(get(&answer,
                         "HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\n"
                         "abcdef",
                         true),
                     0);
    assert_int_equal(answer.status, 404);
    assert_int_equal(answer.length - answer.head, 3);
    assert_memory_equal(answer.bytes + answer.head, "abc", 3);
    answer_free(&answer);
}

static void without_a_length_it_ends_with_the_connection(void **state)
{
    struct answer answer;
    (void)state;
    assert_int_equal(get(&answer, "HTTP/1.0 200 OK\r\n\r\nabcdef", false), 0);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length - answer.head, 6);
    answer_free(&answer);
}

static void what_is_no_whole_answer_is_an_error(void **state)
{
    static const struct {
        const char *says;
        int rc;
    } cases[] = {
        {"", -EPROTO},
        {"HTTP/1.1 200 OK\r\n", -EPROTO},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", -EPROTO},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", -EPROTO},
        {"HTTP/1.1 2x0 OK\r\n\r\n", -EPROTO},
        {"HTTP/2 200\r\n\r\n", -EPROTO},
        {"220 mail.example\r\n\r\n", -EPROTO},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         -ENOTSUP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer;
        assert_int_equal(get(&answer, cases[i].says, false), cases[i].rc);
    }
}

static void nobody_there_is_an_error(void **state)
{
    uint16_t port = 0;
    int fd;
    char text[64];
    struct url url;
    struct answer answer;
    (void)state;
    assert_int_equal(listener_open(&fd, &port), 0);
    close(fd); /* now the port is free */
    snprintf(text, sizeof text, "http://127.0.0.1:%d/", port);
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(client_get(&url, &answer), -ECONNREFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_and_wrong_ones_refused),
        cmocka_unit_test(an_answer_ends_where_its_length_says),
        cmocka_unit_test(without_a_length_it_ends_with_the_connection),
        cmocka_unit_test(what_is_no_whole_answer_is_an_error),
        cmocka_unit_test(nobody_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
