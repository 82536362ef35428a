/* SPDX-License-Identifier: MIT
 *
 * test_request.c - what request.h promises. Every input is read whole, byte by
 * byte, and in two pieces cut at every place; all of it from the end of a page
 * with an unreadable one behind, and at another address each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "request.h"

#define HOST "Host: a\r\n"

/* ---- Pages: good bytes up to guard, none behind ---- */

static char *guard;
enum { READABLE = 32768 };

static int map_pages(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, READABLE + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + READABLE, page, PROT_NONE) != 0)
        return -1;
    guard = pages + READABLE;
    return 0;
}

/* The first count bytes, ending at the guard. */
static const char *at_guard(const char *bytes, size_t count)
{
    assert_true(count <= READABLE);
    return memcpy(guard - count, bytes, count);
}

static enum parse parse_prefix(struct request *request, const char *bytes,
                               size_t count)
{
    return request_parse(request, at_guard(bytes, count), count);
}

static void assert_same(const struct request *a, const struct request *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->head_length, b->head_length);
    assert_memory_equal(&a->method, &b->method, sizeof a->method);
    assert_memory_equal(&a->target, &b->target, sizeof a->target);
    assert_memory_equal(&a->path, &b->path, sizeof a->path);
    assert_int_equal(a->minor, b->minor);
    assert_int_equal(a->keep_alive, b->keep_alive);
    assert_int_equal(a->chunked, b->chunked);
    assert_int_equal(a->expects_continue, b->expects_continue);
    assert_true(a->content_length == b->content_length);
}

/* Reads in steps of so many bytes; the first piece has first of them. */
static enum parse parse_in_pieces(struct request *request, const char *bytes,
                                  size_t count, size_t first, size_t step)
{
    enum parse result = PARSE_MORE;
    *request = (struct request){0};
    for (size_t have = first; result == PARSE_MORE; have += step) {
        size_t now = have < count ? have : count;
        result = parse_prefix(request, bytes, now);
        if (now == count)
            break;
    }
    return result;
}

/* Reads bytes in all ways, which must agree, and gives what they agree on. */
static enum parse parse_all_ways(struct request *out, const char *bytes,
                                 size_t count)
{
    struct request other;
    *out = (struct request){0};
    enum parse result = parse_prefix(out, bytes, count);
    assert_int_equal(parse_in_pieces(&other, bytes, count, 0, 1), result);
    assert_same(out, &other);
    for (size_t cut = 0; cut <= count; cut++) {
        assert_int_equal(parse_in_pieces(&other, bytes, count, cut, count),
                         result);
        assert_same(out, &other);
    }
    return result;
}

static struct request good(const char *text)
{
    struct request request;
    assert_int_equal(parse_all_ways(&request, text, strlen(text)), PARSE_DONE);
    assert_int_equal(request.head_length, strlen(text));
    for (size_t i = 0; i < strlen(text); i++) { /* no less will do */
        struct request part = {0};
        assert_int_equal(parse_prefix(&part, text, i), PARSE_MORE);
    }
    return request;
}

static int bad_bytes(const char *text, size_t count)
{
    struct request request;
    assert_int_equal(parse_all_ways(&request, text, count), PARSE_BAD);
    return request.status;
}

static int bad(const char *text)
{
    return bad_bytes(text, strlen(text));
}

static void assert_span(const char *bytes, struct span span, const char *text)
{
    struct text got = request_text(bytes, span);
    assert_int_equal(got.length, strlen(text));
    assert_memory_equal(got.at, text, got.length);
}

/* ---- The request line ---- */

static void a_request_line_is_taken_apart(void **state)
{
    const char *text = "GET /a/b?c=d HTTP/1.1\r\n" HOST "\r\n";
    (void)state;
    struct request r = good(text);
    assert_span(text, r.method, "GET");
    assert_span(text, r.target, "/a/b?c=d");
    assert_span(text, r.path, "/a/b");
    assert_span(text, r.query, "c=d");
    assert_int_equal(r.minor, 1);
    assert_true(r.content_length == 0);
    assert_true(r.keep_alive);
    assert_false(r.chunked);
}

