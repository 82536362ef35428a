/* SPDX-License-Identifier: MIT
 *
 * test_connection.c - what connection.h promises, on buffers: no socket here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "connection.h"

#define HOST "Host: a\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST "\r\n"
enum { READ = CONNECTION_READ, WRITE = CONNECTION_WRITE };

/* A connection, and all it has said so far. */
struct script {
    struct counters counters; /* first: it wants a cache line */
    struct shared shared;
    struct connection c;
    char *said;
    size_t length;
};

static struct script *begin(void)
{
    struct script *s = aligned_alloc(_Alignof(struct script), sizeof *s);
    assert_non_null(s);
    memset(s, 0, sizeof *s);
    shared_init(&s->shared, &s->counters);
    connection_init(&s->c, &s->shared);
    return s;
}

static void end(struct script *s)
{
    connection_destroy(&s->c);
    assert_int_equal(s->shared.exchanges.lent, 0);
    exchanges_destroy(&s->shared.exchanges);
    free(s->said);
    free(s);
}

/* The client takes up to most bytes of what waits. */
static void take(struct script *s, size_t most)
{
    struct output output = connection_output(&s->c);
    size_t count = output.count;
    if (count > most)
        count = most;
    s->said = realloc(s->said, s->length + count + 1);
    assert_non_null(s->said);
    memcpy(s->said + s->length, output.bytes, count);
    s->length += count;
    s->said[s->length] = '\0';
    connection_sent(&s->c, count);
}

/* The client sends what there is room for, at most step bytes at once; gives how
 * many that were. It takes no answers meanwhile. */
static size_t put(struct script *s, const char *bytes, size_t count,
                  size_t step)
{
    size_t done = 0, room;
    while (done < count) {
        size_t now = count - done < step ? count - done : step;
        if (!(connection_wishes(&s->c) & READ))
            break;
        char *at = connection_room(&s->c, &room);
        assert_true(room > 0);
        now = now < room ? now : room;
        memcpy(at, bytes + done, now);
        connection_received(&s->c, now);
        done += now;
    }
    return done;
}

static void say_all(struct script *s, const char *text, size_t step)
{
    for (size_t done = 0, all = strlen(text); done < all;) {
        size_t more = put(s, text + done, all - done, step);
        done += more;
        if (more == 0) /* it does not listen any more */
            break;
        while (connection_wishes(&s->c) & WRITE)
            take(s, SIZE_MAX);
    }
}

/* The statuses of the answers, in order: "200 405 ". */
static const char *statuses(const struct script *s)
{
    static char list[4096];
    size_t length = 0;
    list[0] = '\0';
    for (const char *at = s->said; at != NULL; at++) {
        at = strstr(at, "HTTP/1.1 ");
        if (at == NULL)
            break;
        length += (size_t)snprintf(list + length, sizeof list - length, "%.4s",
                                   at + 9);
    }
    return list;
}

/* One client says all of text, in pieces of every size, and hears list; then the
 * connection wishes for wish. */
static void assert_dialogue(const char *text, const char *list, unsigned wish)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        struct script *s = begin();
        say_all(s, text, step);
        assert_string_equal(statuses(s), list);
        assert_int_equal(connection_wishes(&s->c), wish);
        end(s);
    }
}

static void a_new_connection_wishes_to_read(void **state)
{
    struct script *s = begin();
    (void)state;
    assert_int_equal(connection_wishes(&s->c), READ);
    end(s);
}

static void requests_are_answered_in_order(void **state)
{
    (void)state;
    assert_dialogue(GET, "200 ", READ);
    assert_dialogue(GET "HEAD / HTTP/1.1\r\n" HOST "\r\n"
                        "GET /x HTTP/1.1\r\n" HOST "\r\n"
                        "DELETE / HTTP/1.1\r\n" HOST "\r\n" GET,
                    "200 200 404 405 200 ", READ);
}

static void pipelined_answers_leave_together(void **state)
{
    struct script *s = begin();
    (void)state;
    char text[16 * (sizeof GET - 1) + 1] = "";
    for (int i = 0; i < 16; i++)
        memcpy(text + (size_t)i * (sizeof GET - 1), GET, sizeof GET);
    assert_int_equal(put(s, text, strlen(text), SIZE_MAX), strlen(text));
    take(s, SIZE_MAX);
    assert_string_equal(statuses(s), "200 200 200 200 200 200 200 200 "
                                     "200 200 200 200 200 200 200 200 ");
    assert_int_equal(connection_wishes(&s->c), READ);
    end(s);
}

