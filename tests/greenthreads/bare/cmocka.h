/* SPDX-License-Identifier: MIT
 *
 * cmocka.h - as much of cmocka as the tests here use, for processors whose
 * cmocka is not installed: qemu.bash puts this folder on the include path.
 *
 * Tests named in BARE_SKIP (with spaces or newlines between) are left out, because
 * of BARE_SKIP_REASON: both are read from the environment.
 */
#ifndef BARE_CMOCKA_H
#define BARE_CMOCKA_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(test) \
    {                          \
#test, test            \
    }

#define assert_true(truth)                                              \
    do {                                                                \
        if (!(truth)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth); \
            exit(EXIT_FAILURE);                                         \
        }                                                               \
    } while (0)
#define assert_false(truth)       assert_true(!(truth))
#define assert_in_range(v, a, b)  assert_true((v) >= (a) && (v) <= (b))
#define assert_null(p)            assert_true((p) == NULL)
#define assert_non_null(p)        assert_true((p) != NULL)
#define assert_ptr_equal(a, b)    assert_true((a) == (b))
#define assert_string_equal(a, b) assert_true(strcmp(a, b) == 0)
#define assert_int_equal(a, b)                                                 \
    do {                                                                       \
        intmax_t left = (intmax_t)(a), right = (intmax_t)(b);                  \
        if (left != right) {                                                   \
            fprintf(stderr, "%s:%d: %s: %jd != %jd\n", __FILE__, __LINE__, #a, \
                    left, right);                                              \
            exit(EXIT_FAILURE);                                                \
        }                                                                      \
    } while (0)

#define cmocka_run_group_tests(tests, setup, teardown) \
    run_bare(tests, sizeof(tests) / sizeof((tests)[0]))

static int bare_skipped; /* by the test that runs now, itself */

#define skip()            \
    do {                  \
        bare_skipped = 1; \
        return;           \
    } while (0)

static inline int to_be_skipped(const char *test)
{
    const char *at = getenv("BARE_SKIP");

    while (at != NULL && *at != '\0') {
        size_t length = strcspn(at, " \n");
        if (length == strlen(test) && memcmp(at, test, length) == 0)
            return 1;
        at += length + strspn(at + length, " \n");
    }
    return 0;
}

static inline int run_bare(const struct CMUnitTest *tests, size_t count)
{
    const char *reason = getenv("BARE_SKIP_REASON");

    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        if (to_be_skipped(tests[i].name)) {
            fprintf(stderr, "skipped %s: %s\n", tests[i].name,
                    reason != NULL ? reason : "BARE_SKIP says so");
            continue;
        }
        bare_skipped = 0;
        tests[i].run(&state);
        fprintf(stderr, "%s %s\n", bare_skipped ? "skipped" : "ok",
                tests[i].name);
    }
    return 0;
}

#endif