static void each_target_has_the_form_its_method_asks_for(void **state)
{
    (void)state;
    const char *absolute = "GET HTTP://a:80/b?c HTTP/1.1\r\n" HOST "\r\n";
    assert_span(absolute, good(absolute).path, "/b");
    assert_int_equal(good("GET http://a HTTP/1.1\r\n" HOST "\r\n").path.length,
                     0);
    assert_int_equal(
        good("GET http://a?b HTTP/1.1\r\n" HOST "\r\n").path.length, 0);
    good("OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
    good("CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n");
    good("CONNECT [::1]:80 HTTP/1.1\r\n" HOST "\r\n");
    static const char *const wrong[] = {
        "GET *",         "GET a:80",     "GET index.html", "GET https://a/",
        "GET http://",   "GET http:///", "GET http://:1/", "GET http://u@a/",
        "CONNECT /",     "CONNECT a",    "CONNECT a:",     "CONNECT :80",
        "CONNECT [::1]", "OPTIONS *x",   "GET /a#b",       "GET /%zz",
        "GET /\x01",     "GET /caf\xe9", "GET /a|b",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\n" HOST "\r\n", wrong[i]);
        assert_int_equal(bad(text), 400);
    }
}

static void a_malformed_request_line_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        " / HTTP/1.1",       "GET  / HTTP/1.1", "GET HTTP/1.1",
        "GET  HTTP/1.1",     "GET /",           "GET",
        "G@T / HTTP/1.1",    "GET / HTTP/1.1 ", "GET / http/1.1",
        "GET / HTTP/1.1x",   "GET / HTTP/11",   "GET / HTTP/1,1",
        "GET /a b HTTP/1.1", "GET /\rHTTP/1.1", "GET / HTTP/1.1\r",
        "GET\t/ HTTP/1.1",   "\x16\x03\x01",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s\r\n" HOST "\r\n", wrong[i]);
        assert_int_equal(bad(text), 400);
    }
    static const char nul[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
    assert_int_equal(bad_bytes(nul, sizeof nul - 1), 400);
}

static void the_version_is_1_point_something(void **state)
{
    (void)state;
    assert_int_equal(good("GET / HTTP/1.0\r\n\r\n").minor, 0);
    assert_int_equal(good("GET / HTTP/1.2\r\n" HOST "\r\n").minor, 1);
    assert_int_equal(bad("GET / HTTP/2.0\r\n" HOST "\r\n"), 505);
    assert_int_equal(bad("GET / HTTP/0.9\r\n" HOST "\r\n"), 505);
    /* how a client of HTTP/2 begins: no target for this method */
    assert_int_equal(bad("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
}

static void empty_lines_before_the_first_are_passed_over(void **state)
{
    const char *text = "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n";
    (void)state;
    assert_span(text, good(text).method, "GET");
}

/* ---- Lines and fields ---- */

static void a_line_ends_with_crlf_and_with_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(bad("GET / HTTP/1.1\nHost: a\n\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST "\n"), 400);
    assert_int_equal(bad("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST "A: 1\r\r\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST "\r\r\n"), 400);
}

static void a_field_is_a_token_a_colon_and_a_value(void **state)
{
    (void)state;
    good("GET / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~9: 1\r\n\r\n");
    good("GET / HTTP/1.1\r\n" HOST
         "A:\r\nB: \t \r\nC:1\r\nD: \xff:\t2\t \r\n\r\n");
    static const char *const wrong[] = {
        "A : 1",    "A",         ": 1",     " A: 1",   "\tA: 1", "A(B): 1",
        "A\x01: 1", "A: a\x01z", "A: a\rb", "A: \x7f", "A B: 1", "\xc3\xa9: 1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "%s\r\n\r\n",
                 wrong[i]);
        assert_int_equal(bad(text), 400);
    }
    static const char nul[] = "GET / HTTP/1.1\r\n" HOST "A: a\0b\r\n\r\n";
    assert_int_equal(bad_bytes(nul, sizeof nul - 1), 400);
}

static void a_folded_line_is_refused(void **state)
{
    (void)state;
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST "A: 1\r\n 2\r\n\r\n"), 400);
    assert_int_equal(bad("POST / HTTP/1.1\r\n" HOST
                         "Transfer-Encoding:\r\n chunked\r\n\r\n"),
                     501);
}

