/* SPDX-License-Identifier: MIT
 *
 * test_deque.c - what deque.h promises. Here the owner is the test's own thread,
 * which takes the place of a worker, and thieves are plain threads.
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

#include "deque.h"
#include "times.h"
#include "util.h"

/* What the owner of a deque knows: where the top is. */
struct owner {
    struct deque *d;
    struct task *top;
};

static void own(struct owner *o)
{
    o->d = aligned_alloc(DEQUE_BYTES, sizeof *o->d);
    if (o->d == NULL)
        abort();
    deque_init(o->d, NULL);
    o->top = o->d->slot;
}

/* As join() does; false: no room. */
static bool push(struct owner *o, long number)
{
    bool room = deque_has_room(o->top);

    o->top->word.number = number;
    if (!deque_push(o->top) && deque_is_asked(o->d))
        deque_answer(o->d, room ? o->top + 1 : o->top);
    o->top += room;
    return room;
}

/* -1: stolen. */
static long pop(struct owner *o)
{
    if (!deque_pop(o->top - 1) && !deque_reclaim(o->top - 1))
        return -1;
    return (--o->top)->word.number;
}

static bool is_empty(const struct owner *o)
{
    return o->top == o->d->slot;
}

/* A thief's whole visit: the task's number, or -1. */
static long steal(struct deque *d)
{
    struct task *task = deque_steal(d);
    if (task == NULL) {
        deque_ask(d);
        return -1;
    }
    long number = task->word.number;
    task->word.number = -number; /* the result */
    task_give_back(task);
    return number;
}

static int make_deque(void **state)
{
    static struct owner o;

    own(&o);
    *state = &o;
    return 0;
}

static int end_deque(void **state)
{
    struct owner *o = *state;

    free(o->d);
    return 0;
}

static void an_empty_deque_gives_nothing(void **state)
{
    struct owner *o = *state;

    assert_false(deque_has_shared(o->d));
    assert_null(deque_steal(o->d));
}

static void the_owner_gets_the_youngest_and_a_thief_the_oldest(void **state)
{
    struct owner *o = *state;

    for (long i = 0; i < 6; i++) {
        deque_ask(o->d); /* so that each push shares something */
        assert_true(push(o, i));
    }
    assert_int_equal(pop(o), 5);
    assert_int_equal(steal(o->d), 0);
    assert_int_equal(steal(o->d), 1);
    assert_int_equal(pop(o), 4);
    assert_int_equal(pop(o), 3);
    assert_int_equal(pop(o), 2);
    assert_int_equal(pop(o), -1);
}

static void unasked_the_owner_keeps_all_to_itself(void **state)
{
    struct owner *o = *state;

    assert_true(push(o, 0)); /* as if asked, since nobody had the time to */
    assert_int_equal(steal(o->d), 0);
    for (long i = 1; i < 9; i++)
        assert_true(push(o, i));
    assert_false(deque_is_asked(o->d));
    assert_false(deque_has_shared(o->d));
    assert_null(deque_steal(o->d));
}

static void asked_it_shares_the_older_half_at_its_next_push(void **state)
{
    struct owner *o = *state;

    assert_true(push(o, 0));
    assert_int_equal(steal(o->d), 0);
    for (long i = 1; i < 8; i++)
        assert_true(push(o, i));
    assert_int_equal(steal(o->d), -1); /* and asks */
    assert_true(deque_is_asked(o->d));
    assert_false(deque_has_shared(o->d));
    assert_true(push(o, 8));
    assert_false(deque_is_asked(o->d));
    for (long i = 1; i <= 4; i++)
        assert_int_equal(steal(o->d), i);
    assert_int_equal(steal(o->d), -1);
}

static void it_takes_back_half_of_what_nobody_stole(void **state)
{
    struct owner *o = *state;

    for (long i = 0; i < 8; i++) {
        deque_ask(o->d);
        assert_true(push(o, i));
    }
    while (o->top > o->d->split)
        pop(o);
    size_t shared = (size_t)(o->top - o->d->slot);
    assert_in_range(shared, 2, 8);
    assert_int_equal(pop(o), shared - 1);
    for (size_t i = 0; i < (shared - 1) / 2; i++)
        assert_int_equal(steal(o->d), i);
    assert_int_equal(steal(o->d), -1);
}

static void a_stolen_slot_is_free_once_it_is_back(void **state)
{
    struct owner *o = *state;

    assert_true(push(o, 7));
    struct task *stolen = deque_steal(o->d);
    assert_ptr_equal(stolen, o->top - 1);
    assert_int_equal(pop(o), -1);
    assert_false(task_is_back(stolen));
    stolen->word.number = 49;
    task_give_back(stolen);
    assert_true(task_is_back(stolen));
    assert_int_equal(stolen->word.number, 49);
    deque_forget(--o->top);

    deque_ask(o->d);
    assert_true(push(o, 8));
    assert_false(task_is_back(stolen));
    assert_int_equal(steal(o->d), 8);
}

