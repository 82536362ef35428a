/* SPDX-License-Identifier: MIT
 *
 * test_png_file.c - what png_file.h promises. Each test works in an empty folder
 * of its own, and must leave no descriptor open. write(), close() and rename()
 * are wrapped: they fail on cue.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "png_file.h"
#include "render.h"
#include "sha256sum.h"
#include "util.h"

/* ---- Faults ---- */

static struct {
    bool choppy;            /* write: EINTR every other time, else one byte */
    int write_after, calls; /* the write that fails with write_error */
    int write_error, close_error, rename_error;
} fault;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's --wrap makes these */
ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
    int call = fault.calls++;

    if (fault.write_error != 0 && call >= fault.write_after) {
        errno = fault.write_error;
        return -1;
    }
    if (fault.choppy && call % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return __real_write(fd, bytes, fault.choppy ? 1 : count);
}

int __wrap_close(int fd)
{
    int rc = __real_close(fd);
    if (fault.close_error == 0)
        return rc;
    errno = fault.close_error;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    /* Whatever goes wrong in what is tested: root's devices stay. */
    int rc = strncmp(to, "/dev/", 5) == 0 ? EPERM : fault.rename_error;
    if (rc == 0)
        return __real_rename(from, to);
    errno = rc;
    return -1;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Folders ---- */

/* The next name in a stream that this thread alone reads; NULL at the end. */
static const char *next_entry(DIR *folder)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): safe, on a stream of one's own */
    const struct dirent *entry = readdir(folder);
    return entry == NULL ? NULL : entry->d_name;
}

static int entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = -2; /* . and .. */

    while (folder != NULL && next_entry(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

struct place {
    int home, descriptors;
    char name[32];
};

static int enter_folder(void **state)
{
    static struct place place;

    memset(&fault, 0, sizeof fault);
    strcpy(place.name, "png_file-XXXXXX");
    place.home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mkdtemp(place.name) == NULL || chdir(place.name) < 0)
        return -1;
    place.descriptors = entries("/proc/self/fd");
    *state = &place;
    return 0;
}

static int leave_folder(void **state)
{
    const struct place *place = *state;
    int leaked = entries("/proc/self/fd") - place->descriptors;
    DIR *folder = opendir(".");

    memset(&fault, 0, sizeof fault);
    if (folder == NULL)
        return -1;
    for (const char *name; (name = next_entry(folder)) != NULL;)
        unlink(name); /* . and .. stay */
    closedir(folder);
    if (fchdir(place->home) < 0 || rmdir(place->name) < 0)
        return -1;
    close(place->home);
    return leaked;
}

static void make_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_file_says(const char *name, const char *text)
{
    char line[64] = "";
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    assert_true(read);
    assert_string_equal(line, text);
}

/* ---- Pictures ---- */

static unsigned char *noise(int width, int height)
{
    size_t size = 3 * (size_t)width * (size_t)height;
    unsigned char *rgb = test_malloc(size);
    uint32_t x = 1;

    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223; /* Numerical Recipes' generator */
        rgb[i] = (unsigned char)(x >> 24);
    }
    return rgb;
}

/* Decodes a file by libpng; NULL, or pixels for test_free(). */
static unsigned char *read_png(const char *name, int width, int height)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(&image, name))
        return NULL;
    bool as_written = image.format == PNG_FORMAT_RGB &&
                      image.width == (unsigned)width &&
                      image.height == (unsigned)height;
    unsigned char *rgb = test_malloc(PNG_IMAGE_SIZE(image));
    if (as_written && png_image_finish_read(&image, NULL, rgb, 0, NULL))
        return rgb;
    png_image_free(&image);
    test_free(rgb);
    return NULL;
}

static void assert_png_holds(const char *name, const unsigned char *rgb,
                             int width, int height)
{
    unsigned char *read = read_png(name, width, height);
    assert_non_null(read);
    assert_memory_equal(read, rgb, 3 * (size_t)width * (size_t)height);
    test_free(read);
}

