/* SPDX-License-Identifier: MIT
 *
 * test_answer.c - what answer.h promises. Each answer lies in a buffer of its
 * exact size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "answer.h"

static enum parse parse_exact(struct answer *answer, const char *bytes,
                              size_t count, bool to_head)
{
    char *exact = malloc(count > 0 ? count : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, count);
    enum parse result = answer_parse(answer, exact, count, to_head);
    free(exact);
    return result;
}

#define OK "HTTP/1.1 200 OK\r\n"

static void how_a_body_ends_and_whether_more_may_follow(void **state)
{
    static const struct {
        const char *head;
        int status;
        enum answer_body body;
        int64_t length;
        bool keep_alive;
    } cases[] = {
        {OK "Content-Length: 3\r\n\r\n", 200, BODY_COUNTED, 3, true},
        {OK "content-length:0\r\n\r\n", 200, BODY_COUNTED, 0, true},
        {OK "A: b\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, BODY_CHUNKED, 0,
         true},
        {OK "\r\n", 200, BODY_TO_END, 0, false},
        {"HTTP/1.0 200 OK\r\n\r\n", 200, BODY_TO_END, 0, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", 200, BODY_COUNTED, 3,
         false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n"
         "\r\n",
         200, BODY_COUNTED, 3, true},
        {OK "Content-Length: 3\r\nConnection: x, Close\r\n\r\n", 200,
         BODY_COUNTED, 3, false},
        {OK "Content-Length: 3\r\nConnection: x-closely\r\n\r\n", 200,
         BODY_COUNTED, 3, true},
        {"HTTP/1.1 100 Continue\r\n\r\n", 100, BODY_NONE, 0, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, BODY_NONE, 0, true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304,
         BODY_NONE, 9, true},
        {"HTTP/1.1 599 \r\nContent-Length: 9223372036854775807\r\n\r\n", 599,
         BODY_COUNTED, INT64_MAX, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer;
        size_t count = strlen(cases[i].head);
        assert_int_equal(parse_exact(&answer, cases[i].head, count, false),
                         PARSE_DONE);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(answer.body, cases[i].body);
        assert_int_equal(answer.length, cases[i].length);
        assert_int_equal(answer.keep_alive, cases[i].keep_alive);
        assert_int_equal(answer.head_length, count);
        assert_int_equal(parse_exact(&answer, cases[i].head, count, true),
                         PARSE_DONE);
        assert_int_equal(answer.body, BODY_NONE);
    }
}

static void a_head_that_is_not_whole_needs_more(void **state)
{
    static const char whole[] = OK "Content-Length: 3\r\n\r\nabc";
    struct answer answer;
    (void)state;
    for (size_t count = 0; count < sizeof whole - 4; count++)
        assert_int_equal(parse_exact(&answer, whole, count, false), PARSE_MORE);
    for (size_t count = sizeof whole - 4; count < sizeof whole; count++) {
        assert_int_equal(parse_exact(&answer, whole, count, false), PARSE_DONE);
        assert_int_equal(answer.head_length, sizeof whole - 4);
    }
}

static void what_could_be_cut_in_two_ways_is_refused(void **state)
{
    static const char *const bad[] = {
        "\r\n\r\n",
        "220 mail.example\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\nK\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        OK "Content-Length: -1\r\n\r\n",
        OK "Content-Length: 0x3\r\n\r\n",
        OK "Content-Length: 3 3\r\n\r\n",
        OK "Content-Length: \r\n\r\n",
        OK "Content-Length: 3, 3\r\n\r\n",
        OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
        OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK "Transfer-Encoding: gzip\r\n\r\n",
        OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK "Transfer-Encoding: \r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK "Content-Length : 3\r\n\r\n",
        OK " Content-Length: 3\r\n\r\n",
        OK "A: b\r\n folded\r\n\r\n",
        OK "no colon\r\n\r\n",
        OK ": no name\r\n\r\n",
        OK "A: b\nC: d\r\n\r\n",
        OK "A: b\rC: d\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct answer answer;
        if (parse_exact(&answer, bad[i], strlen(bad[i]), false) != PARSE_BAD)
            fail_msg("accepted: %s", bad[i]);
    }
    struct answer answer;
    static const char nul[] = OK "A: b\0c\r\n\r\n";
    assert_int_equal(parse_exact(&answer, nul, sizeof nul - 1, false),
                     PARSE_BAD);
}

static void an_endless_head_is_refused(void **state)
{
    static char head[ANSWER_HEAD_MAX + 64] = OK "A: ";
    static const char end[4] = "\r\n\r\n";
    struct answer answer;
    (void)state;
    memset(head + strlen(head), 'a', sizeof head - strlen(head));
    assert_int_equal(parse_exact(&answer, head, ANSWER_HEAD_MAX - 1, false),
                     PARSE_MORE);
    assert_int_equal(parse_exact(&answer, head, ANSWER_HEAD_MAX, false),
                     PARSE_BAD);
    memcpy(head + ANSWER_HEAD_MAX - 4, end, sizeof end);
    assert_int_equal(parse_exact(&answer, head, ANSWER_HEAD_MAX, false),
                     PARSE_DONE);
    memset(head + ANSWER_HEAD_MAX - 4, 'a', 4);
    memcpy(head + ANSWER_HEAD_MAX, end, sizeof end);
    assert_int_equal(parse_exact(&answer, head, sizeof head, false), PARSE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_a_body_ends_and_whether_more_may_follow),
        cmocka_unit_test(a_head_that_is_not_whole_needs_more),
        cmocka_unit_test(what_could_be_cut_in_two_ways_is_refused),
        cmocka_unit_test(an_endless_head_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
