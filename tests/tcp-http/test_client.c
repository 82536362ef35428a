/* SPDX-License-Identifier: MIT
 *
 * test_client.c - what client.h promises. The server is a thread that says one
 * thing to whoever comes, whatever is asked. recv(2) and send(2) are wrapped
 * (verbs.cmake).
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "client.h"
#include "listener.h"

/* ---- recv(2) and send(2), wrapped: they give little, or fail ---- */

static size_t most_received = SIZE_MAX;
static int error_of_recv, error_of_send; /* once */

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
ssize_t __real_recv(int fd, void *bytes, size_t count, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t count, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t count, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t count, int flags);

static int fail_once(int *error)
{
    errno = *error;
    *error = 0;
    return errno != 0 ? -1 : 0;
}

/* Only the client's calls come here; the speaker reads and writes. */
ssize_t __wrap_recv(int fd, void *bytes, size_t count, int flags)
{
    if (fail_once(&error_of_recv) < 0)
        return -1;
    return __real_recv(fd, bytes, count < most_received ? count : most_received,
                       flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t count, int flags)
{
    assert_true(flags & MSG_NOSIGNAL);
    if (fail_once(&error_of_send) < 0)
        return -1;
    return __real_send(fd, bytes, count < 7 ? count : 7, flags);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- One answer, whatever is asked ---- */

struct speaker {
    int listener;
    const char *says;
    size_t length;
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
            read(fd, s->heard + length, sizeof s->heard - length - 1);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    s->failures += write(fd, s->says, s->length) != (ssize_t)s->length;
    char byte;
    if (s->waits)
        s->failures += read(fd, &byte, 1) > 0; /* a reset will do */
    close(fd);
    return NULL;
}

/* What a client heard: the head, and all of the body. */
struct heard {
    struct answer answer;
    char body[4096];
    size_t length;
};

static int hear(struct client *client, struct heard *heard)
{
    struct text piece;
    int rc;
    heard->answer = client->answer;
    heard->length = 0;
    while ((rc = client_read(client, &piece)) == 0 && piece.length > 0) {
        memcpy(heard->body + heard->length, piece.at, piece.length);
        heard->length += piece.length;
    }
    return rc;
}

struct question {
    const char *says;
    size_t length; /* 0: all of says, a string */
    bool waits, head_only;
    int64_t most; /* 0: no limit */
};

/* Asks a server that says so. Gives the first error, of opening or of reading. */
static int ask(struct heard *heard, struct question q)
{
    struct speaker speaker = {.says = q.says,
                              .length =
                                  q.length > 0 ? q.length : strlen(q.says),
                              .waits = q.waits};
    uint16_t port = 0;
    char text[64];
    struct url url;
    pthread_t thread;
    static struct client client;
    assert_int_equal(listener_open(&speaker.listener, &port), 0);
    snprintf(text, sizeof text, "http://localhost:%d", port);
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(pthread_create(&thread, NULL, speak, &speaker), 0);
    int rc = client_open(&client, &url, q.head_only,
                         q.most > 0 ? q.most : INT64_MAX);
    if (rc == 0) {
        rc = hear(&client, heard);
        client_close(&client);
    }
    pthread_join(thread, NULL);
    close(speaker.listener);
    assert_int_equal(speaker.failures, 0);
    char asked[128];
    snprintf(asked, sizeof asked,
             "%s / HTTP/1.1\r\nHost: localhost:%d\r\n"
             "Connection: close\r\n\r\n",
             q.head_only ? "HEAD" : "GET", port);
    assert_string_equal(speaker.heard, asked);
    return rc;
}

#define ASSERT_BODY(heard, string)                                 \
    do {                                                           \
        assert_int_equal((heard).length, strlen(string));          \
        assert_memory_equal((heard).body, string, (heard).length); \
    } while (0)

/* ---- Its promises ---- */

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKS                              \
    OK "Transfer-Encoding: chunked\r\n\r\n" \
       "3;x=y\r\nabc\r\n000A\r\n0123456789\r\n0\r\nT: u\r\n\r\n"

static void an_answer_ends_where_it_says(void **state)
{
    static const struct {
        const char *says, *body;
        int status;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nabcdef", "abc",
         404},
        {OK "Content-Length: 0\r\n\r\nabc", "", 200},
        {CHUNKS "abc", "abc0123456789", 200},
        {"HTTP/1.1 204 No Content\r\n\r\nabc", "", 204},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc", "", 304},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" OK
         "Content-Length: 3\r\n\r\nabc",
         "abc", 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 0; piece < 4; piece++) {
            struct heard heard;
            most_received = piece > 0 ? piece : SIZE_MAX;
            assert_int_equal(
                ask(&heard,
                    (struct question){.says = cases[i].says, .waits = true}),
                0);
            assert_int_equal(heard.answer.status, cases[i].status);
            ASSERT_BODY(heard, cases[i].body);
        }
    }
    most_received = SIZE_MAX;
}

