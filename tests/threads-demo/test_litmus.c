/* SPDX-License-Identifier: MIT
 *
 * test_litmus.c - what litmus.h promises. Linked with --wrap=aligned_alloc
 * and --wrap=pthread_create (verbs.cmake).
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "litmus.h"

/* ---- No memory, no threads ---- */

static bool no_memory;
static int threads_left = -1;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return no_memory ? NULL : __real_aligned_alloc(alignment, size);
}

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

/* ---- The tests ---- */

/* seq_cst: nobody may see both loads overtake both stores. */
static void left(struct litmus_run *run, int order)
{
    (void)order;
    atomic_store_explicit(&run->x, 1, memory_order_seq_cst);
    run->left = atomic_load_explicit(&run->y, memory_order_seq_cst);
}

static void right(struct litmus_run *run, int order)
{
    (void)order;
    atomic_store_explicit(&run->y, 1, memory_order_seq_cst);
    run->right = atomic_load_explicit(&run->x, memory_order_seq_cst);
}

static void only_order_9(struct litmus_run *run, int order)
{
    run->left = order == 9;
}

static void nothing(struct litmus_run *run, int order)
{
    (void)run;
    (void)order;
}

static void every_run_counts_and_begins_with_nothing_done(void **state)
{
    long seen[2][2];
    (void)state;
    assert_int_equal(litmus_count(seen, left, right, 0), 0);
    assert_int_equal(seen[0][0], 0);
    assert_int_equal(seen[0][1] + seen[1][0] + seen[1][1], LITMUS_RUNS);
    assert_int_equal(litmus_count(seen, left, nothing, 0), 0);
    assert_int_equal(seen[0][0], LITMUS_RUNS); /* nobody stores y */
}

static void each_side_is_told_the_order(void **state)
{
    long seen[2][2];
    (void)state;
    assert_int_equal(litmus_count(seen, only_order_9, nothing, 9), 0);
    assert_int_equal(seen[1][0], LITMUS_RUNS);
    assert_int_equal(litmus_count(seen, only_order_9, nothing, 8), 0);
    assert_int_equal(seen[0][0], LITMUS_RUNS);
}

static void without_memory_or_threads_it_says_so_and_ends(void **state)
{
    long seen[2][2];
    (void)state;
    no_memory = true;
    assert_int_equal(litmus_count(seen, left, right, 0), -ENOMEM);
    no_memory = false;
    for (int threads = 0; threads < 2; threads++) {
        threads_left = threads;
        assert_int_equal(litmus_count(seen, left, right, 0), -EAGAIN);
    }
    threads_left = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_counts_and_begins_with_nothing_done),
        cmocka_unit_test(each_side_is_told_the_order),
        cmocka_unit_test(without_memory_or_threads_it_says_so_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