static void a_last_answer_is_the_last(void **state)
{
    (void)state;
    assert_dialogue("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET,
                    "200 ", CONNECTION_LINGER);
    assert_dialogue("GET / HTTP/1.0\r\n\r\n" GET, "200 ", CONNECTION_LINGER);
    assert_dialogue(GET "G@RBAGE\r\n\r\n" GET, "200 400 ", CONNECTION_LINGER);
    assert_dialogue("GET / HTTP/2.0\r\n\r\n" GET, "505 ", CONNECTION_LINGER);
}

/* Every kind of body, with a request inside that nobody may see. */
static void no_body_is_taken_for_a_request(void **state)
{
    char text[512];
    (void)state;
    snprintf(text, sizeof text,
             "GET / HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n" GET
             "HEAD / HTTP/1.1\r\n" HOST "\r\n",
             sizeof GET - 1);
    assert_dialogue(text, "200 200 ", READ);
    assert_dialogue("POST / HTTP/1.1\r\n" HOST
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET,
                    "405 200 ", READ);
    assert_dialogue("GET / HTTP/1.1\r\n" HOST
                    "Transfer-Encoding: chunked\r\n\r\n"
                    "1b\r\nGET / HTTP/1.1\r\n" HOST "\r\n\r\n0\r\n\r\n" GET,
                    "200 200 ", READ);
    assert_dialogue("GET / HTTP/1.1\r\n" HOST
                    "Transfer-Encoding: chunked\r\n\r\nx\r\n" GET,
                    "400 ", CONNECTION_LINGER);
    assert_dialogue("POST / HTTP/1.1\r\n" HOST
                    "Transfer-Encoding: gzip\r\n\r\n" GET,
                    "501 ", CONNECTION_LINGER);
    assert_dialogue("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
                    "Expect: 100-continue\r\n\r\n" GET,
                    "405 ", CONNECTION_LINGER);
    assert_dialogue("POST / HTTP/1.1\r\n" HOST
                    "Content-Length: 99999999999999999999\r\n\r\n" GET,
                    "413 ", CONNECTION_LINGER);
}

static void a_body_is_waited_for_before_its_answer(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell", 7);
    assert_int_equal(s->length, 0);
    assert_int_equal(connection_wishes(&s->c), READ);
    say_all(s, "o", 1);
    assert_string_equal(statuses(s), "405 ");
    end(s);
}

static void the_end_of_input_still_has_whole_requests_answered(void **state)
{
    struct script *s = begin();
    (void)state;
    put(s, GET GET "GET / HT", sizeof GET GET "GET / HT" - 1, SIZE_MAX);
    connection_ended(&s->c);
    assert_int_equal(connection_wishes(&s->c), WRITE);
    take(s, SIZE_MAX);
    assert_string_equal(statuses(s), "200 200 ");
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    end(s);
}

static void an_unfinished_message_is_not_answered(void **state)
{
    static const char *const parts[] = {
        "", "GET / HT", "GET / HTTP/1.1\r\n" HOST,
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct script *s = begin();
        say_all(s, parts[i], SIZE_MAX);
        connection_ended(&s->c);
        assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
        end(s);
    }
}

static void reading_stops_while_answers_are_not_taken(void **state)
{
    enum { REQUESTS = 200 };
    const size_t size = strlen(GET);
    struct script *s = begin();
    size_t answers = 0;
    (void)state;
    char *text = malloc(REQUESTS * size + 1), *at = text;
    assert_non_null(text);
    for (int i = 0; i < REQUESTS; i++)
        at = stpcpy(at, GET);
    /* All of it comes at once, and causes more than may wait. */
    assert_int_equal(put(s, text, REQUESTS * size, SIZE_MAX), REQUESTS * size);
    assert_int_equal(connection_wishes(&s->c), WRITE);
    assert_in_range(connection_output(&s->c).count, EXCHANGE_OUT_MAX / 2,
                    EXCHANGE_OUT_MAX);
    /* A byte at a time is taken: no answer is lost, none comes twice. */
    while (connection_wishes(&s->c) & WRITE)
        take(s, 1);
    for (const char *found = s->said;
         (found = strstr(found, "\r\n\r\nhello\n")) != NULL; found++)
        answers++;
    assert_int_equal(answers, REQUESTS);
    assert_int_equal(connection_wishes(&s->c), READ);
    free(text);
    end(s);
}

static void answers_survive_every_size_of_short_write(void **state)
{
    (void)state;
    for (size_t step = 1; step < 200; step++) {
        struct script *s = begin();
        for (int i = 0; i < 20; i++)
            put(s, GET, sizeof GET - 1, SIZE_MAX);
        while (connection_wishes(&s->c) & WRITE)
            take(s, step);
        assert_int_equal(strlen(statuses(s)), 20 * 4);
        end(s);
    }
}

