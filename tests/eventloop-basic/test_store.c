/* SPDX-License-Identifier: MIT
 *
 * test_store.c - what store.h promises; the model is an array of fixed slots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store.h"
#include "util.h"

static int make_store(void **state)
{
    return store_new((struct store **)state, 1 << 20);
}

static int free_store(void **state)
{
    store_free(*state);
    return 0;
}

static void expect_answer(struct store *store, const char *line,
                          const char *want)
{
    char answer[STORE_ANSWER_LIMIT + 1];
    size_t count = store_answer(store, line, strlen(line), answer);
    answer[count] = '\0';
    assert_string_equal(answer, want);
}

static void requests_are_answered_by_a_line_each(void **state)
{
    expect_answer(*state, "GET a", "none\n");
    expect_answer(*state, "SET a one two", "ok\n");
    expect_answer(*state, "GET a", "= one two\n");
    expect_answer(*state, "SET a ", "ok\n"); /* an empty value is one */
    expect_answer(*state, "GET a", "= \n");
    expect_answer(*state, "DEL a", "ok\n");
    expect_answer(*state, "DEL a", "none\n");
    expect_answer(*state, "GET a", "none\n");
}

static void what_is_no_request_is_said_to_be_none(void **state)
{
    static const char *const bad[] = {
        "",       "GET",     "GET ",  "GET a b", "GET a ", "SET a", "SET",
        "SET  v", "DEL a b", "get a", "GETa",    " GET a", "DEL ",  "PUT a b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_answer(*state, bad[i], "! GET key, SET key value, or DEL key\n");
}

static void the_longest_line_has_an_answer(void **state)
{
    char line[STORE_LINE_LIMIT], answer[STORE_ANSWER_LIMIT];
    char *value = mempcpy(line, "SET k ", 6);
    memset(value, 'v', sizeof line - 6);
    assert_int_equal(store_answer(*state, line, sizeof line, answer), 3);
    assert_int_equal(store_answer(*state, "GET k", 5, answer),
                     sizeof line - 6 + 3);
}

static void a_full_store_refuses_and_keeps_what_it_has(void **state)
{
    struct store *store;
    char line[64];
    int kept = 0;
    (void)state;
    assert_int_equal(store_new(&store, 4096), 0);
    for (int i = 0; i < 1000; i++) {
        char answer[STORE_ANSWER_LIMIT];
        snprintf(line, sizeof line, "SET key%d value", i);
        kept += store_answer(store, line, strlen(line), answer) == 3;
    }
    assert_in_range(kept, 50, 500);
    expect_answer(store,
                  "SET key0 a longer value than before, by far, so long "
                  "that it no longer fits",
                  "! full\n");
    expect_answer(store, "GET key0", "= value\n");
    expect_answer(store, "DEL key1", "ok\n");
    expect_answer(store, "SET key0 other", "ok\n");
    store_free(store);
}

/* Found by search: the first two have one hash, and the last begins with the
 * third, and has its hash. */
static void keys_of_one_hash_are_still_two(void **state)
{
    static const char *const pairs[2][2] = {{"k2232789", "k2429192"},
                                            {"k", "kfykvwho"}};
    for (int i = 0; i < 2; i++) {
        const char *const *key = pairs[i];
        size_t a = strlen(key[0]), b = strlen(key[1]), count;
        const char *value;
        assert_int_equal(store_set(*state, key[1], b, "1", 1), 0);
        assert_int_equal(store_get(*state, key[0], a, &value, &count), -ENOENT);
        assert_int_equal(store_set(*state, key[0], a, "2", 1), 0);
        assert_int_equal(store_get(*state, key[1], b, &value, &count), 0);
        assert_memory_equal(value, "1", 1);
        assert_int_equal(store_del(*state, key[0], a), 0);
        assert_int_equal(store_del(*state, key[1], b), 0);
    }
}

enum { KEYS = 3000, STEPS = 300000 };

static void a_store_does_what_an_array_does(void **state)
{
    static int model[KEYS]; /* 0: none */
    uint32_t seed = 1;
    char key[16], value[16];
    memset(model, 0, sizeof model);
    for (int step = 1; step <= STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        int k = (int)((seed >> 8) % KEYS);
        size_t key_length = (size_t)snprintf(key, sizeof key, "k%d", k);
        const char *got = "";
        size_t count = 0;
        if (seed >> 31) {
            size_t n = (size_t)snprintf(value, sizeof value, "%d", step);
            assert_int_equal(store_set(*state, key, key_length, value, n), 0);
            model[k] = step;
        } else if (seed >> 30) {
            assert_int_equal(store_del(*state, key, key_length),
                             model[k] == 0 ? -ENOENT : 0);
            model[k] = 0;
        }
        int rc = store_get(*state, key, key_length, &got, &count);
        assert_int_equal(rc, model[k] == 0 ? -ENOENT : 0);
        size_t n = (size_t)snprintf(value, sizeof value, "%d", model[k]);
        if (rc == 0) {
            assert_int_equal(count, n);
            assert_memory_equal(got, value, n);
        }
    }
}

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, make_store, free_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(requests_are_answered_by_a_line_each),
        WITH_STORE(what_is_no_request_is_said_to_be_none),
        WITH_STORE(the_longest_line_has_an_answer),
        WITH_STORE(a_full_store_refuses_and_keeps_what_it_has),
        WITH_STORE(keys_of_one_hash_are_still_two),
        WITH_STORE(a_store_does_what_an_array_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
