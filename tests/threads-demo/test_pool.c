/* SPDX-License-Identifier: MIT
 *
 * test_pool.c - what pool.h promises.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool.h"
#include "util.h"

enum { JOBS = 500 };

static void *next_number(void *arg)
{
    return (char *)arg + 1;
}

static void results_come_in_the_order_of_the_jobs(void **state)
{
    static char base[JOBS + 1];
    struct pool *pool;
    void *result;
    (void)state;
    for (size_t workers = 1; workers <= 8; workers *= 2) {
        assert_int_equal(pool_new(&pool, workers, 4), 0);
        assert_int_equal(pool_fetch(pool, &result), -ENOENT);
        for (int i = 0; i < JOBS; i++)
            assert_int_equal(pool_submit(pool, next_number, base + i), 0);
        for (int i = 0; i < JOBS; i++) {
            assert_int_equal(pool_fetch(pool, &result), 0);
            assert_ptr_equal(result, base + i + 1);
        }
        assert_int_equal(pool_fetch(pool, &result), -ENOENT);
        pool_free(pool);
    }
}

static void *count_run(void *arg)
{
    /* relaxed: read after the pool has joined its workers. */
    atomic_fetch_add_explicit((_Atomic int *)arg, 1, memory_order_relaxed);
    return NULL;
}

static void the_end_finishes_what_is_queued(void **state)
{
    _Atomic int runs = 0;
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 2, JOBS), 0);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(pool_submit(pool, count_run, &runs), 0);
    pool_free(pool);
    assert_int_equal(atomic_load_explicit(&runs, memory_order_relaxed), JOBS);
}

static void *meet_the_others(void *arg)
{
    pthread_barrier_wait(arg); /* ends only if all run at the same time */
    return NULL;
}

static void every_worker_runs_a_job_at_the_same_time(void **state)
{
    pthread_barrier_t all;
    struct pool *pool;
    (void)state;
    must(pthread_barrier_init(&all, NULL, 4));
    assert_int_equal(pool_new(&pool, 4, 4), 0);
    for (int i = 0; i < 40; i++)
        assert_int_equal(pool_submit(pool, meet_the_others, &all), 0);
    pool_free(pool);
    must(pthread_barrier_destroy(&all));
}

/* ---- No memory: --wrap=calloc (verbs.cmake) ---- */

static int allocations_left = -1; /* the test's own thread alone allocates */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return __real_calloc(count, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void without_memory_or_workers_there_is_no_pool(void **state)
{
    struct pool *pool = NULL;
    int rc = -ENOMEM;
    (void)state;
    assert_int_equal(pool_new(&pool, 0, 1), -EINVAL);
    assert_int_equal(pool_new(&pool, 1, 0), -EINVAL);
    assert_int_equal(pool_new(&pool, SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(pool_new(&pool, SIZE_MAX / 16 + 1, 1), -ENOMEM);
    for (int left = 0; rc == -ENOMEM; left++) {
        assert_true(left < 8);
        assert_null(pool);
        allocations_left = left;
        rc = pool_new(&pool, 1, 1);
        allocations_left = -1;
    }
    assert_int_equal(rc, 0);
    allocations_left = 0;
    assert_int_equal(pool_submit(pool, next_number, NULL), -ENOMEM);
    allocations_left = -1;
    pool_free(pool);
    pool_free(NULL);
}

/* ---- No thread: --wrap=pthread_create ---- */

static int threads_left = -1;

/* NOLINTBEGIN(bugprone-reserved-identifier): as above */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *arg), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *arg), void *arg)
{
    if (threads_left == 0)
        return EAGAIN;
    if (threads_left > 0)
        threads_left--;
    return __real_pthread_create(thread, attributes, run, arg);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void without_threads_there_is_no_pool_and_none_is_left(void **state)
{
    struct pool *pool = NULL;
    (void)state;
    for (int left = 0; left < 4; left++) {
        threads_left = left;
        assert_int_equal(pool_new(&pool, 4, 1), -EAGAIN);
        assert_null(pool);
    }
    threads_left = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_the_order_of_the_jobs),
        cmocka_unit_test(the_end_finishes_what_is_queued),
        cmocka_unit_test(every_worker_runs_a_job_at_the_same_time),
        cmocka_unit_test(without_memory_or_workers_there_is_no_pool),
        cmocka_unit_test(without_threads_there_is_no_pool_and_none_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
