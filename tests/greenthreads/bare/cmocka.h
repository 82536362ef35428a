/* SPDX-License-Identifier: MIT
 *
 * cmocka.h - as much of cmocka as the tests here use, for processors whose
 * cmocka is not installed: qemu.bash puts this folder on the include path.
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

static inline int run_bare(const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        tests[i].run(&state);
        fprintf(stderr, "ok %s\n", tests[i].name);
    }
    return 0;
}

#endif
