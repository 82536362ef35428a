/* SPDX-License-Identifier: MIT
 *
 * test_oneshot.c - what oneshot.h promises. Linked with --wrap=futex_wake
 * (verbs.cmake): the waker is kept back, so that the woken one is gone by then.
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

#include "oneshot.h"
#include "util.h"

static _Atomic long answers; /* how often the receiver has returned */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void __real_futex_wake(_Atomic uint32_t *word, int most);
void __wrap_futex_wake(_Atomic uint32_t *word, int most);
void __wrap_futex_wake(_Atomic uint32_t *word, int most)
{
    /* relaxed: for no more than a guess when it is time to go on. */
    long before = atomic_load_explicit(&answers, memory_order_relaxed);
    __real_futex_wake(word, most);
    for (int i = 0; i < 100; i++)
        if (atomic_load_explicit(&answers, memory_order_relaxed) == before)
            sched_yield();
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void the_value_is_there_and_stays(void **state)
{
    struct oneshot o;
    int place = 0;
    (void)state;
    oneshot_init(&o, &place, sizeof place);
    assert_int_equal(oneshot_recv_until(&o, 0), -ETIMEDOUT);
    assert_int_equal(oneshot_send(&o, &(int){7}), 0);
    assert_int_equal(oneshot_recv(&o), 0);
    assert_int_equal(oneshot_recv(&o), 0);
    assert_int_equal(place, 7);
}

static void there_is_one_value_and_no_second(void **state)
{
    struct oneshot o;
    int place = 0;
    (void)state;
    oneshot_init(&o, &place, sizeof place);
    assert_int_equal(oneshot_send(&o, &(int){7}), 0);
    assert_int_equal(oneshot_send(&o, &(int){8}), -EALREADY);
    assert_int_equal(oneshot_hang_up(&o), -EALREADY);
    assert_int_equal(place, 7);
}

static void a_hang_up_is_told(void **state)
{
    struct oneshot o;
    int place = 3;
    (void)state;
    oneshot_init(&o, &place, sizeof place);
    assert_int_equal(oneshot_hang_up(&o), 0);
    assert_int_equal(oneshot_recv(&o), -EPIPE);
    assert_int_equal(oneshot_send(&o, &(int){8}), -EALREADY);
    assert_int_equal(place, 3);
}

struct line {
    struct oneshot *_Atomic next; /* one to answer, NULL: done with it */
    int rounds;
};

static void *answer_each(void *arg)
{
    struct line *line = arg;
    for (int i = 0; i < line->rounds; i++) {
        struct oneshot *o;
        do /* acquire, pairs with the release in the test */
            o = atomic_exchange_explicit(&line->next, NULL,
                                         memory_order_acquire);
        while (o == NULL && sched_yield() == 0);
        if (i % 5 == 0)
            must(oneshot_hang_up(o));
        else
            must(oneshot_send(o, &i));
    }
    return NULL;
}

/* The oneshot is gone as soon as the receiver knows; AddressSanitizer and
 * valgrind watch that the sender does not touch it any more. */
static int ask(struct line *line, int64_t patience)
{
    struct oneshot o;
    int place = -1;
    oneshot_init(&o, &place, sizeof place);
    atomic_store_explicit(&line->next, &o, memory_order_release);
    int rc = patience == 0 ? oneshot_recv(&o) : -ETIMEDOUT;
    while (rc == -ETIMEDOUT)
        rc = oneshot_recv_until(&o, now_ns() + patience);
    return rc == 0 ? place : rc;
}

static void one_on_the_receivers_stack_is_safe(void **state)
{
    struct line line = {.rounds = 100000};
    pthread_t thread;
    int wrong = 0;
    (void)state;
    must(pthread_create(&thread, NULL, answer_each, &line));
    for (int i = 0; i < line.rounds; i++) {
        int expected = i % 5 == 0 ? -EPIPE : i;
        wrong += ask(&line, (i % 4) * INT64_C(1000)) != expected;
        atomic_fetch_add_explicit(&answers, 1, memory_order_relaxed);
    }
    must(pthread_join(thread, NULL));
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_value_is_there_and_stays),
        cmocka_unit_test(there_is_one_value_and_no_second),
        cmocka_unit_test(a_hang_up_is_told),
        cmocka_unit_test(one_on_the_receivers_stack_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