static void a_1_1_request_has_exactly_one_good_host(void **state)
{
    (void)state;
    good("GET / HTTP/1.1\r\nHost:\r\n\r\n");
    good("GET / HTTP/1.1\r\nhOST: [::1]:80\r\n\r\n");
    good("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_int_equal(bad("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\nHosts: a\r\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\n" HOST "hOSt: b\r\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
    assert_int_equal(bad("GET / HTTP/1.1\r\nHost: me@a\r\n\r\n"), 400);
}

/* ---- How long the body is ---- */

static void a_length_is_digits_and_given_once(void **state)
{
    (void)state;
#define POST "POST / HTTP/1.1\r\n" HOST
    assert_true(good(POST "Content-Length: \t5 \r\n\r\n").content_length == 5);
    assert_true(good(POST "cONTENT-lENGTH:0005\r\n\r\n").content_length == 5);
    assert_true(good(POST "Content-Length: 18446744073709551621\r\n\r\n")
                    .content_length == INT64_MAX);
    static const char *const wrong[] = {"-5",  "+5", "0x5", "five",
                                        "1 0", "5a", "",    "5, 5"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, POST "Content-Length: %s\r\n\r\n",
                 wrong[i]);
        assert_int_equal(bad(text), 400);
    }
    assert_int_equal(bad(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
                     400);
    assert_int_equal(bad(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
                     400);
}

static void chunked_is_the_one_coding_known_and_stands_alone(void **state)
{
    (void)state;
    assert_true(good(POST "Transfer-Encoding: CHUNKED\r\n\r\n").chunked);
#define TE "Transfer-Encoding: "
    assert_int_equal(bad(POST TE "gzip\r\n\r\n"), 501);
    assert_int_equal(bad(POST TE "gzip, chunked\r\n\r\n"), 501);
    assert_int_equal(bad(POST TE "chunked, chunked\r\n\r\n"), 501);
    assert_int_equal(bad(POST TE "chunked\r\n" TE "chunked\r\n\r\n"), 501);
    assert_int_equal(bad(POST TE "xchunked\r\n\r\n"), 501);
    assert_int_equal(bad(POST TE "\r\n\r\n"), 501);
    assert_int_equal(bad(POST "Transfer-Encoding : chunked\r\n\r\n"), 400);
    assert_int_equal(bad(POST TE "chunked\r\nContent-Length: 5\r\n\r\n"), 400);
    assert_int_equal(bad(POST "Content-Length: 5\r\n" TE "chunked\r\n\r\n"),
                     400);
    assert_int_equal(bad("POST / HTTP/1.0\r\n" HOST TE "chunked\r\n\r\n"), 400);
}

/* ---- What follows the answer ---- */

static void close_and_keep_alive_are_options_in_a_list(void **state)
{
    (void)state;
#define GET11 "GET / HTTP/1.1\r\n" HOST
#define GET10 "GET / HTTP/1.0\r\n"
    assert_false(good(GET11 "Connection: close\r\n\r\n").keep_alive);
    assert_false(good(GET11 "Connection: a, cLose ,b\r\n\r\n").keep_alive);
    assert_false(
        good(GET11 "Connection: a\r\nConnection: close\r\n\r\n").keep_alive);
    assert_false(
        good(GET11 "Connection: keep-alive, close\r\n\r\n").keep_alive);
    assert_true(good(GET11 "Connection: x-closely\r\n\r\n").keep_alive);
    assert_false(good(GET10 "\r\n").keep_alive);
    assert_true(good(GET10 "Connection: Keep-Alive\r\n\r\n").keep_alive);
}

static void one_expectation_is_known_and_in_1_1_only(void **state)
{
    (void)state;
    assert_true(good(GET11 "Expect: 100-Continue\r\n\r\n").expects_continue);
    assert_false(good(GET11 "Expect:\r\n\r\n").expects_continue);
    assert_int_equal(bad(GET11 "Expect: more\r\n\r\n"), 417);
    assert_int_equal(bad(GET11 "Expect: 100-continue, more\r\n\r\n"), 417);
    assert_false(good(GET10 "Expect: more\r\n\r\n").expects_continue);
    assert_false(good(GET10 "Expect: 100-continue\r\n\r\n").expects_continue);
}

static void what_follows_a_head_is_left_alone(void **state)
{
    const char *two = "GET /1 HTTP/1.1\r\n" HOST "\r\nG@RBAGE\n\n";
    struct request r = {0};
    (void)state;
    assert_int_equal(parse_prefix(&r, two, strlen(two)), PARSE_DONE);
    assert_string_equal(two + r.head_length, "G@RBAGE\n\n");
}

/* ---- Limits, and cost ---- */

static char *head_of(size_t size) /* a good head of exactly so many bytes */
{
    static const char front[] = "GET / HTTP/1.1\r\n" HOST "A: ";
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, front, sizeof front - 1);
    memcpy(text + size - 4, "\r\n\r\n", 5);
    return text;
}

static void a_head_may_have_16_kib_and_no_byte_more(void **state)
{
    struct request r = {0};
    (void)state;
    char *most = head_of(REQUEST_HEAD_MAX);
    assert_int_equal(parse_prefix(&r, most, REQUEST_HEAD_MAX), PARSE_DONE);
    assert_int_equal(parse_in_pieces(&r, most, REQUEST_HEAD_MAX, 0, 1),
                     PARSE_DONE);
    free(most);
    char *over = head_of(REQUEST_HEAD_MAX + 1);
    r = (struct request){0};
    assert_int_equal(parse_prefix(&r, over, REQUEST_HEAD_MAX + 1), PARSE_BAD);
    assert_int_equal(r.status, 431);
    assert_int_equal(parse_in_pieces(&r, over, REQUEST_HEAD_MAX + 1, 0, 1),
                     PARSE_BAD);
    assert_int_equal(r.status, 431);
    free(over);
}

static void a_request_line_may_have_8_kib_and_no_byte_more(void **state)
{
    static const char rest[] = " HTTP/1.1\r\n" HOST "\r\n";
    enum { VERSION = sizeof " HTTP/1.1\r\n" - 1 };
    char *text = malloc(REQUEST_LINE_MAX + sizeof rest);
    struct request r = {0};
    (void)state;
    assert_non_null(text);
    memset(text, 'x', REQUEST_LINE_MAX);
    memcpy(text, "GET /", sizeof "GET /" - 1);
    memcpy(text + REQUEST_LINE_MAX - VERSION, rest, sizeof rest);
    size_t all = REQUEST_LINE_MAX - VERSION + sizeof rest - 1;
    assert_int_equal(parse_prefix(&r, text, all), PARSE_DONE);
    assert_int_equal(parse_in_pieces(&r, text, all, 0, 1), PARSE_DONE);

    text[REQUEST_LINE_MAX - VERSION] = 'x';
    memcpy(text + REQUEST_LINE_MAX - VERSION + 1, rest, sizeof rest);
    r = (struct request){0};
    assert_int_equal(parse_prefix(&r, text, all), PARSE_BAD);
    assert_int_equal(r.status, 414);
    assert_int_equal(parse_in_pieces(&r, text, all, 0, 1), PARSE_BAD);
    assert_int_equal(r.status, 414);

    for (size_t i = 0; i < REQUEST_LINE_MAX; i++) /* empty lines only */
        text[i] = "\r\n"[i % 2];
    r = (struct request){0};
    assert_int_equal(parse_prefix(&r, text, REQUEST_LINE_MAX), PARSE_BAD);
    assert_int_equal(r.status, 400);

    memset(text, 'x', REQUEST_LINE_MAX); /* a method that does not end */
    r = (struct request){0};
    assert_int_equal(parse_prefix(&r, text, REQUEST_LINE_MAX), PARSE_BAD);
    assert_int_equal(r.status, 501);
    free(text);
}

static void a_field_is_found_by_its_name_if_there_is_one(void **state)
{
    const char *text = "GET / HTTP/1.1\r\n" HOST
                       "If-Modified-Since: \t now\t\r\nA: 1\r\nB:\r\na: 2\r\n"
                       "If: no\r\n\r\nC: 3\r\n\r\n";
    struct request r = {0};
    struct text value;
    (void)state;
    assert_int_equal(parse_prefix(&r, text, strlen(text)), PARSE_DONE);
    assert_true(request_field(&r, text, "if-modified-since", &value));
    assert_true(text_is(value, "now"));
    assert_true(request_field(&r, text, "B", &value));
    assert_true(text_is(value, ""));
    assert_true(request_field(&r, text, "Host", &value));
    assert_true(text_is(value, "a"));
    assert_false(request_field(&r, text, "A", &value)); /* two of them */
    assert_false(request_field(&r, text, "C", &value)); /* not of this head */
    assert_false(request_field(&r, text, "D", &value));
}

/* Of a line that has not ended yet, what was there before is out of reach while
 * more of it comes. */
static void an_open_line_is_not_searched_again(void **state)
{
    static const char text[] = "GET /abcdef HTTP/1.1\r\n" HOST "\r\n";
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *second = guard - page, *first = second - page;
    struct request r = {0};
    (void)state;
    char *bytes = memcpy(second - 8, text, sizeof text - 1);
    assert_int_equal(request_parse(&r, bytes, 8), PARSE_MORE);
    assert_int_equal(mprotect(first, page, PROT_NONE), 0);
    for (size_t count = 9; count < 22; count++)
        assert_int_equal(request_parse(&r, bytes, count), PARSE_MORE);
    assert_int_equal(mprotect(first, page, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(request_parse(&r, bytes, sizeof text - 1), PARSE_DONE);
}

/* ---- Any bytes at all ---- */

static void mutated_heads_read_the_same_whole_and_in_pieces(void **state)
{
    static const char seed[] = "POST /a?b HTTP/1.1\r\n" HOST
                               "Content-Length: 5\r\nConnection: close\r\n\r\n";
    static const char odd[] = "\r\n\0 \t:,/%*[]@\x01\x7f\x80\xff"
                              "09azGT";
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char text[sizeof seed];
        memcpy(text, seed, sizeof seed);
        for (int i = 0; i < 1 + round % 3; i++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % (sizeof seed - 1)] =
                odd[(random >> 20) % (sizeof odd - 1)];
        }
        struct request whole = {0}, pieces;
        enum parse result = parse_prefix(&whole, text, sizeof seed - 1);
        assert_int_equal(parse_in_pieces(&pieces, text, sizeof seed - 1,
                                         random % 40, 1 + random % 7),
                         result);
        assert_same(&whole, &pieces);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_line_is_taken_apart),
        cmocka_unit_test(each_target_has_the_form_its_method_asks_for),
        cmocka_unit_test(a_malformed_request_line_is_refused),
        cmocka_unit_test(the_version_is_1_point_something),
        cmocka_unit_test(empty_lines_before_the_first_are_passed_over),
        cmocka_unit_test(a_line_ends_with_crlf_and_with_nothing_else),
        cmocka_unit_test(a_field_is_a_token_a_colon_and_a_value),
        cmocka_unit_test(a_folded_line_is_refused),
        cmocka_unit_test(a_1_1_request_has_exactly_one_good_host),
        cmocka_unit_test(a_length_is_digits_and_given_once),
        cmocka_unit_test(chunked_is_the_one_coding_known_and_stands_alone),
        cmocka_unit_test(close_and_keep_alive_are_options_in_a_list),
        cmocka_unit_test(one_expectation_is_known_and_in_1_1_only),
        cmocka_unit_test(what_follows_a_head_is_left_alone),
        cmocka_unit_test(a_head_may_have_16_kib_and_no_byte_more),
        cmocka_unit_test(a_request_line_may_have_8_kib_and_no_byte_more),
        cmocka_unit_test(a_field_is_found_by_its_name_if_there_is_one),
        cmocka_unit_test(an_open_line_is_not_searched_again),
        cmocka_unit_test(mutated_heads_read_the_same_whole_and_in_pieces),
    };
    return cmocka_run_group_tests(tests, map_pages, NULL);
}