static void without_a_length_it_ends_with_the_connection(void **state)
{
    struct heard heard;
    (void)state;
    assert_int_equal(
        ask(&heard, (struct question){.says = "HTTP/1.0 200 OK\r\n\r\nabcdef"}),
        0);
    ASSERT_BODY(heard, "abcdef");
}

static void to_head_there_is_no_body(void **state)
{
    static const char *const says[] = {
        OK "Content-Length: 1000000\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n",
        OK "\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct heard heard;
        struct question q = {.says = says[i], .waits = true, .head_only = true};
        q.most = 1;
        assert_int_equal(ask(&heard, q), 0);
        ASSERT_BODY(heard, "");
    }
}

static void what_is_no_whole_answer_is_an_error(void **state)
{
    static const char *const says[] = {
        "",
        OK,
        "HTTP/1.1 100 Continue\r\n\r\n",
        OK "Content-Length: 9\r\n\r\nabc",
        OK "Content-Length: -1\r\n\r\nabc",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "220 mail.example\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd",
        OK "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct heard heard;
        int rc = ask(&heard, (struct question){.says = says[i]});
        if (rc != -EPROTO)
            fail_msg("%d for: %s", rc, says[i]);
    }
}

static void a_body_over_the_limit_is_refused(void **state)
{
    static const char *const says[] = {
        OK "Content-Length: 3\r\n\r\nabc",
        OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        OK "\r\nabc",
    };
    (void)state;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct heard heard = {.length = 0};
        assert_int_equal(
            ask(&heard, (struct question){.says = says[i], .most = 2}),
            -EMSGSIZE);
        assert_int_equal(
            ask(&heard, (struct question){.says = says[i], .most = 3}), 0);
        ASSERT_BODY(heard, "abc");
    }
}

/* The largest head leaves no room behind it, and all is read to the end. */
static void a_head_may_fill_the_buffer(void **state)
{
    static const char end[4] = "\r\n\r\n";
    static char says[ANSWER_HEAD_MAX + 4] = OK "Content-Length: 3\r\nA: ";
    struct heard heard = {.length = 0};
    (void)state;
    memset(says + strlen(says), 'a', sizeof says - 1 - strlen(says));
    memcpy(says + ANSWER_HEAD_MAX - 4, end, sizeof end);
    struct question q = {
        .says = says, .length = ANSWER_HEAD_MAX + 3, .waits = true};
    assert_int_equal(ask(&heard, q), 0);
    assert_int_equal(heard.answer.head_length, ANSWER_HEAD_MAX);
    ASSERT_BODY(heard, "aaa");
    memset(says + ANSWER_HEAD_MAX - 4, 'a', 4);
    q = (struct question){.says = says, .length = ANSWER_HEAD_MAX};
    assert_int_equal(ask(&heard, q), -EPROTO);
}

static void an_error_of_the_socket_is_handed_on(void **state)
{
    static const struct {
        int of_recv, of_send, rc;
    } cases[] = {
        {EINTR, 0, 0},
        {0, EINTR, 0},
        {ECONNRESET, 0, -ECONNRESET},
        {EAGAIN, 0, -ETIMEDOUT}, /* so SO_RCVTIMEO ends a recv */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heard heard;
        error_of_recv = cases[i].of_recv;
        error_of_send = cases[i].of_send;
        assert_int_equal(ask(&heard, (struct question){.says = CHUNKS}),
                         cases[i].rc);
        assert_int_equal(error_of_recv + error_of_send, 0);
    }
}

static void nobody_there_is_an_error(void **state)
{
    uint16_t port = 0;
    int fd;
    char text[64];
    struct url url;
    static struct client client;
    (void)state;
    assert_int_equal(listener_open(&fd, &port), 0);
    close(fd); /* now the port is free */
    snprintf(text, sizeof text, "http://127.0.0.1:%d/", port);
    assert_int_equal(url_parse(text, &url), 0);
    assert_int_equal(client_open(&client, &url, false, 0), -ECONNREFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_where_it_says),
        cmocka_unit_test(without_a_length_it_ends_with_the_connection),
        cmocka_unit_test(to_head_there_is_no_body),
        cmocka_unit_test(what_is_no_whole_answer_is_an_error),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(a_head_may_fill_the_buffer),
        cmocka_unit_test(an_error_of_the_socket_is_handed_on),
        cmocka_unit_test(nobody_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
