/* SPDX-License-Identifier: MIT
 *
 * test_pool.c - what pool.h promises. Threads fail to start, and memory runs
 * out, on cue (the linker's --wrap, set in verbs.cmake).
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pool.h"
#include "util.h"
#include "worker.h"

/* ---- Faults; only the test's own thread makes pools ---- */

static int creates_left = -1, joins, allocs_left = -1; /* -1: no fault */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __real_pthread_join(pthread_t id, void **result);
int __wrap_pthread_join(pthread_t id, void **result);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg)
{
    if (creates_left == 0)
        return EAGAIN;
    if (creates_left > 0)
        creates_left--;
    return __real_pthread_create(id, attr, run, arg);
}

int __wrap_pthread_join(pthread_t id, void **result)
{
    joins++;
    return __real_pthread_join(id, result);
}

/* One fails, and then there is memory again: each must be looked at. */
static bool may_allocate(void)
{
    return allocs_left < 0 || allocs_left-- > 0;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return may_allocate() ? __real_aligned_alloc(alignment, size) : NULL;
}

/* ---- Beginning ---- */

static void
a_thread_that_cannot_start_is_reported_and_the_others_joined(void **state)
{
    (void)state;
    for (int started = 0; started < 4; started++) {
        struct pool *pool = NULL;
        creates_left = started;
        joins = 0;
        int rc = pool_new(&pool, 4);
        creates_left = -1;
        assert_int_equal(rc, -EAGAIN);
        assert_null(pool);
        assert_int_equal(joins, started);
    }
}

static void memory_that_runs_out_is_reported(void **state)
{
    (void)state;
    for (int allocated = 0; allocated < 3; allocated++) {
        struct pool *pool = NULL;
        allocs_left = allocated;
        int rc = pool_new(&pool, 4);
        allocs_left = -1;
        assert_int_equal(rc, -ENOMEM);
        assert_null(pool);
    }
}

/* ---- Size ---- */

static void a_size_out_of_reach_is_refused(void **state)
{
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(pool_new(&pool, POOL_MOST_WORKERS + 1), -EINVAL);
    assert_null(pool);
    pool_free(pool);
}

static void a_pool_has_a_worker_for_each_cpu_it_may_use(void **state)
{
    cpu_set_t before, one;
    struct pool *pool;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(pool_new(&pool, 0), 0);
    unsigned size = pool_size(pool);
    pool_free(pool);
    assert_int_equal(size, CPU_COUNT(&before));

    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(pool_new(&pool, 0), 0);
    size = pool_size(pool);
    pool_free(pool);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(size, 1);
}

/* NOLINTBEGIN(concurrency-mt-unsafe): no other thread is there */
static void the_environment_may_say_how_many_workers(void **state)
{
    const char *bad[] = {"", "0", "-1", "two", "1025"};
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(setenv("SCOPED_DEMO_THREADS", "5", 1), 0);
    assert_int_equal(pool_new(&pool, 0), 0);
    unsigned by_environment = pool_size(pool);
    pool_free(pool);
    assert_int_equal(pool_new(&pool, 3), 0);
    unsigned by_argument = pool_size(pool);
    pool_free(pool);
    pool = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(setenv("SCOPED_DEMO_THREADS", bad[i], 1), 0);
        assert_int_equal(pool_new(&pool, 0), -EINVAL);
        assert_null(pool);
    }
    assert_int_equal(unsetenv("SCOPED_DEMO_THREADS"), 0);
    assert_int_equal(by_environment, 5);
    assert_int_equal(by_argument, 3);
}
/* NOLINTEND(concurrency-mt-unsafe) */

/* ---- Jobs from outside ---- */

struct visit {
    pthread_t thread;
    unsigned id;
    int give;
    struct pool *other;
    struct visit *then;
};

static int visit(struct task *top, void *arg)
{
    struct visit *v = arg;

    v->thread = pthread_self();
    v->id = worker_id(top);
    if (v->other != NULL)
        return pool_run(v->other, visit, v->then);
    return v->give;
}

