/* SPDX-License-Identifier: MIT
 *
 * test_text.c - what text.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text.h"

static void words_are_compared_with_or_without_case(void **state)
{
    (void)state;
    assert_true(text_is(text_of("GET"), "GET"));
    assert_false(text_is(text_of("GET"), "get"));
    assert_false(text_is(text_of("GET"), "GETS"));
    assert_true(text_is_nocase(text_of("cLOSE"), "Close"));
    assert_false(text_is_nocase(text_of("closed"), "close"));
    assert_false(text_is_nocase(text_of("@"), "`")); /* 32 apart, no letters */
}

static void a_token_has_no_blanks_controls_or_delimiters(void **state)
{
    (void)state;
    assert_true(text_is_token(text_of("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(text_is_token(text_of("")));
    for (const char *c = "\"(),/:;<=>?@[\\]{} \t\r\n\x01\x7f\x80\xff"; *c; c++)
        assert_false(text_is_token((struct text){c, 1}));
    assert_false(text_is_token((struct text){"a\0b", 3}));
}

static void a_value_has_no_controls_but_the_tab(void **state)
{
    (void)state;
    assert_true(text_is_value(text_of("")));
    assert_true(text_is_value(text_of(" \t!~caf\xc3\xa9\xff")));
    for (int c = 0; c < 32; c++) {
        char byte = (char)c;
        assert_int_equal(text_is_value((struct text){&byte, 1}), c == '\t');
    }
    assert_false(text_is_value(text_of("\x7f")));
}

static void a_path_is_made_of_uri_characters(void **state)
{
    (void)state;
    assert_true(text_is_path_and_query(text_of("/a-b/%2e%FF?x=(1)&y=@:/?")));
    for (const char *c = "\"#<>[\\]^`{|} \x7f\x80"; *c; c++)
        assert_false(text_is_path_and_query((struct text){c, 1}));
    assert_false(text_is_path_and_query(text_of("/%")));
    assert_false(text_is_path_and_query(text_of("/%4")));
    assert_false(text_is_path_and_query(text_of("/%4g")));
    assert_false(text_is_path_and_query(text_of("/%g4")));
}

/* Each byte at each place of a long text, where it is one of sixteen, and in one
 * of one byte. */
static void sixteen_bytes_at_a_time_mean_what_one_means(void **state)
{
    char bytes[40];
    (void)state;
    memset(bytes, 'a', sizeof bytes);
    for (int c = 0; c < 256; c++) {
        if (c == '%') /* does not stand alone */
            continue;
        for (size_t i = 0; i < sizeof bytes; i++) {
            struct text all = {bytes, sizeof bytes}, one = {bytes + i, 1};
            bytes[i] = (char)c;
            assert_int_equal(text_is_value(all), text_is_value(one));
            assert_int_equal(text_is_path_and_query(all),
                             text_is_path_and_query(one));
            bytes[i] = 'a';
        }
    }
}

static void an_authority_is_a_host_and_perhaps_a_port(void **state)
{
    static const char *const good[] = {"",          "a",
                                       "a.example", "127.0.0.1:8080",
                                       "[::1]",     "[::ffff:1.2.3.4]:1",
                                       "a:",        "a%20b"};
    static const char *const bad[] = {
        "a b",     "me@a", "a:8o", "a:1:2", "[::1", "[]",  "[::1]1",
        "[::g]:1", "a/",   "a?",   "a\x80", "::1",  "a%2", "a,b:1:"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(text_is_authority(text_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_authority(text_of(bad[i])));
}

static void a_list_is_searched_by_whole_members(void **state)
{
    (void)state;
    assert_true(text_list_has(text_of("close"), "close"));
    assert_true(text_list_has(text_of("foo, Close ,bar"), "close"));
    assert_true(text_list_has(text_of(",,\tclose"), "close"));
    assert_false(text_list_has(text_of("x-closely, not close"), "close"));
    assert_false(text_list_has(text_of(""), "close"));
}

static void a_number_is_digits_and_never_wraps(void **state)
{
    int64_t n = -1;
    (void)state;
    assert_true(text_is_number(text_of("0005"), &n));
    assert_int_equal(n, 5);
    assert_true(text_is_number(text_of("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(text_is_number(text_of("9223372036854775808"), &n));
    assert_true(n == INT64_MAX);
    assert_true(text_is_number(text_of("18446744073709551621"), &n));
    assert_true(n == INT64_MAX);
    n = 7;
    static const char *const bad[] = {"",    "-5", "+5",   "0x5", "5a",
                                      "1 0", " 5", "5, 5", "five"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_is_number(text_of(bad[i]), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_compared_with_or_without_case),
        cmocka_unit_test(a_token_has_no_blanks_controls_or_delimiters),
        cmocka_unit_test(a_value_has_no_controls_but_the_tab),
        cmocka_unit_test(a_path_is_made_of_uri_characters),
        cmocka_unit_test(sixteen_bytes_at_a_time_mean_what_one_means),
        cmocka_unit_test(an_authority_is_a_host_and_perhaps_a_port),
        cmocka_unit_test(a_list_is_searched_by_whole_members),
        cmocka_unit_test(a_number_is_digits_and_never_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
