/* SPDX-License-Identifier: MIT
 *
 * test_deque.c - what deque.h promises.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deque.h"
#include "util.h"

static char mark[2 * DEQUE_CAPACITY]; /* a task is known by where it points */

static struct task task(size_t number)
{
    return (struct task){NULL, &mark[number]};
}

static size_t number(struct task task)
{
    return (size_t)((char *)task.arg - mark);
}

static int make_deque(void **state)
{
    static struct deque d;

    deque_init(&d);
    *state = &d;
    return 0;
}

static int end_deque(void **state)
{
    deque_destroy(*state);
    return 0;
}

static void an_empty_deque_gives_nothing(void **state)
{
    struct deque *d = *state;
    struct task out = task(7);

    assert_false(deque_has_task(d));
    assert_false(deque_pop(d, &out));
    assert_false(deque_steal(d, &out));
    assert_int_equal(number(out), 7);
}

static void the_owner_gets_the_youngest_and_a_thief_the_oldest(void **state)
{
    struct deque *d = *state;
    struct task out;

    for (size_t i = 0; i < 5; i++)
        assert_true(deque_push(d, task(i)));
    assert_true(deque_has_task(d));
    assert_true(deque_pop(d, &out));
    assert_int_equal(number(out), 4);
    assert_true(deque_steal(d, &out));
    assert_int_equal(number(out), 0);
    assert_true(deque_steal(d, &out));
    assert_int_equal(number(out), 1);
    assert_true(deque_pop(d, &out));
    assert_int_equal(number(out), 3);
    assert_true(deque_pop(d, &out));
    assert_int_equal(number(out), 2);
    assert_false(deque_pop(d, &out));
}

static void a_full_deque_refuses_and_loses_nothing(void **state)
{
    struct deque *d = *state;
    struct task out;

    for (size_t i = 0; i < DEQUE_CAPACITY; i++)
        assert_true(deque_push(d, task(i)));
    assert_false(deque_push(d, task(DEQUE_CAPACITY)));
    assert_true(deque_steal(d, &out));
    assert_int_equal(number(out), 0);
    assert_true(deque_push(d, task(DEQUE_CAPACITY)));
    assert_false(deque_push(d, task(0)));
    for (size_t i = 1; i <= DEQUE_CAPACITY; i++) {
        assert_true(deque_steal(d, &out));
        assert_int_equal(number(out), i);
    }
    assert_false(deque_has_task(d));
}

static void its_counters_may_wrap(void **state)
{
    struct deque *d = *state;
    struct task out;

    d->top = d->bottom = SIZE_MAX - 2;
    for (size_t i = 0; i < DEQUE_CAPACITY; i++)
        assert_true(deque_push(d, task(i)));
    assert_false(deque_push(d, task(DEQUE_CAPACITY)));
    for (size_t i = 0; i < DEQUE_CAPACITY / 2; i++) {
        assert_true(deque_steal(d, &out));
        assert_int_equal(number(out), i);
        assert_true(deque_pop(d, &out));
        assert_int_equal(number(out), DEQUE_CAPACITY - 1 - i);
    }
    assert_false(deque_has_task(d));
}

/* ---- Stress: who got what, checked at the end ---- */

enum { TASKS = 50000, THIEVES = 3 };

struct history {
    struct deque d;
    atomic_int times_run[TASKS]; /* relaxed: read when all have been joined */
    atomic_bool over;
    pthread_barrier_t start;
};

static void take(struct task out)
{
    atomic_int *times = out.arg;

    atomic_fetch_add_explicit(times, 1, memory_order_relaxed);
}

static void *steal_all(void *arg)
{
    struct history *h = arg;
    struct task out;

    pthread_barrier_wait(&h->start);
    for (;;) {
        /* acquire, pairs with the release in the test: nothing comes after. */
        bool over = atomic_load_explicit(&h->over, memory_order_acquire);
        if (deque_steal(&h->d, &out))
            take(out);
        else if (over)
            return NULL;
        else
            sched_yield();
    }
}

/* The owner pushes burst tasks and takes as many: with 1 it is always about the
 * last one, with more than there is room it meets the full deque. */
static void stress(size_t burst)
{
    static struct history h;
    pthread_t thief[THIEVES];
    struct task out;
    int wrong = 0;

    deque_init(&h.d);
    atomic_init(&h.over, false);
    must(pthread_barrier_init(&h.start, NULL, THIEVES + 1));
    for (size_t i = 0; i < TASKS; i++)
        atomic_init(&h.times_run[i], 0);
    for (int i = 0; i < THIEVES; i++)
        must(pthread_create(&thief[i], NULL, steal_all, &h));
    pthread_barrier_wait(&h.start);
    for (size_t next = 0; next < TASKS;) {
        for (size_t i = 0; i < burst && next < TASKS; i++, next++)
            if (!deque_push(&h.d, (struct task){NULL, &h.times_run[next]}))
                take((struct task){NULL, &h.times_run[next]});
        for (size_t i = 0; i < burst && deque_pop(&h.d, &out); i++)
            take(out);
    }
    /* release, pairs with the acquire in steal_all(). */
    atomic_store_explicit(&h.over, true, memory_order_release);
    for (int i = 0; i < THIEVES; i++)
        must(pthread_join(thief[i], NULL));
    for (size_t i = 0; i < TASKS; i++)
        wrong +=
            atomic_load_explicit(&h.times_run[i], memory_order_relaxed) != 1;
    must(pthread_barrier_destroy(&h.start));
    deque_destroy(&h.d);
    assert_int_equal(wrong, 0);
}

static void each_task_is_taken_exactly_once(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        stress(1);
        stress(2);
        stress(100);
        stress((size_t)2 * DEQUE_CAPACITY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_deque_gives_nothing,
                                        make_deque, end_deque),
        cmocka_unit_test_setup_teardown(
            the_owner_gets_the_youngest_and_a_thief_the_oldest, make_deque,
            end_deque),
        cmocka_unit_test_setup_teardown(a_full_deque_refuses_and_loses_nothing,
                                        make_deque, end_deque),
        cmocka_unit_test_setup_teardown(its_counters_may_wrap, make_deque,
                                        end_deque),
        cmocka_unit_test(each_task_is_taken_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