static void a_head_of_over_16_kib_gets_431(void **state)
{
    struct script *s = begin();
    char line[] = "A: 0123456789012345678901234567890123456789\r\n";
    (void)state;
    say_all(s, "GET / HTTP/1.1\r\n" HOST, SIZE_MAX);
    for (int i = 0; i < 1000 && (connection_wishes(&s->c) & READ); i++)
        say_all(s, line, SIZE_MAX);
    assert_string_equal(statuses(s), "431 ");
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);
}

static void an_answer_to_a_bad_head_request_has_no_body(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "HEAD / HTTP/1.1\r\n\r\n", SIZE_MAX);
    assert_string_equal(statuses(s), "400 ");
    assert_string_equal(s->said + s->length - 4, "\r\n\r\n");
    end(s);
}

/* ---- Bodies ---- */

static void an_echo_is_the_body_whatever_its_pieces(void **state)
{
    static const char *const bodies[] = {
        "Content-Length: 5\r\n\r\nhello", "Content-Length: 0\r\n\r\n", "\r\n",
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n"
         "A: b\r\n\r\n")};
    static const char *const echoes[] = {"hello", "", "", "hello"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n" HOST "%s" GET,
                 bodies[i]);
        assert_dialogue(text, "200 200 ", READ);
        struct script *s = begin();
        say_all(s, text, 1);
        const char *body = strstr(s->said, "\r\n\r\n");
        assert_non_null(body);
        assert_memory_equal(body + 4, echoes[i], strlen(echoes[i]));
        assert_memory_equal(body + 4 + strlen(echoes[i]), "HTTP/1.1 200", 12);
        end(s);
    }
}

static void a_large_echo_comes_back_whole(void **state)
{
    enum { SIZE = CONNECTION_BODY_MAX };
    char *text = malloc(SIZE + 256);
    (void)state;
    assert_non_null(text);
    int head = snprintf(
        text, SIZE, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
        SIZE);
    for (int i = 0; i < SIZE; i++)
        text[head + i] = (char)('a' + i * 7 % 26);
    struct script *s = begin();
    size_t length = (size_t)head + SIZE;
    assert_int_equal(put(s, text, length, 5000), length);
    assert_int_equal(s->c.state, STATE_SEND);
    assert_int_equal(connection_wishes(&s->c), WRITE); /* and not READ */
    for (size_t most = 1; connection_wishes(&s->c) & WRITE; most++)
        take(s, most); /* short writes of every size */
    assert_memory_equal(s->said + s->length - SIZE, text + head, SIZE);
    assert_int_equal(connection_wishes(&s->c), READ);
    say_all(s, GET, SIZE_MAX);
    assert_string_equal(s->said + s->length - 10, "\r\n\r\nhello\n");
    end(s);
    free(text);
}

static void a_client_that_waits_is_told_to_go_on(void **state)
{
    static const char *const codings[] = {"Content-Length: 5",
                                          "Transfer-Encoding: chunked"};
    static const char *const bodies[] = {"hello", "5\r\nhello\r\n0\r\n\r\n"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char head[256];
        struct script *s = begin();
        snprintf(head, sizeof head,
                 "POST /echo HTTP/1.1\r\n" HOST
                 "Expect: 100-continue\r\n%s\r\n\r\n",
                 codings[i]);
        say_all(s, head, SIZE_MAX);
        assert_string_equal(s->said, RESPONSE_CONTINUE);
        say_all(s, bodies[i], 1);
        assert_string_equal(statuses(s), "100 200 ");
        assert_string_equal(s->said + s->length - 9, "\r\n\r\nhello");
        assert_int_equal(connection_wishes(&s->c), READ);
        end(s);

        s = begin(); /* who does not wait need not be told */
        put(s, head, strlen(head) - 1, SIZE_MAX);
        snprintf(head, sizeof head, "\n%s", bodies[i]);
        say_all(s, head, SIZE_MAX);
        assert_string_equal(statuses(s), "200 ");
        end(s);
    }
}

/* ---- Time ---- */

static int64_t seconds(double s)
{
    return (int64_t)(s * 1e9);
}

/* What it waits for, and how long from now. */
static void assert_waits(const struct script *s, enum timeout_kind what,
                         double how_long)
{
    enum timeout_kind kind;
    int64_t due = connection_due(&s->c, &kind);
    assert_int_equal(kind, what);
    assert_int_equal(due - s->shared.now, seconds(how_long));
}

