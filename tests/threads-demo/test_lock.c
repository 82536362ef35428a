/* SPDX-License-Identifier: MIT
 *
 * test_lock.c - what lock.h promises.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lock.h"
#include "util.h"

enum { THREADS = 4, TIMES = 20000 };

struct shared {
    struct futex_lock futex;
    struct spin_lock spin;
    long by_futex, by_spin; /* not atomic: the locks guard them */
};

static void *count_up(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < TIMES; i++) {
        futex_lock_acquire(&s->futex);
        s->by_futex++;
        futex_lock_release(&s->futex);
        spin_lock_acquire(&s->spin);
        s->by_spin++;
        spin_lock_release(&s->spin);
    }
    return NULL;
}

static void one_thread_at_a_time_has_it(void **state)
{
    struct shared s = {.by_futex = 0, .by_spin = 0};
    pthread_t thread[THREADS];
    (void)state;
    futex_lock_init(&s.futex);
    spin_lock_init(&s.spin);
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&thread[i], NULL, count_up, &s));
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(thread[i], NULL));
    assert_int_equal(s.by_futex, THREADS * TIMES);
    assert_int_equal(s.by_spin, THREADS * TIMES);
    /* Free again, and nobody is thought to sleep. */
    assert_true(futex_lock_try(&s.futex));
    assert_false(futex_lock_try(&s.futex));
    assert_true(spin_lock_try(&s.spin));
    assert_false(spin_lock_try(&s.spin));
}

static void without_a_crowd_no_system_call_is_made(void **state)
{
    struct futex_lock lock;
    (void)state;
    futex_lock_init(&lock);
    for (int i = 0; i < TIMES; i++) {
        futex_lock_acquire(&lock);
        futex_lock_release(&lock);
    }
    assert_int_equal(futex_lock_system_calls(&lock), 0);
}

static void *take_and_release(void *arg)
{
    struct futex_lock *lock = arg;
    futex_lock_acquire(lock);
    futex_lock_release(lock);
    return NULL;
}

static void who_waits_sleeps_and_the_owner_wakes_it(void **state)
{
    struct futex_lock lock;
    pthread_t thread;
    (void)state;
    futex_lock_init(&lock);
    futex_lock_acquire(&lock);
    must(pthread_create(&thread, NULL, take_and_release, &lock));
    while (futex_lock_system_calls(&lock) == 0)
        ; /* until it is about to sleep */
    futex_lock_release(&lock);
    must(pthread_join(thread, NULL));
    /* One to sleep, one to wake; it took the lock as contended, so one more. */
    assert_in_range(futex_lock_system_calls(&lock), 2, 4);
}

enum { OWNERS = 2, FREED = 2000 };

/* In memory that the last of its owners gives back. */
struct counted {
    struct futex_lock lock;
    int owners;
};

static struct counted *objects[FREED];

static void *let_go_of_each(void *arg)
{
    (void)arg;
    for (int i = 0; i < FREED; i++) {
        struct counted *c = objects[i];
        futex_lock_acquire(&c->lock);
        while (c->owners == OWNERS && futex_lock_system_calls(&c->lock) == 0)
            sched_yield(); /* until the other is about to sleep */
        bool last = --c->owners == 0;
        futex_lock_release(&c->lock);
        if (last)
            free(c);
    }
    return NULL;
}

/* Whoever gets it next may free it: releasing it, even with a system call, must
 * not touch it any more (ThreadSanitizer sees it). */
static void the_next_owner_may_free_it(void **state)
{
    pthread_t thread[OWNERS];
    (void)state;
    for (int i = 0; i < FREED; i++) {
        struct counted *c = calloc(1, sizeof *c);
        assert_non_null(c);
        futex_lock_init(&c->lock);
        c->owners = OWNERS;
        objects[i] = c;
    }
    for (int i = 0; i < OWNERS; i++)
        must(pthread_create(&thread[i], NULL, let_go_of_each, NULL));
    for (int i = 0; i < OWNERS; i++)
        must(pthread_join(thread[i], NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_at_a_time_has_it),
        cmocka_unit_test(without_a_crowd_no_system_call_is_made),
        cmocka_unit_test(who_waits_sleeps_and_the_owner_wakes_it),
        cmocka_unit_test(the_next_owner_may_free_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
