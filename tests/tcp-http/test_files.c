/* SPDX-License-Identifier: MIT
 *
 * test_files.c - what files.h promises, on a tree of its own with all in it that
 * could lead out or hang. All of it runs twice: by openat2(2), and with that
 * refused, a component at a time. syscall(2) and openat(2) are wrapped
 * (verbs.cmake), to fail on cue and to be counted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "files.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's -fanalyzer does not see that a struct returned is written whole. */
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
#endif

/* ---- The kernel, wrapped ---- */

static int error_of_openat2, error_of_openat; /* 0: the real call */
static int calls_of_openat2, calls_of_openat;
static uint64_t resolve; /* what the last openat2 was told */

/* The linker's --wrap gives the names:
 * NOLINTBEGIN(bugprone-reserved-identifier) */
long __real_syscall(long number, int at, const char *name,
                    const struct open_how *how, size_t size);
long __wrap_syscall(long number, int at, const char *name,
                    const struct open_how *how, size_t size);
int __real_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, ...);

long __wrap_syscall(long number, int at, const char *name,
                    const struct open_how *how, size_t size)
{
    calls_of_openat2++;
    resolve = how->resolve;
    if (error_of_openat2 == 0)
        return __real_syscall(number, at, name, how, size);
    errno = error_of_openat2;
    return -1;
}

int __wrap_openat(int fd, const char *name, int flags, ...)
{
    calls_of_openat++;
    if (error_of_openat == 0)
        return __real_openat(fd, name, flags);
    errno = error_of_openat;
    return -1;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- A tree: out/ lies beside site/, which is the root ---- */

enum { NOW = 1000000000, BIG = 100000, THEN = 784111777 };

static const char outside[] = "this is not for you\n";
static char top[64];
static int descriptors; /* before anything was opened */
static struct files *files;

static int count_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(all);
    while (readdir(all) != NULL) /* NOLINT(concurrency-mt-unsafe): own dir */
        count++;
    closedir(all);
    return count;
}