static void come_due(struct script *s)
{
    enum timeout_kind kind;
    s->shared.now = connection_due(&s->c, &kind);
    connection_timed_out(&s->c);
}

static void an_idle_client_is_closed_without_a_word(void **state)
{
    struct script *s = begin();
    (void)state;
    assert_waits(s, TIMEOUT_IDLE, 60);
    s->shared.now += seconds(50);
    say_all(s, GET, SIZE_MAX);
    assert_waits(s, TIMEOUT_IDLE, 60); /* from its last answer on */
    size_t said = s->length;
    come_due(s);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    assert_int_equal(s->length, said);
    assert_int_equal(count_of(&s->counters, COUNT_TIMED_OUT), 1);
    end(s);
}

static void a_slow_head_gets_a_408_however_busy_it_looks(void **state)
{
    struct script *s = begin();
    (void)state;
    s->shared.now = seconds(5);
    for (int i = 0; i < 9; i++) {
        say_all(s, (const char[]){"GET / HTT"[i], 0}, 1);
        assert_waits(s, TIMEOUT_HEAD, 10 - i); /* from its first byte on */
        s->shared.now += seconds(1);
    }
    come_due(s);
    assert_int_equal(connection_wishes(&s->c), WRITE);
    take(s, SIZE_MAX);
    assert_string_equal(statuses(s), "408 ");
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);
}

static void each_head_has_its_own_time(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "GET / HT", SIZE_MAX);
    s->shared.now += seconds(9);
    say_all(s,
            "TP/1.1\r\n" HOST "\r\n"
            "GET",
            SIZE_MAX);
    assert_waits(s, TIMEOUT_HEAD, 10);
    end(s);
}

static void a_slow_body_gets_a_408(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n",
            SIZE_MAX);
    for (int i = 0; i < 8; i++) {
        assert_waits(s, TIMEOUT_BODY, 30 - i);
        s->shared.now += seconds(1);
        say_all(s, "x", 1);
    }
    come_due(s);
    take(s, SIZE_MAX);
    assert_string_equal(statuses(s), "408 ");
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);
}

static void a_client_that_takes_nothing_is_cut(void **state)
{
    enum { SIZE = 200000, LITTLE = 1000 };
    char *text = malloc(SIZE + 256);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE + 256);
    int head = snprintf(
        text, SIZE, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
        SIZE);
    text[head] = 'x';
    struct script *s = begin();
    put(s, text, (size_t)head + SIZE, SIZE_MAX);
    int waited = 0; /* since its patience was renewed */
    for (size_t taken = 0; taken < SIZE / 2; taken += LITTLE) {
        assert_waits(s, TIMEOUT_WRITE, 30 - waited * 0.25);
        s->shared.now += seconds(0.25);
        size_t steps = s->length / CONNECTION_WRITE_STEP;
        take(s, LITTLE);
        waited++;
        if (s->length / CONNECTION_WRITE_STEP > steps)
            waited = 0; /* it takes little, but not next to nothing */
    }
    come_due(s);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    end(s);
    free(text);
}

static void sleep_answers_when_its_time_has_come(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, GET "GET /sleep?ms=1500 HTTP/1.1\r\n" HOST "\r\n" GET, SIZE_MAX);
    assert_string_equal(statuses(s), "200 ");
    assert_int_equal(connection_wishes(&s->c), 0);
    assert_waits(s, TIMEOUT_SLEEP, 1.5);
    assert_int_equal(count_of(&s->counters, COUNT_SLEEPING), 1);
    come_due(s);
    assert_int_equal(count_of(&s->counters, COUNT_SLEEPING), 0);
    take(s, SIZE_MAX);
    assert_string_equal(statuses(s), "200 200 200 ");
    assert_non_null(strstr(s->said, "\r\n\r\nslept\n"));
    assert_int_equal(count_of(&s->counters, COUNT_TIMED_OUT), 0);
    end(s);
    assert_dialogue("GET /sleep HTTP/1.1\r\n" HOST "\r\n", "400 ", READ);
    assert_dialogue("GET /sleep?ms=60001 HTTP/1.1\r\n" HOST "\r\n", "400 ",
                    READ);
    assert_dialogue("GET /sleep?s=1 HTTP/1.1\r\n" HOST "\r\n", "400 ", READ);
}

static void sleepers_have_a_limit(void **state)
{
    struct script *s = begin();
    (void)state;
    count_to(&s->counters, COUNT_SLEEPING, CONNECTION_SLEEPERS_MAX);
    say_all(s, "GET /sleep?ms=9 HTTP/1.1\r\n" HOST "\r\n", SIZE_MAX);
    assert_string_equal(statuses(s), "503 ");
    end(s);
}