static void pixels_come_back_as_they_went_in(void **state)
{
    static const int sides[][2] = {{1, 1},   {1, 7},    {7, 1},
                                   {640, 3}, {333, 77}, {JULIA_SIDE_MAX, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        int width = sides[i][0], height = sides[i][1];
        unsigned char *rgb = noise(width, height);
        assert_int_equal(png_file_write("a.png", rgb, width, height), 0);
        assert_png_holds("a.png", rgb, width, height);
        test_free(rgb);
    }
    assert_int_equal(entries("."), 1);
}

static void short_and_interrupted_writes_change_nothing(void **state)
{
    unsigned char *rgb = noise(20, 20);
    (void)state;
    fault.choppy = true;
    assert_int_equal(png_file_write("a.png", rgb, 20, 20), 0);
    assert_true(fault.calls > 2000); /* two a byte */
    assert_png_holds("a.png", rgb, 20, 20);
    test_free(rgb);
}

/* ---- All or nothing ---- */

static void a_file_is_replaced_and_not_written_over(void **state)
{
    unsigned char *rgb = noise(10, 10);
    (void)state;
    make_file("a.png", "old");
    assert_int_equal(link("a.png", "other-name"), 0);
    assert_int_equal(png_file_write("a.png", rgb, 10, 10), 0);
    assert_png_holds("a.png", rgb, 10, 10);
    assert_file_says("other-name", "old");
    assert_int_equal(entries("."), 2);
    test_free(rgb);
}

static void a_new_file_is_as_open_as_the_umask_says(void **state)
{
    struct stat st;
    (void)state;
    mode_t before = umask(027);
    int rc = png_file_write("a.png", (const unsigned char *)"rgb", 1, 1);
    umask(before);
    assert_int_equal(rc, 0);
    assert_int_equal(stat("a.png", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

enum { SIDE = 400 }; /* more than fits into one write */

static void assert_fails_and_leaves_the_old(int rc, const unsigned char *rgb)
{
    assert_int_equal(png_file_write("a.png", rgb, SIDE, SIDE), rc);
    assert_file_says("a.png", "old");
    assert_int_equal(entries("."), 1);
}

static void an_error_at_any_write_leaves_the_old_file(void **state)
{
    unsigned char *rgb = noise(SIDE, SIDE);
    (void)state;
    make_file("a.png", "old");
    assert_int_equal(png_file_write("b.png", rgb, SIDE, SIDE), 0);
    assert_int_equal(unlink("b.png"), 0);
    int writes = fault.calls;
    assert_true(writes > 2);
    for (int i = 0; i < writes; i++) {
        fault.calls = 0;
        fault.write_after = i;
        fault.write_error = ENOSPC;
        assert_fails_and_leaves_the_old(-ENOSPC, rgb);
    }
    test_free(rgb);
}

static void an_error_at_close_or_rename_leaves_the_old_file(void **state)
{
    unsigned char *rgb = noise(SIDE, SIDE);
    (void)state;
    make_file("a.png", "old");
    fault.close_error = EIO;
    assert_fails_and_leaves_the_old(-EIO, rgb);
    fault.close_error = 0;
    fault.rename_error = EXDEV;
    assert_fails_and_leaves_the_old(-EXDEV, rgb);
    test_free(rgb);
}

static void a_name_that_is_taken_is_passed_over(void **state)
{
    unsigned char *rgb = noise(10, 10);
    char name[64];
    (void)state;
    for (int n = 0; n < 3; n++) {
        snprintf(name, sizeof name, ".png-%d-%d.part", (int)getpid(), n);
        make_file(name, "another's");
    }
    assert_int_equal(png_file_write("./a.png", rgb, 10, 10), 0);
    assert_png_holds("a.png", rgb, 10, 10);
    assert_file_says(name, "another's");
    assert_int_equal(entries("."), 4);
    test_free(rgb);
}

/* ---- Targets of other kinds ---- */

static int write_dot(const char *target)
{
    return png_file_write(target, (const unsigned char *)"rgb", 1, 1);
}

static void a_target_that_cannot_be_written_says_why(void **state)
{
    (void)state;
    make_file("file", "text");
    assert_int_equal(write_dot("missing/a.png"), -ENOENT);
    assert_int_equal(write_dot("file/a.png"), -ENOTDIR);
    assert_int_equal(write_dot("."), -EISDIR);
    assert_int_equal(write_dot(""), -ENOENT);
    assert_int_equal(write_dot("/dev/full"), -ENOSPC);
    if (geteuid() != 0) { /* root may write anything */
        assert_int_equal(chmod("file", 0444), 0);
        assert_int_equal(write_dot("file"), -EACCES);
        assert_int_equal(chmod(".", 0555), 0);
        assert_int_equal(write_dot("a.png"), -EACCES);
        assert_int_equal(chmod(".", 0755), 0);
    }
    assert_file_says("file", "text");
    assert_int_equal(entries("."), 1);
}

static void a_device_stays_a_device(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(write_dot("/dev/null"), 0);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void a_symbolic_link_stays_a_link(void **state)
{
    struct stat st;
    (void)state;
    make_file("file",
              "text that is longer than any picture of one pixel, by far");
    assert_int_equal(symlink("file", "link"), 0);
    assert_int_equal(write_dot("link"), 0);
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_png_holds("file", (const unsigned char *)"rgb", 1, 1);
    assert_int_equal(entries("."), 2);
}

static void a_pipe_gets_the_same_bytes_as_a_file(void **state)
{
    char target[32], by_pipe[512], by_file[512];
    int ends[2];
    (void)state;
    assert_int_equal(write_dot("a.png"), 0);
    FILE *file = fopen("a.png", "re");
    assert_non_null(file);
    size_t size = fread(by_file, 1, sizeof by_file, file);
    fclose(file);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(target, sizeof target, "/dev/fd/%d", ends[1]);
    int rc = write_dot(target);
    close(ends[1]);
    ssize_t got = read(ends[0], by_pipe, sizeof by_pipe);
    close(ends[0]);
    assert_int_equal(rc, 0);
    assert_int_equal(got, size);
    assert_memory_equal(by_pipe, by_file, size);
}

static void sides_have_limits(void **state)
{
    const unsigned char *rgb = (const unsigned char *)"rgb";
    (void)state;
    assert_int_equal(png_file_write("a.png", rgb, 0, 1), -EINVAL);
    assert_int_equal(png_file_write("a.png", rgb, 1, 0), -EINVAL);
    assert_int_equal(png_file_write("a.png", rgb, -1, 1), -EINVAL);
    assert_int_equal(png_file_write("a.png", rgb, 1, JULIA_SIDE_MAX + 1),
                     -EINVAL);
    assert_int_equal(entries("."), 0);
}

#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pixels_come_back_as_they_went_in),
        IN_FOLDER(short_and_interrupted_writes_change_nothing),
        IN_FOLDER(a_file_is_replaced_and_not_written_over),
        IN_FOLDER(a_new_file_is_as_open_as_the_umask_says),
        IN_FOLDER(an_error_at_any_write_leaves_the_old_file),
        IN_FOLDER(an_error_at_close_or_rename_leaves_the_old_file),
        IN_FOLDER(a_name_that_is_taken_is_passed_over),
        IN_FOLDER(a_target_that_cannot_be_written_says_why),
        IN_FOLDER(a_device_stays_a_device),
        IN_FOLDER(a_symbolic_link_stays_a_link),
        IN_FOLDER(a_pipe_gets_the_same_bytes_as_a_file),
        IN_FOLDER(sides_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