static const char *in_top(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

/* Writes a file of so many bytes (repeating text), last modified then. */
static void put(const char *name, const char *text, size_t length, time_t then)
{
    const struct timespec times[] = {{.tv_sec = then}, {.tv_sec = then}};
    int fd = open(in_top(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    for (size_t i = 0; i < length; i += strlen(text)) {
        size_t left = length - i;
        size_t count = left < strlen(text) ? left : strlen(text);
        assert_int_equal(write(fd, text, count), count);
    }
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text), THEN);
}

static void put_directory(const char *name)
{
    assert_int_equal(mkdir(in_top(name), 0755), 0);
}

static void put_link(const char *to, const char *name)
{
    assert_int_equal(symlink(to, in_top(name)), 0);
}

static void put_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", top, name);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static int make_tree(void **state)
{
    (void)state;
    descriptors = count_descriptors();
    calls_of_openat2 = calls_of_openat = 0;
    snprintf(top, sizeof top, "/tmp/test_files.XXXXXX");
    assert_non_null(mkdtemp(top));
    put_directory("site");
    put_directory("site/docs");
    put_directory("site/empty");
    put_directory("site/.git");
    put_directory("out");
    put_text("out/secret", outside);
    put_text("site/index.html", "<p>hello\n");
    put_text("site/hello.txt", "hello\n");
    put_text("site/nothing", "");
    put_text("site/docs/index.html", "<p>docs\n");
    put_text("site/docs/a b.TXT", "a b\n");
    put_text("site/docs/index.html.gz", "gz\n");
    put_text("site/.git/config", outside);
    put_text("site/docs/.htaccess", outside);
    put("site/small", "0123456789", FILES_SMALL_MAX, THEN);
    put("site/big.bin", "0123456789", BIG, THEN);
    put_link("../out/secret", "site/link-out");
    put_link("../out", "site/directory-out");
    put_link("/etc/passwd", "site/link-absolute");
    put_link("hello.txt", "site/link-within");
    put_link("docs", "site/directory-within");
    put_link("/proc/self/cwd", "site/link-magic");
    put_link("loop", "site/loop");
    assert_int_equal(mkfifo(in_top("site/fifo"), 0644), 0);
    put_socket("site/socket");
    /* The null device; without the right to make one, it is a FIFO. */
    if (mknod(in_top("site/device"), S_IFCHR | 0644, (dev_t)(1 << 8 | 3)) < 0)
        assert_int_equal(mkfifo(in_top("site/device"), 0644), 0);
    assert_int_equal(files_open(&files, in_top("site")), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

static int remove_tree(void **state)
{
    (void)state;
    files_close(files);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread is left */
    assert_int_equal(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    assert_int_equal(count_descriptors(), descriptors);
    return 0;
}

static int make_tree_without_openat2(void **state)
{
    error_of_openat2 = ENOSYS;
    return make_tree(state);
}

static int remove_tree_with_openat2(void **state)
{
    error_of_openat2 = 0;
    return remove_tree(state);
}

static struct response ask_at(const char *method, const char *path,
                              const char *since, time_t second, int *fd)
{
    return files_answer(files, text_of(method), text_of(path), text_of(since),
                        second, fd);
}

/* GET of what is answered from memory. */
static struct response get(const char *path)
{
    int fd = 42;
    struct response answer = ask_at("GET", path, "", NOW, &fd);
    assert_int_equal(fd, -1);
    return answer;
}

#define ASSERT_TEXT(text, string)                                \
    do {                                                         \
        assert_int_equal((text).length, strlen(string));         \
        assert_memory_equal((text).at, (string), (text).length); \
    } while (0)

/* ---- What is shown ---- */

static void a_small_file_is_answered_from_memory(void **state)
{
    (void)state;
    struct response answer = get("/hello.txt");
    assert_int_equal(answer.status, 200);
    ASSERT_TEXT(answer.body, "hello\n");
    assert_int_equal(answer.apart, 0);
    assert_false(answer.head_only);
    assert_string_equal(answer.type, "text/plain; charset=utf-8");
    assert_string_equal(answer.modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    answer = get("/nothing");
    assert_int_equal(answer.status, 200);
    ASSERT_TEXT(answer.body, "");
    answer = get("/small");
    assert_int_equal(answer.body.length, FILES_SMALL_MAX);
    assert_memory_equal(answer.body.at + FILES_SMALL_MAX - 6, "012345", 6);
}

static void a_large_file_is_the_kernels_to_send(void **state)
{
    char bytes[16];
    int fd;
    (void)state;
    struct response answer = ask_at("GET", "/big.bin", "", NOW, &fd);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.apart, BIG);
    assert_int_equal(answer.body.length, 0);
    assert_string_equal(answer.type, "application/octet-stream");
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof bytes);
    assert_memory_equal(bytes, "0123456789012345", sizeof bytes);
    close(fd);
}

static void a_head_tells_the_length_and_no_more(void **state)
{
    int fd;
    (void)state;
    struct response answer = ask_at("HEAD", "/hello.txt", "", NOW, &fd);
    assert_int_equal(answer.status, 200);
    assert_true(answer.head_only);
    assert_int_equal(answer.body.length + (size_t)answer.apart, 6);
    answer = ask_at("HEAD", "/big.bin", "", NOW, &fd);
    assert_int_equal(fd, -1);
    assert_true(answer.head_only);
    assert_int_equal(answer.apart, BIG);
    answer = ask_at("HEAD", "/no", "", NOW, &fd);
    assert_int_equal(answer.status, 404);
    assert_true(answer.head_only);
}

static void other_methods_are_refused(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "get", ""};
    int fd;
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct response answer = ask_at(methods[i], "/hello.txt", "", NOW, &fd);
        assert_int_equal(answer.status, 405);
        assert_string_equal(answer.allow, "GET, HEAD");
        assert_int_equal(fd, -1);
    }
}

static void a_directory_shows_its_index(void **state)
{
    (void)state;
    ASSERT_TEXT(get("/").body, "<p>hello\n");
    ASSERT_TEXT(get("").body, "<p>hello\n");
    ASSERT_TEXT(get("/docs/").body, "<p>docs\n");
    assert_string_equal(get("/docs/").type, "text/html; charset=utf-8");
    assert_int_equal(get("/docs").status, 404);
    assert_int_equal(get("/empty/").status, 404);
}

static void names_are_decoded_and_types_are_in_any_case(void **state)
{
    (void)state;
    ASSERT_TEXT(get("/docs/a%20b.TXT").body, "a b\n");
    assert_string_equal(get("/docs/a%20b.TXT").type,
                        "text/plain; charset=utf-8");
    assert_string_equal(get("/docs/index.html.gz").type, "application/gzip");
}

/* ---- What is not ---- */

static void nothing_leads_out_and_nothing_hangs(void **state)
{
    static const struct {
        const char *path;
        int status;
    } cases[] = {
        {"/../out/secret", 400},
        {"/docs/../../out/secret", 400},
        {"/%2e%2e/out/secret", 400},
        {"/hello.txt%00.html", 400},
        {"*", 400},
        {"/..%2fout%2fsecret", 404},
        {"/docs%2findex.html", 404},
        {"//hello.txt", 404},
        {"/.git/config", 404},
        {"/%2egit/config", 404},
        {"/docs/.htaccess", 404},
        {"/link-out", 404},
        {"/directory-out/secret", 404},
        {"/link-absolute", 404},
        {"/link-within", 404},
        {"/directory-within/index.html", 404},
        {"/link-magic/hello.txt", 404},
        {"/loop", 404},
        {"/loop/a", 404},
        {"/no", 404},
        {"/no/way", 404},
        {"/hello.txt/", 404},
        {"/hello.txt/a", 404},
        {"/fifo", 403},
        {"/fifo/a", 404},
        {"/socket", 403},
        {"/device", 403},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = get(cases[i].path).status;
        if (status != cases[i].status)
            print_error("%s: %d\n", cases[i].path, status);
        assert_int_equal(status, cases[i].status);
    }
}

static void a_name_the_kernel_finds_too_long_is_not_there(void **state)
{
    char path[600] = "/";
    (void)state;
    memset(path + 1, 'a', 300); /* over NAME_MAX */
    assert_int_equal(get(path).status, 404);
    char longest[2000] = "/";
    memset(longest + 1, 'a', sizeof longest - 2);
    assert_int_equal(get(longest).status, 404);
}

struct swap {
    char a[512], b[512];
    atomic_bool stop;
    int failures;
};

static void *swap_names(void *arg)
{
    struct swap *swap = arg;
    /* relaxed: nothing else is told by it; the join orders the rest. */
    while (!atomic_load_explicit(&swap->stop, memory_order_relaxed)) {
        swap->failures += renameat2(AT_FDCWD, swap->a, AT_FDCWD, swap->b,
                                    RENAME_EXCHANGE) != 0;
        sched_yield(); /* valgrind runs one thread at a time: let the other */
    }
    return NULL;
}

/* A directory becomes a link that leads out, and again a directory, while names
 * below it are looked up: they are found, or they are not there. */
static void a_swap_in_the_midst_of_a_walk_leads_nowhere(void **state)
{
    struct swap swap = {.failures = 0};
    pthread_t thread;
    int found = 0, hidden = 0;
    (void)state;
    put_directory("site/x");
    put_text("site/x/secret", "ours\n");
    snprintf(swap.a, sizeof swap.a, "%s/site/x", top);
    snprintf(swap.b, sizeof swap.b, "%s/site/directory-out", top);
    assert_int_equal(pthread_create(&thread, NULL, swap_names, &swap), 0);
    bool leaked = false;
    for (time_t second = NOW;
         second < NOW + 1000000 && (second < NOW + 3000 || !found || !hidden);
         second++) {
        int fd;
        struct response answer = ask_at("GET", "/x/secret", "", second, &fd);
        found += answer.status == 200;
        hidden += answer.status == 404;
        leaked |= answer.status == 200 && !text_is(answer.body, "ours\n");
    }
    atomic_store_explicit(&swap.stop, true, memory_order_relaxed);
    pthread_join(thread, NULL);
    assert_false(leaked);
    assert_int_equal(swap.failures, 0);
    assert_true(found > 0 && hidden > 0); /* else nothing was proved */
}

/* ---- What changes ---- */

static void an_unchanged_file_is_a_304(void **state)
{
    static const struct {
        const char *since;
        int status;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 304},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 304},
        {"Sun Nov  6 08:49:37 1994", 304},
        {"Sun, 06 Nov 1994 08:49:38 GMT", 304},
        {"Sun, 06 Nov 1994 08:49:36 GMT", 200},
        {"Sun, 06 Nov 1994 08:49:37 UTC", 200}, /* no date: not heeded */
        {"", 200},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd;
        struct response answer =
            ask_at("GET", "/hello.txt", cases[i].since, NOW, &fd);
        assert_int_equal(answer.status, cases[i].status);
        assert_string_equal(answer.modified, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_int_equal(answer.body.length, answer.status == 200 ? 6 : 0);
        answer = ask_at("GET", "/big.bin", cases[i].since, NOW, &fd);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(fd >= 0, answer.status == 200);
        assert_int_equal(answer.apart, answer.status == 200 ? BIG : 0);
        if (fd >= 0)
            close(fd);
        answer = ask_at("HEAD", "/hello.txt", cases[i].since, NOW, &fd);
        assert_int_equal(answer.status, cases[i].status);
    }
}

