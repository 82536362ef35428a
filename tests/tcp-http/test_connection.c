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
    struct connection c;
    char *said;
    size_t length;
};

static struct script *begin(void)
{
    struct script *s = calloc(1, sizeof *s);
    assert_non_null(s);
    connection_init(&s->c, "Sun, 06 Nov 1994 08:49:37 GMT");
    return s;
}

static void end(struct script *s)
{
    free(s->said);
    free(s);
}

/* The client takes up to most bytes of what waits. */
static void take(struct script *s, size_t most)
{
    size_t count;
    const char *bytes = connection_output(&s->c, &count);
    if (count > most)
        count = most;
    s->said = realloc(s->said, s->length + count + 1);
    assert_non_null(s->said);
    memcpy(s->said + s->length, bytes, count);
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
        char *at = connection_room(&s->c, &room);
        size_t now = count - done < step ? count - done : step;
        if (room == 0)
            break;
        assert_true(connection_wishes(&s->c) & READ);
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
                    "405 ", CONNECTION_LINGER);
    assert_dialogue("GET / HTTP/1.1\r\n" HOST
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET,
                    "200 ", CONNECTION_LINGER);
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
    size_t waiting, answers = 0;
    (void)state;
    char *text = malloc(REQUESTS * size + 1), *at = text;
    assert_non_null(text);
    for (int i = 0; i < REQUESTS; i++)
        at = stpcpy(at, GET);
    /* All of it comes at once, and causes more than may wait. */
    assert_int_equal(put(s, text, REQUESTS * size, SIZE_MAX), REQUESTS * size);
    assert_int_equal(connection_wishes(&s->c), WRITE);
    connection_output(&s->c, &waiting);
    assert_in_range(waiting, CONNECTION_OUT_MAX - RESPONSE_MAX,
                    CONNECTION_OUT_MAX);
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

static void finishing_ends_an_idle_connection(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, GET, SIZE_MAX);
    connection_finish(&s->c);
    assert_int_equal(connection_wishes(&s->c), CONNECTION_CLOSE);
    end(s);
}

static void finishing_lets_what_is_under_way_be_the_last(void **state)
{
    struct script *s = begin();
    (void)state;
    say_all(s, "GET / HT", SIZE_MAX);
    connection_finish(&s->c);
    assert_int_equal(connection_wishes(&s->c), READ);
    say_all(s, "TP/1.1\r\n" HOST "\r\n" GET, SIZE_MAX);
    assert_string_equal(statuses(s), "200 ");
    assert_non_null(strstr(s->said, "Connection: close\r\n"));
    assert_int_equal(connection_wishes(&s->c), CONNECTION_LINGER);
    end(s);

    s = begin(); /* and so does what is still to be sent */
    put(s, GET, sizeof GET - 1, SIZE_MAX);
    connection_finish(&s->c);
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
        cmocka_unit_test(finishing_ends_an_idle_connection),
        cmocka_unit_test(finishing_lets_what_is_under_way_be_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