static void a_job_runs_on_a_worker_and_its_result_comes_back(void **state)
{
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 3), 0);
    struct visit v = {.give = -ENOTTY, .id = 99};
    int rc = pool_run(pool, visit, &v);
    pool_free(pool);
    assert_int_equal(rc, -ENOTTY);
    assert_in_range(v.id, 0, 2);
    assert_false(pthread_equal(v.thread, pthread_self()));
}

static void a_pool_may_go_without_ever_having_worked(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct pool *pool;
        assert_int_equal(pool_new(&pool, 1 + (unsigned)round % 16), 0);
        pool_free(pool);
    }
}

static void a_worker_may_not_wait_for_its_own_pool(void **state)
{
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 2), 0);
    struct visit inner = {.give = 0}, outer = {.other = pool, .then = &inner};
    int rc = pool_run(pool, visit, &outer);
    pool_free(pool);
    assert_int_equal(rc, -EDEADLK);
}

static void pools_know_nothing_of_each_other(void **state)
{
    struct pool *one, *other;
    (void)state;
    assert_int_equal(pool_new(&one, 1), 0);
    assert_int_equal(pool_new(&other, 1), 0);
    struct visit inner = {.give = 42}, outer = {.other = other, .then = &inner};
    int rc = pool_run(one, visit, &outer);
    pool_free(one);
    int later = pool_run(other, visit, &inner);
    pool_free(other);
    assert_int_equal(rc, 42);
    assert_int_equal(later, 42);
    assert_false(pthread_equal(outer.thread, inner.thread));
}

static void a_pool_for_one_job_gives_what_the_job_gave(void **state)
{
    struct visit v = {.give = -ENOTTY, .id = 99};
    (void)state;
    assert_int_equal(pool_once(3, visit, &v), -ENOTTY);
    assert_in_range(v.id, 0, 2);
    v.id = 99;
    assert_int_equal(pool_once(POOL_MOST_WORKERS + 1, visit, &v), -EINVAL);
    assert_int_equal(v.id, 99);
}

/* ---- Many callers at once ---- */

enum { CALLERS = 8, CALLS = 500 };

struct caller {
    struct pool *pool;
    int number, wrong;
};

static int answer(struct task *top, void *arg)
{
    (void)top;
    return *(int *)arg;
}

static void *call(void *arg)
{
    struct caller *self = arg;

    for (int i = 0; i < CALLS; i++) {
        int question = self->number * CALLS + i;
        self->wrong += pool_run(self->pool, answer, &question) != question;
    }
    return NULL;
}

static void each_of_many_callers_gets_its_own_answer(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 16; workers *= 2) {
        struct caller caller[CALLERS] = {{0}};
        pthread_t thread[CALLERS];
        struct pool *pool;
        int wrong = 0;
        assert_int_equal(pool_new(&pool, workers), 0);
        for (int i = 0; i < CALLERS; i++) {
            caller[i] = (struct caller){pool, i, 0};
            must(pthread_create(&thread[i], NULL, call, &caller[i]));
        }
        for (int i = 0; i < CALLERS; i++) {
            must(pthread_join(thread[i], NULL));
            wrong += caller[i].wrong;
        }
        pool_free(pool);
        assert_int_equal(wrong, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_out_of_reach_is_refused),
        cmocka_unit_test(
            a_thread_that_cannot_start_is_reported_and_the_others_joined),
        cmocka_unit_test(memory_that_runs_out_is_reported),
        cmocka_unit_test(a_pool_has_a_worker_for_each_cpu_it_may_use),
        cmocka_unit_test(the_environment_may_say_how_many_workers),
        cmocka_unit_test(a_job_runs_on_a_worker_and_its_result_comes_back),
        cmocka_unit_test(a_pool_may_go_without_ever_having_worked),
        cmocka_unit_test(a_worker_may_not_wait_for_its_own_pool),
        cmocka_unit_test(pools_know_nothing_of_each_other),
        cmocka_unit_test(a_pool_for_one_job_gives_what_the_job_gave),
        cmocka_unit_test(each_of_many_callers_gets_its_own_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
