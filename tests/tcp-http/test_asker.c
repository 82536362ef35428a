/* SPDX-License-Identifier: MIT
 *
 * test_asker.c - what asker.h promises: answers in any pieces, the right one's
 * time, and nothing that was not asked for.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asker.h"

#define ASK           "GET / HTTP/1.1\r\n\r\n"
#define THREE(status) "HTTP/1.1 " status " X\r\nContent-Length: 3\r\n\r\nabc"
#define CHUNKS                                              \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" \
    "1;x=y\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n"

static struct asker asker;
static struct tally tally;

static int make(void **state)
{
    (void)state;
    tally = (struct tally){.bytes = 0};
    return asker_init(&asker, text_of(ASK ASK ASK ASK), 4);
}

static int destroy(void **state)
{
    (void)state;
    asker_destroy(&asker);
    return 0;
}

static int give(const char *bytes, size_t count, int64_t now)
{
    size_t room;
    char *at = asker_room(&asker, &room);
    assert_true(room >= count);
    memcpy(at, bytes, count);
    return asker_received(&asker, count, now, &tally);
}

#define GIVE(text, now) give((text), sizeof(text) - 1, (now))

static void what_is_asked_is_owed_until_it_is_sent(void **state)
{
    (void)state;
    assert_int_equal(asker_output(&asker).length, 0);
    asker_ask(&asker, 0);
    asker_ask(&asker, 0);
    assert_true(text_is(asker_output(&asker), ASK ASK));
    asker_sent(&asker, 5);
    assert_true(text_is(asker_output(&asker), &(ASK ASK)[5]));
    asker_ask(&asker, 0);
    assert_true(text_is(asker_output(&asker), &(ASK ASK ASK)[5]));
    asker_sent(&asker, 3 * strlen(ASK) - 5);
    assert_int_equal(asker_output(&asker).length, 0);
}

static void each_answer_has_its_own_questions_time(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) { /* around the ring */
        asker_ask(&asker, 10);
        asker_ask(&asker, 20);
        asker_ask(&asker, 30);
        assert_int_equal(GIVE(THREE("200"), 100), 0); /* 90 */
        assert_int_equal(asker.out, 2);
        assert_int_equal(GIVE(THREE("200") CHUNKS, 130), 0); /* 110, 100 */
        assert_int_equal(asker.out, 0);
    }
    assert_int_equal(tally.latency.count, 9);
    assert_int_equal(tally.latency.most, 110);
    assert_int_equal(histogram_quantile(&tally.latency, 0.3), 90);
    assert_int_equal(histogram_quantile(&tally.latency, 0.6), 100);
    assert_int_equal(tally.failures, 0);
}

static void answers_may_come_in_any_pieces(void **state)
{
    static const char all[] = "HTTP/1.1 100 Continue\r\n\r\n" THREE("404")
        CHUNKS "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n" THREE("500");
    const size_t count = sizeof all - 1;
    (void)state;
    for (size_t piece = 1; piece <= count; piece++) {
        tally = (struct tally){.bytes = 0};
        for (int i = 0; i < 4; i++)
            asker_ask(&asker, 0);
        for (size_t at = 0; at < count; at += piece) {
            size_t left = count - at < piece ? count - at : piece;
            assert_int_equal(give(all + at, left, 1), 0);
            if (at + left < count)
                assert_true(asker.out > 0);
        }
        assert_int_equal(asker.out, 0);
        assert_int_equal(tally.latency.count, 4);
        assert_int_equal(tally.failures, 2);
        assert_int_equal(tally.bytes, count);
    }
}

static void what_was_not_asked_for_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(GIVE("H", 0), -EPROTO);
    destroy(state);
    make(state);
    asker_ask(&asker, 0);
    assert_int_equal(GIVE(THREE("200") "H", 0), -EPROTO);
    destroy(state);
    make(state);
    asker_ask(&asker, 0);
    asker_ask(&asker, 0);
    assert_int_equal(GIVE("HTTP/1.1 200 X\r\nConnection: close\r\n"
                          "Content-Length: 0\r\n\r\n" THREE("200"),
                          0),
                     -EPROTO);
    destroy(state);
    make(state);
    asker_ask(&asker, 0);
    assert_int_equal(GIVE("220 mail.example\r\n\r\n", 0), -EPROTO);
    destroy(state);
    make(state);
    asker_ask(&asker, 0);
    assert_int_equal(GIVE("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n"
                          "\r\nx",
                          0),
                     -EPROTO);
}

static void after_an_end_what_is_out_is_owed_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        asker_ask(&asker, 0);
    asker_sent(&asker, 4 * strlen(ASK));
    assert_int_equal(GIVE(THREE("200"), 1), 0);
    assert_true(asker_ended(&asker, 1, &tally));
    assert_true(text_is(asker_output(&asker), ASK ASK ASK));
    /* A server that never answers is not asked for ever. */
    assert_false(asker_ended(&asker, 1, &tally));
}

static void an_end_in_the_midst_of_an_answer_is_a_failure(void **state)
{
    static const char all[] = THREE("200") CHUNKS;
    const size_t first = strlen(THREE("200"));
    (void)state;
    for (size_t count = 1; count < sizeof all - 1; count++) {
        destroy(state);
        make(state);
        asker_ask(&asker, 0);
        asker_ask(&asker, 0);
        assert_int_equal(give(all, count, 0), 0);
        assert_int_equal(asker_ended(&asker, 0, &tally), count == first);
    }
}

static void an_answer_without_a_length_ends_with_the_connection(void **state)
{
    (void)state;
    asker_ask(&asker, 5);
    asker_ask(&asker, 5);
    assert_int_equal(GIVE("HTTP/1.0 200 OK\r\n\r\nabc", 10), 0);
    assert_int_equal(GIVE("defHTTP/1.0 200 OK\r\n\r\n", 11), 0);
    assert_int_equal(asker.out, 2);
    assert_true(asker_ended(&asker, 25, &tally));
    assert_int_equal(asker.out, 1);
    assert_int_equal(tally.latency.most, 20);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(what_is_asked_is_owed_until_it_is_sent),
        PROMISE(each_answer_has_its_own_questions_time),
        PROMISE(answers_may_come_in_any_pieces),
        PROMISE(what_was_not_asked_for_is_an_error),
        PROMISE(after_an_end_what_is_out_is_owed_again),
        PROMISE(an_end_in_the_midst_of_an_answer_is_a_failure),
        PROMISE(an_answer_without_a_length_ends_with_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