static void a_client_that_lingers_is_not_waited_for_long(void **state)
{
    struct script *s = begin();
    size_t room = 1, thrown = 0;
    (void)state;
    say_all(s, "G@RBAGE\r\n\r\n", SIZE_MAX);
    assert_waits(s, TIMEOUT_LINGER, 2);
    s->shared.now += seconds(1);
    assert_non_null(connection_room(&s->c, &room));
    connection_received(&s->c, room);
    assert_waits(s, TIMEOUT_LINGER, 1);
    come_due(s);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    end(s);

    s = begin(); /* nor is all read that it may send */
    say_all(s, "G@RBAGE\r\n\r\n", SIZE_MAX);
    while (connection_wishes(&s->c) == CONNECTION_LINGER) {
        connection_room(&s->c, &room);
        connection_received(&s->c, room);
        thrown += room;
    }
    assert_in_range(thrown, CONNECTION_DISCARD_MAX,
                    CONNECTION_DISCARD_MAX + EXCHANGE_IN_MAX);
    end(s);
}

/* ---- Memory ---- */

static void a_silent_connection_borrows_nothing(void **state)
{
    struct script *s = begin();
    size_t room;
    (void)state;
    assert_true(sizeof s->c <= 64);
    assert_int_equal(s->shared.exchanges.lent, 0);
    connection_room(&s->c, &room);
    connection_received(&s->c, 0); /* a false alarm */
    assert_int_equal(s->shared.exchanges.lent, 0);
    put(s, GET, 5, SIZE_MAX);
    assert_int_equal(s->shared.exchanges.lent, 1);
    put(s, &GET[5], sizeof GET - 1 - 5, SIZE_MAX);
    take(s, SIZE_MAX);
    assert_int_equal(s->shared.exchanges.lent, 0);
    end(s);
}

/* ---- The end ---- */

static void finish(struct script *s)
{
    s->shared.draining = true;
    connection_finish(&s->c);
}

static void finishing_ends_an_idle_connection(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, GET, SIZE_MAX);
    finish(s);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    end(s);
}

static void finishing_lets_what_is_under_way_be_the_last(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "GET / HT", SIZE_MAX);
    finish(s);
    assert_int_equal(connection_wishes(&s->c), READ);
    say_all(s, "TP/1.1\r\n" HOST "\r\n" GET, SIZE_MAX);
    assert_string_equal(statuses(s), "200 ");
    assert_non_null(strstr(s->said, "Connection: close\r\n"));
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);

    s = begin(); /* and so does what is still to be sent */
    put(s, GET, sizeof GET - 1, SIZE_MAX);
    finish(s);
    assert_int_equal(connection_wishes(&s->c), WRITE);
    take(s, SIZE_MAX);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_connection_wishes_to_read),
        cmocka_unit_test(requests_are_answered_in_order),
        cmocka_unit_test(pipelined_answers_leave_together),
        cmocka_unit_test(a_last_answer_is_the_last),
        cmocka_unit_test(no_body_is_taken_for_a_request),
        cmocka_unit_test(a_body_is_waited_for_before_its_answer),
        cmocka_unit_test(the_end_of_input_still_has_whole_requests_answered),
        cmocka_unit_test(an_unfinished_message_is_not_answered),
        cmocka_unit_test(reading_stops_while_answers_are_not_taken),
        cmocka_unit_test(answers_survive_every_size_of_short_write),
        cmocka_unit_test(a_head_of_over_16_kib_gets_431),
        cmocka_unit_test(an_answer_to_a_bad_head_request_has_no_body),
        cmocka_unit_test(an_echo_is_the_body_whatever_its_pieces),
        cmocka_unit_test(a_large_echo_comes_back_whole),
        cmocka_unit_test(a_client_that_waits_is_told_to_go_on),
        cmocka_unit_test(an_idle_client_is_closed_without_a_word),
        cmocka_unit_test(a_slow_head_gets_a_408_however_busy_it_looks),
        cmocka_unit_test(each_head_has_its_own_time),
        cmocka_unit_test(a_slow_body_gets_a_408),
        cmocka_unit_test(a_client_that_takes_nothing_is_cut),
        cmocka_unit_test(sleep_answers_when_its_time_has_come),
        cmocka_unit_test(sleepers_have_a_limit),
        cmocka_unit_test(a_client_that_lingers_is_not_waited_for_long),
        cmocka_unit_test(a_silent_connection_borrows_nothing),
        cmocka_unit_test(finishing_ends_an_idle_connection),
        cmocka_unit_test(finishing_lets_what_is_under_way_be_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