static void a_full_deque_refuses_and_loses_nothing(void **state)
{
    struct owner *o = *state;

    for (long i = 0; i < DEQUE_CAPACITY; i++)
        assert_true(push(o, i));
    for (int i = 0; i < 3; i++) {
        deque_ask(o->d); /* it still answers */
        assert_false(push(o, 4711));
    }
    assert_int_equal(steal(o->d), 0);
    assert_false(push(o, 4711)); /* the slot is stolen, but the top as high */
    for (long i = DEQUE_CAPACITY - 1; i > 0; i--)
        assert_int_equal(pop(o), i);
    assert_int_equal(pop(o), -1);
}

/* ---- Stress: who got what, checked at the end ---- */

enum { TASKS = 1000000, THIEVES = 3 };

struct history {
    struct owner owner;
    atomic_int times_run[TASKS]; /* relaxed: read when all have been joined */
    atomic_int wrong;            /* likewise */
    atomic_bool over;
    pthread_barrier_t start;
};

static void take(struct history *h, long number)
{
    if (number < 0 || number >= TASKS)
        atomic_fetch_add_explicit(&h->wrong, 1, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&h->times_run[number], 1,
                                  memory_order_relaxed);
}

static void *steal_all(void *arg)
{
    struct history *h = arg;

    pthread_barrier_wait(&h->start);
    for (;;) {
        /* acquire, pairs with the release in stress(): nothing comes after. */
        bool over = atomic_load_explicit(&h->over, memory_order_acquire);
        struct task *task = deque_steal(h->owner.d);
        if (task != NULL) {
            take(h, task->word.number);
            task->word.number = -task->word.number;
            task_give_back(task);
        } else if (over) {
            return NULL;
        } else {
            deque_ask(h->owner.d);
            sched_yield();
        }
    }
}

/* As join() does: takes the youngest back, or waits until its thief is done. */
static void finish_youngest(struct history *h)
{
    struct owner *o = &h->owner;
    struct task *youngest = --o->top;

    if (deque_is_asked(o->d))
        deque_answer(o->d, youngest);
    if (deque_pop(youngest) || deque_reclaim(youngest)) {
        take(h, youngest->word.number);
        youngest->word.number = -1; /* poison: who reads it now is wrong */
        return;
    }
    while (!task_is_back(youngest))
        sched_yield();
    if (youngest->word.number > 0)
        atomic_fetch_add_explicit(&h->wrong, 1, memory_order_relaxed);
    deque_forget(youngest);
}

/* The owner pushes burst tasks and finishes as many: with 1 it is always about
 * the last one, with more than there is room it meets the full array. If it asks
 * itself to share all, each task is fought for. */
static void stress(long burst, bool shares_all)
{
    static struct history h;
    pthread_t thief[THIEVES];
    int wrong = 0;

    own(&h.owner);
    atomic_init(&h.over, false);
    atomic_init(&h.wrong, 0);
    must(pthread_barrier_init(&h.start, NULL, THIEVES + 1));
    for (size_t i = 0; i < TASKS; i++)
        atomic_init(&h.times_run[i], 0);
    for (int i = 0; i < THIEVES; i++)
        must(pthread_create(&thief[i], NULL, steal_all, &h));
    pthread_barrier_wait(&h.start);
    for (long next = 0; next < TASKS;) {
        for (long i = 0; i < burst && next < TASKS; i++, next++) {
            if (shares_all)
                deque_ask(h.owner.d);
            if (!push(&h.owner, next))
                take(&h, next);
        }
        for (long i = 0; i < burst && !is_empty(&h.owner); i++)
            finish_youngest(&h);
    }
    while (!is_empty(&h.owner))
        finish_youngest(&h);
    /* release, pairs with the acquire in steal_all(). */
    atomic_store_explicit(&h.over, true, memory_order_release);
    for (int i = 0; i < THIEVES; i++)
        must(pthread_join(thief[i], NULL));
    for (size_t i = 0; i < TASKS; i++)
        wrong +=
            atomic_load_explicit(&h.times_run[i], memory_order_relaxed) != 1;
    wrong += atomic_load_explicit(&h.wrong, memory_order_relaxed);
    must(pthread_barrier_destroy(&h.start));
    free(h.owner.d);
    assert_int_equal(wrong, 0);
}

static void each_task_is_taken_exactly_once(void **state)
{
    int rounds = 2 * times();
    (void)state;
    for (int round = 0; round < rounds; round++) {
        const long burst[] = {1, 2, 7, 100, 2L * DEQUE_CAPACITY};
        for (int i = 0; i < 5; i++)
            stress(burst[i], round % 2 == 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_deque, end_deque)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_deque_gives_nothing),
        TEST(the_owner_gets_the_youngest_and_a_thief_the_oldest),
        TEST(unasked_the_owner_keeps_all_to_itself),
        TEST(asked_it_shares_the_older_half_at_its_next_push),
        TEST(it_takes_back_half_of_what_nobody_stole),
        TEST(a_stolen_slot_is_free_once_it_is_back),
        TEST(a_full_deque_refuses_and_loses_nothing),
        cmocka_unit_test(each_task_is_taken_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