/* Whoever is told the date of this very second could miss the next change. */
static void a_date_that_may_not_be_the_last_is_not_told(void **state)
{
    static const time_t dates[] = {NOW, NOW + 1, NOW + 1000};
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int fd;
        put("site/new", "new\n", 4, dates[i]);
        struct response answer =
            ask_at("GET", "/new", "Sun, 09 Sep 2035 01:46:40 GMT", NOW, &fd);
        assert_int_equal(answer.status, 200);
        assert_null(answer.modified);
    }
    int fd;
    put("site/newest", "new\n", 4, NOW);
    struct response answer = ask_at("GET", "/newest", "", NOW + 1, &fd);
    assert_string_equal(answer.modified, "Sun, 09 Sep 2001 01:46:40 GMT");
}

static void a_small_file_is_kept_for_the_second_and_no_longer(void **state)
{
    int fd;
    (void)state;
    put_text("site/changes", "one\n");
    ASSERT_TEXT(get("/changes").body, "one\n");
    put_text("site/changes", "two, which is longer\n");
    int calls = calls_of_openat2 + calls_of_openat;
    for (int i = 0; i < 1000; i++)
        ASSERT_TEXT(get("/changes").body, "one\n");
    assert_int_equal(calls_of_openat2 + calls_of_openat, calls);
    ASSERT_TEXT(ask_at("GET", "/changes", "", NOW + 1, &fd).body,
                "two, which is longer\n");
    /* A clock that is set back is another second too. */
    put_text("site/changes", "three\n");
    ASSERT_TEXT(ask_at("GET", "/changes", "", NOW, &fd).body, "three\n");
    assert_int_equal(unlink(in_top("site/changes")), 0);
    assert_int_equal(ask_at("GET", "/changes", "", NOW + 2, &fd).status, 404);
    /* What was kept of it is gone as well. */
    assert_int_equal(ask_at("GET", "/changes", "", NOW, &fd).status, 404);
}

