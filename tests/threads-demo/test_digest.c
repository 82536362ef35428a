/* SPDX-License-Identifier: MIT
 *
 * test_digest.c - what digest.h promises. Linked with --wrap=read (verbs.cmake):
 * short reads, interruptions and changes come when the test wants them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "digest.h"

static enum { PLAIN, SHORT, INTERRUPTED, BROKEN, GROWING } mode;
static int reads;
static const char *path_read;

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    reads++;
    if (mode == INTERRUPTED && reads % 2 == 1) {
        errno = EINTR;
        return -1;
    }
    if (mode == BROKEN && reads == 2) {
        errno = EIO;
        return -1;
    }
    if (mode == GROWING && reads == 2)
        append(path_read, "more");
    return __real_read(fd, buffer, mode == PLAIN ? size : 1);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static int make_file(void **state)
{
    static char path[] = "/tmp/threads-demo-digest-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 7);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0 || write(fd, "abc", 3) != 3 || close(fd) < 0)
        return -1;
    path_read = path;
    mode = PLAIN;
    reads = 0;
    *state = path;
    return 0;
}

static int remove_file(void **state)
{
    return unlink(*state);
}

/* FIPS 180-4's own example. */
static const char of_abc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void size_and_digest_are_right_however_it_is_read(void **state)
{
    struct digest digest;
    for (mode = PLAIN; mode <= INTERRUPTED; mode++) {
        assert_int_equal(digest_file(&digest, *state, true), 0);
        assert_int_equal(digest.size, 3);
        assert_string_equal(digest.sha256, of_abc);
    }
    reads = 0;
    assert_int_equal(digest_file(&digest, *state, false), 0);
    assert_int_equal(digest.size, 3);
    assert_string_equal(digest.sha256, "");
    assert_int_equal(reads, 0);
}

static void a_file_that_changes_meanwhile_has_no_digest(void **state)
{
    struct digest digest;
    mode = GROWING;
    assert_int_equal(digest_file(&digest, *state, true), -ESTALE);
}

static void an_error_while_reading_is_told(void **state)
{
    struct digest digest;
    mode = BROKEN;
    assert_int_equal(digest_file(&digest, *state, true), -EIO);
}

static void what_is_no_file_is_refused(void **state)
{
    struct digest digest;
    (void)state;
    assert_int_equal(digest_file(&digest, "/no/such/file", true), -ENOENT);
    assert_int_equal(digest_file(&digest, "/dev", true), -EINVAL);
    assert_int_equal(digest_file(&digest, "/dev/null", true), -EINVAL);
}

static void no_descriptor_is_left_open(void **state)
{
    struct digest digest;
    int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(close(before), 0);
    for (mode = PLAIN; mode <= GROWING; mode++) {
        reads = 0;
        digest_file(&digest, *state, true);
        digest_file(&digest, "/dev", true);
    }
    int after = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            size_and_digest_are_right_however_it_is_read, make_file,
            remove_file),
        cmocka_unit_test_setup_teardown(
            a_file_that_changes_meanwhile_has_no_digest, make_file,
            remove_file),
        cmocka_unit_test_setup_teardown(an_error_while_reading_is_told,
                                        make_file, remove_file),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test_setup_teardown(no_descriptor_is_left_open, make_file,
                                        remove_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
