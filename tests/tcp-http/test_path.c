/* SPDX-License-Identifier: MIT
 *
 * test_path.c - what path.h promises. Each path lies in a buffer of its exact
 * size, so that a byte read beyond it is seen by the sanitizers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "path.h"

static int name_of(const char *path, char name[PATH_NAME_MAX])
{
    size_t length = strlen(path);
    char *exact = malloc(length > 0 ? length : 1);
    if (exact == NULL)
        abort();
    for (size_t i = 0; i < length; i++) /* without its NUL */
        exact[i] = path[i];
    memset(name, '#', PATH_NAME_MAX);
    int rc = path_to_name((struct text){exact, length}, name);
    free(exact);
    return rc;
}

static void a_path_becomes_a_name_below_the_root(void **state)
{
    static const char *const pairs[][2] = {
        {"/a", "a"},
        {"/a/b.txt", "a/b.txt"},
        {"/a%20b", "a b"},
        {"/%41%6a%6A", "Ajj"},
        {"/a..b/c...", "a..b/c..."},
        {"/a%2e", "a."},
        {"/a;b=c", "a;b=c"},
        {"/%252e%252e/a", "%2e%2e/a"}, /* decoded once, and not again */
        {"/%5c..%5ca", "\\..\\a"},     /* no separator here */
        {"/%ff%c0%af", "\xff\xc0\xaf"},
        {"/%0a", "\n"},
    };
    char name[PATH_NAME_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(name_of(pairs[i][0], name), 0);
        assert_string_equal(name, pairs[i][1]);
    }
}

static void a_path_that_ends_in_a_slash_means_its_index(void **state)
{
    char name[PATH_NAME_MAX];
    (void)state;
    assert_int_equal(name_of("/", name), 0);
    assert_string_equal(name, "index.html");
    assert_int_equal(name_of("/a/b/", name), 0);
    assert_string_equal(name, "a/b/index.html");
    assert_int_equal(name_of("", name), 0);
    assert_string_equal(name, "index.html");
}

static void what_could_lead_elsewhere_is_refused(void **state)
{
    static const struct {
        const char *path;
        int rc;
    } cases[] = {
        {"/..", -EINVAL},
        {"/../a", -EINVAL},
        {"/a/../b", -EINVAL},
        {"/a/..", -EINVAL},
        {"/a/../", -EINVAL},
        {"/.", -EINVAL},
        {"/./a", -EINVAL},
        {"/%2e%2E/a", -EINVAL},
        {"/.%2e/a", -EINVAL},
        {"/a%00", -EINVAL},
        {"/%00.html", -EINVAL},
        {"/a%", -EINVAL},
        {"/a%4", -EINVAL},
        {"/a%4/b", -EINVAL},
        {"/a%4g", -EINVAL},
        {"/a%-1", -EINVAL},
        {"/a%\xc1\xc1", -EINVAL},
        {"a", -EINVAL},
        {"*", -EINVAL},
        {"/a%2fb", -ENOENT},
        {"/%2F", -ENOENT},
        {"/..%2fa", -ENOENT},
        {"//", -ENOENT},
        {"//a", -ENOENT},
        {"/a//b", -ENOENT},
        {"/.git/config", -ENOENT},
        {"/a/.htaccess", -ENOENT},
        {"/%2egit/config", -ENOENT},
        {"/...", -ENOENT},
    };
    char name[PATH_NAME_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = name_of(cases[i].path, name);
        if (rc != cases[i].rc)
            print_error("%s\n", cases[i].path);
        assert_int_equal(rc, cases[i].rc);
    }
}

/* The request goes on behind the path; what is there is no digit of it. */
static void a_code_ends_where_the_path_does(void **state)
{
    const char line[] = "/a%41 HTTP/1.1";
    char name[PATH_NAME_MAX];
    (void)state;
    assert_int_equal(path_to_name((struct text){line, 5}, name), 0);
    assert_string_equal(name, "aA");
    for (size_t length = 3; length < 5; length++)
        assert_int_equal(path_to_name((struct text){line, length}, name),
                         -EINVAL);
}

static void the_longest_path_fits_and_a_longer_one_is_refused(void **state)
{
    const size_t most = PATH_NAME_MAX - sizeof "index.html";
    char path[PATH_NAME_MAX + 8], name[PATH_NAME_MAX];
    (void)state;
    for (size_t i = 0; i <= most; i++)
        path[i] = i % 2 == 0 ? '/' : 'a';
    path[most] = '\0';
    assert_int_equal(name_of(path, name), 0);
    assert_int_equal(strlen(name), path[most - 1] == '/' ? most + 9 : most - 1);
    path[most] = 'a';
    path[most + 1] = '\0';
    assert_int_equal(name_of(path, name), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_becomes_a_name_below_the_root),
        cmocka_unit_test(a_path_that_ends_in_a_slash_means_its_index),
        cmocka_unit_test(what_could_lead_elsewhere_is_refused),
        cmocka_unit_test(a_code_ends_where_the_path_does),
        cmocka_unit_test(the_longest_path_fits_and_a_longer_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