/* More paths than slots: every answer is still that of its own path. */
static void slots_are_shared_and_answers_are_not(void **state)
{
    char name[64], text[16];
    (void)state;
    put_directory("site/many");
    for (int i = 0; i < 3 * FILES_KEPT; i++) {
        snprintf(name, sizeof name, "site/many/%d", i);
        snprintf(text, sizeof text, "%d\n", i);
        put_text(name, text);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3 * FILES_KEPT; i++) {
            snprintf(name, sizeof name, "/many/%d", i);
            snprintf(text, sizeof text, "%d\n", i);
            ASSERT_TEXT(get(name).body, text);
        }
    }
}

static void a_path_too_long_to_be_kept_is_answered_as_well(void **state)
{
    char name[256] = "site/", path[256] = "/";
    (void)state;
    memset(name + 5, 'l', 200);
    memset(path + 1, 'l', 200);
    put_text(name, "long\n");
    ASSERT_TEXT(get(path).body, "long\n");
    put_text(name, "longer\n");
    ASSERT_TEXT(get(path).body, "longer\n"); /* not kept, that is */
}

static void the_root_may_be_moved(void **state)
{
    char to[128];
    (void)state;
    snprintf(to, sizeof to, "%s/moved", top);
    assert_int_equal(rename(in_top("site"), to), 0);
    ASSERT_TEXT(get("/hello.txt").body, "hello\n");
}

