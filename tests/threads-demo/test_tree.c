/* SPDX-License-Identifier: MIT
 *
 * test_tree.c - what tree.h promises. dirsum.bash has the rest: links,
 * loops, what may not be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tree.h"

/* What was visited, one "rc path" after the other, the temporary root left out. */
struct visits {
    char text[512];
    const char *root;
};

static void note(void *arg, const char *path, int rc)
{
    struct visits *v = arg;
    size_t used = strlen(v->text);
    if (strncmp(path, v->root, strlen(v->root)) == 0)
        path += strlen(v->root);
    snprintf(v->text + used, sizeof v->text - used, "%d %s\n", rc, path);
}

static const char *const directories[] = {"a", "a-b", "empty"};
static const char *const files[] = {"a/one", "a-b/two", "a.b"};

static int make_tree(void **state)
{
    static char root[] = "/tmp/threads-demo-tree-XXXXXX";
    memcpy(root + sizeof root - 7, "XXXXXX", 7);
    if (mkdtemp(root) == NULL)
        return -1;
    int here = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failures = here < 0;
    for (int i = 0; i < 3; i++)
        failures += mkdirat(here, directories[i], 0700) < 0;
    for (int i = 0; i < 3; i++) {
        int fd = openat(here, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        failures += fd < 0 || close(fd) < 0;
    }
    failures += mkfifoat(here, "pipe", 0600) < 0;
    failures += symlinkat("nowhere", here, "a/dangling") < 0;
    failures += symlinkat("..", here, "a/up") < 0;
    failures += close(here) < 0;
    *state = root;
    return failures == 0 ? 0 : -1;
}

static int remove_tree(void **state)
{
    static const char *const all[] = {"a/up",  "a/dangling", "pipe",
                                      "a/one", "a-b/two",    "a.b",
                                      "a",     "a-b",        "empty"};
    int here = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failures = 0;
    for (int i = 0; i < 9; i++)
        failures += unlinkat(here, all[i], i > 5 ? AT_REMOVEDIR : 0) < 0;
    close(here);
    return failures == 0 ? rmdir(*state) : -1;
}

/* '-' and '.' come before '/': so does a-b before a/, as whole paths are sorted. */
static void files_come_in_the_order_of_their_paths(void **state)
{
    struct visits v = {.root = *state};
    char expected[128];
    snprintf(expected, sizeof expected,
             "0 /a-b/two\n0 /a.b\n%d /a/dangling\n0 /a/one\n%d /a/up\n",
             -ENOENT, -ELOOP);
    assert_int_equal(tree_walk(*state, note, &v), 0);
    assert_string_equal(v.text, expected);
}

static void a_file_is_a_tree_too(void **state)
{
    struct visits v = {.root = ""};
    char path[64], expected[80];
    snprintf(path, sizeof path, "%s/a.b", (const char *)*state);
    snprintf(expected, sizeof expected, "0 %s\n", path);
    assert_int_equal(tree_walk(path, note, &v), 0);
    assert_string_equal(v.text, expected);
}

static void a_root_that_is_not_there_is_told(void **state)
{
    struct visits v = {.root = ""};
    char expected[32];
    (void)state;
    snprintf(expected, sizeof expected, "%d /no/such\n", -ENOENT);
    assert_int_equal(tree_walk("/no/such", note, &v), 0);
    assert_string_equal(v.text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_in_the_order_of_their_paths),
        cmocka_unit_test(a_file_is_a_tree_too),
        cmocka_unit_test(a_root_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
