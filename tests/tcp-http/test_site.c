/* SPDX-License-Identifier: MIT
 *
 * test_site.c - what site.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"

static struct page page(const char *method, const char *path, const char *query)
{
    return site_page(text_of(method), text_of(path), text_of(query));
}

static void pages_are_told_by_their_paths(void **state)
{
    static const struct {
        const char *path, *body;
        enum page_kind kind;
    } pages[] = {
        {"/", "hello\n", PAGE_HELLO},
        {"", "hello\n", PAGE_HELLO},
        {"/plaintext", "Hello, World!", PAGE_FIXED},
        {"/json", "{\"message\":\"Hello, World!\"}", PAGE_FIXED},
        {"/status", "", PAGE_STATUS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct page get = page("GET", pages[i].path, "x=1");
        assert_int_equal(get.kind, pages[i].kind);
        assert_int_equal(get.answer.status, 200);
        assert_true(text_is(get.answer.body, pages[i].body));
        assert_int_equal(page("HEAD", pages[i].path, "").kind, pages[i].kind);
    }
    static const char *const none[] = {"/x", "/plaintex", "/plaintext/", "//",
                                       "/Json"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(page("GET", none[i], "").kind, PAGE_NONE);
        assert_int_equal(page("GET", none[i], "").answer.status, 404);
    }
}

static void each_page_has_its_methods(void **state)
{
    (void)state;
    static const char *const wrong[] = {"POST", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct page refused = page(wrong[i], "/json", "");
        assert_int_equal(refused.kind, PAGE_FIXED);
        assert_int_equal(refused.answer.status, 405);
        assert_string_equal(refused.answer.allow, "GET, HEAD");
        assert_int_equal(page(wrong[i], "/x", "").answer.status, 405);
    }
    assert_int_equal(page("POST", "/echo", "").kind, PAGE_ECHO);
    assert_int_equal(page("get", "/", "").answer.status, 501);
    assert_int_equal(page("BREW", "/echo", "").answer.status, 501);
    assert_int_equal(page("GET", "/echo", "").answer.status, 405);
    assert_string_equal(page("GET", "/echo", "").answer.allow, "POST");
}

static void sleep_has_a_length_in_milliseconds(void **state)
{
    (void)state;
    struct page sleeper = page("GET", "/sleep", "ms=60000");
    assert_int_equal(sleeper.kind, PAGE_SLEEP);
    assert_int_equal(sleeper.ms, 60000);
    static const char *const bad[] = {"",       "ms",    "ms=",   "ms=60001",
                                      "ms=-1",  "ms=1s", "MS=1",  "ms=1&ms=2",
                                      "ms=9e2", " ms=1", "x&ms=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(page("GET", "/sleep", bad[i]).kind, PAGE_FIXED);
        assert_int_equal(page("GET", "/sleep", bad[i]).answer.status, 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_told_by_their_paths),
        cmocka_unit_test(each_page_has_its_methods),
        cmocka_unit_test(sleep_has_a_length_in_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