/* ---- Errors ---- */

static void a_root_must_be_a_directory(void **state)
{
    struct files *none = NULL;
    (void)state;
    assert_int_equal(files_open(&none, in_top("no")), -ENOENT);
    assert_int_equal(files_open(&none, in_top("site/hello.txt")), -ENOTDIR);
    assert_null(none);
    files_close(NULL);
}

/* No name can be seen to need RESOLVE_BENEATH, as path.h lets no ".." through: so
 * it is looked for here. */
static void the_kernel_is_told_to_stay_below(void **state)
{
    (void)state;
    get("/hello.txt");
    assert_int_equal(calls_of_openat2, 1);
    assert_int_equal(resolve, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static void a_refused_openat2_is_not_tried_again(void **state)
{
    static const int refusals[] = {ENOSYS, EPERM};
    int before = error_of_openat2;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        files_close(files);
        assert_int_equal(files_open(&files, in_top("site")), 0);
        error_of_openat2 = refusals[i];
        int calls = calls_of_openat2;
        ASSERT_TEXT(get("/hello.txt").body, "hello\n");
        ASSERT_TEXT(get("/docs/").body, "<p>docs\n");
        assert_int_equal(calls_of_openat2, calls + 1);
    }
    error_of_openat2 = before;
}

static void a_fault_has_its_status_and_keeps_nothing(void **state)
{
    static const struct {
        int error, status;
    } cases[] = {{EMFILE, 503}, {ENFILE, 503}, {ENOMEM, 503}, {EACCES, 403},
                 {EIO, 500},    {EXDEV, 404},  {ENXIO, 403}};
    int before = error_of_openat2;
    int fd;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (before == 0)
            error_of_openat2 = cases[i].error;
        error_of_openat = cases[i].error;
        struct response answer =
            ask_at("GET", "/docs/", "", NOW + (time_t)i, &fd);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(fd, -1);
        error_of_openat2 = before;
        error_of_openat = 0;
        answer = ask_at("GET", "/docs/", "", NOW + (time_t)i, &fd);
        assert_int_equal(answer.status, 200);
    }
}

#define PROMISE(test) \
    cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)
#define PROMISE_WITHOUT(test)                                        \
    cmocka_unit_test_setup_teardown(test, make_tree_without_openat2, \
                                    remove_tree_with_openat2)
#define BOTH_WAYS(test) PROMISE(test), PROMISE_WITHOUT(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_WAYS(a_small_file_is_answered_from_memory),
        BOTH_WAYS(a_large_file_is_the_kernels_to_send),
        BOTH_WAYS(a_head_tells_the_length_and_no_more),
        BOTH_WAYS(other_methods_are_refused),
        BOTH_WAYS(a_directory_shows_its_index),
        BOTH_WAYS(names_are_decoded_and_types_are_in_any_case),
        BOTH_WAYS(nothing_leads_out_and_nothing_hangs),
        BOTH_WAYS(a_name_the_kernel_finds_too_long_is_not_there),
        BOTH_WAYS(a_swap_in_the_midst_of_a_walk_leads_nowhere),
        BOTH_WAYS(an_unchanged_file_is_a_304),
        BOTH_WAYS(a_date_that_may_not_be_the_last_is_not_told),
        BOTH_WAYS(a_small_file_is_kept_for_the_second_and_no_longer),
        BOTH_WAYS(slots_are_shared_and_answers_are_not),
        BOTH_WAYS(a_path_too_long_to_be_kept_is_answered_as_well),
        BOTH_WAYS(the_root_may_be_moved),
        BOTH_WAYS(a_root_must_be_a_directory),
        PROMISE(the_kernel_is_told_to_stay_below),
        PROMISE(a_refused_openat2_is_not_tried_again),
        BOTH_WAYS(a_fault_has_its_status_and_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
