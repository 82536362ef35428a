/* SPDX-License-Identifier: MIT
 *
 * test_thread_scope.c - what thread_scope.h promises. Threads fail to start,
 * and memory runs out, on cue (the linker's --wrap, set in verbs.cmake).
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "thread_scope.h"
#include "util.h"

/* Changed by the test's own thread, while it has no others. */
static int creates_left = -1; /* -1: no fault */
static bool no_memory;
static _Thread_local int joins; /* of this thread */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __real_pthread_join(pthread_t id, void **result);
int __wrap_pthread_join(pthread_t id, void **result);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg)
{
    if (creates_left == 0)
        return EAGAIN;
    if (creates_left > 0)
        creates_left--; /* only in tests without scopes in threads */
    return __real_pthread_create(id, attr, run, arg);
}

int __wrap_pthread_join(pthread_t id, void **result)
{
    joins++;
    return __real_pthread_join(id, result);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

enum { THREADS = 10 };

struct child {
    int gives, runs;
    pthread_t id;
};

struct family {
    struct child child[THREADS];
    int spawned, body_gives;
    int asked; /* which child is joined by hand; -1: none */
    int answers[2];
};

static int run_child(void *arg)
{
    struct child *child = arg;

    child->runs++;
    child->id = pthread_self();
    return child->gives;
}

static int spawn_family(struct thread_scope *ts, void *arg)
{
    struct family *f = arg;
    struct scoped_thread *thread;

    for (f->spawned = 0; f->spawned < THREADS; f->spawned++) {
        int rc =
            thread_scope_spawn(ts, &thread, run_child, &f->child[f->spawned]);
        if (rc < 0)
            return rc;
        if (f->spawned == f->asked)
            for (int i = 0; i < 2; i++)
                f->answers[i] = thread_scope_join(thread);
    }
    return f->body_gives;
}

static int run_family(struct family *f)
{
    joins = 0;
    return thread_scope_run(spawn_family, f);
}

static void all_threads_are_joined_and_were_others(void **state)
{
    struct family f = {.asked = -1};
    (void)state;
    assert_int_equal(run_family(&f), 0);
    assert_int_equal(joins, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(f.child[i].runs, 1);
        assert_false(pthread_equal(f.child[i].id, pthread_self()));
    }
}

static void the_first_error_in_the_order_of_spawning_comes_back(void **state)
{
    struct family f = {.asked = -1};
    (void)state;
    f.child[3].gives = -EIO;
    f.child[7].gives = -EPERM;
    assert_int_equal(run_family(&f), -EIO);
    assert_int_equal(joins, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(f.child[i].runs, 1);
}

static void a_bodys_error_comes_before_its_threads(void **state)
{
    struct family f = {.asked = -1, .body_gives = -ECANCELED};
    (void)state;
    f.child[3].gives = -EIO;
    assert_int_equal(run_family(&f), -ECANCELED);
    assert_int_equal(joins, THREADS);
}

static void a_result_asked_for_is_no_longer_the_scopes(void **state)
{
    struct family f = {.asked = 3};
    (void)state;
    f.child[3].gives = -EIO;
    assert_int_equal(run_family(&f), 0);
    assert_int_equal(f.answers[0], -EIO);
    assert_int_equal(f.answers[1], -EIO);
    assert_int_equal(joins, THREADS);
}

static void
a_thread_that_cannot_start_is_reported_the_others_joined(void **state)
{
    (void)state;
    for (int started = 0; started < THREADS; started++) {
        struct family f = {.asked = -1};
        creates_left = started;
        int rc = run_family(&f);
        creates_left = -1;
        assert_int_equal(rc, -EAGAIN);
        assert_int_equal(f.spawned, started);
        assert_int_equal(joins, started);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(f.child[i].runs, i < started);
    }
}

static void memory_that_runs_out_is_reported(void **state)
{
    struct family f = {.asked = -1};
    (void)state;
    no_memory = true;
    int rc = run_family(&f);
    no_memory = false;
    assert_int_equal(rc, -ENOMEM);
    assert_int_equal(f.spawned, 0);
}

/* ---- Threads that borrow the frame, and open scopes of their own ---- */

static int descend(void *arg);

static int spawn_below(struct thread_scope *ts, void *arg)
{
    int *below = arg;
    int rc = thread_scope_spawn(ts, NULL, descend, &below[0]);
    return rc < 0 ? rc : thread_scope_spawn(ts, NULL, descend, &below[1]);
}

/* *level comes back as the number of leaves. */
static int descend(void *arg)
{
    int *level = arg;
    int below[2] = {*level - 1, *level - 1};

    if (*level == 0) {
        *level = 1;
        return 0;
    }
    int rc = thread_scope_run(spawn_below, below);
    *level = below[0] + below[1];
    return rc;
}

static void scopes_nest_and_threads_write_into_the_frame(void **state)
{
    int level = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        level = 5;
        assert_int_equal(descend(&level), 0);
        assert_int_equal(level, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads_are_joined_and_were_others),
        cmocka_unit_test(the_first_error_in_the_order_of_spawning_comes_back),
        cmocka_unit_test(a_bodys_error_comes_before_its_threads),
        cmocka_unit_test(a_result_asked_for_is_no_longer_the_scopes),
        cmocka_unit_test(
            a_thread_that_cannot_start_is_reported_the_others_joined),
        cmocka_unit_test(memory_that_runs_out_is_reported),
        cmocka_unit_test(scopes_nest_and_threads_write_into_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
