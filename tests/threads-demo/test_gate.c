/* SPDX-License-Identifier: MIT
 *
 * test_gate.c - what gate.h promises. Linked with --wrap=parker_unpark
 * (verbs.cmake): a waker can be kept between choosing and waking.
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

#include "futex.h"
#include "gate.h"
#include "parker.h"
#include "util.h"

/* A counter of things to take; taking is an attempt. */
struct larder {
    struct gate gate;
    _Atomic size_t things;
};

static int take(void *arg)
{
    struct larder *l = arg;
    /* acquire, pairs with gate_open(). */
    size_t seen = atomic_load_explicit(&l->things, memory_order_acquire);
    while (seen > 0)
        if (atomic_compare_exchange_weak_explicit(&l->things, &seen, seen - 1,
                                                  memory_order_acquire,
                                                  memory_order_acquire))
            return 0;
    return -EAGAIN;
}

static void an_attempt_that_succeeds_waits_for_nobody(void **state)
{
    struct larder l = {.things = 2};
    (void)state;
    gate_init(&l.gate);
    assert_int_equal(gate_await(&l.gate, take, &l, 0), 0);
    assert_int_equal(gate_await(&l.gate, take, &l, NEVER), 0);
    assert_int_equal(gate_await(&l.gate, take, &l, 0), -ETIMEDOUT);
    assert_int_equal(gate_await(&l.gate, take, &l, now_ns() + 1000),
                     -ETIMEDOUT);
    gate_destroy(&l.gate);
}

static void opening_tells_whether_anyone_must_be_woken(void **state)
{
    struct larder l = {.things = 0};
    (void)state;
    gate_init(&l.gate);
    assert_false(gate_open(&l.gate, &l.things, 1));
    gate_wake_one(&l.gate);
    gate_wake_all(&l.gate);
    assert_false(gate_open(&l.gate, &l.things, 1));
    gate_shut(&l.gate);
    assert_true(gate_open(&l.gate, &l.things, 1));
    gate_destroy(&l.gate);
}

enum { TAKERS = 3, EACH = 3000 };

static void *take_each(void *arg)
{
    struct larder *l = arg;
    for (int i = 0; i < EACH; i++)
        must(gate_await(&l->gate, take, l, NEVER));
    return NULL;
}

/* One thing, one wake-up: none may be lost, and none wasted on a thread that
 * goes away with another's thing. */
static void as_many_get_through_as_there_are_things(void **state)
{
    (void)state;
    for (int strong = 0; strong < 2; strong++) {
        struct larder l = {.things = 0};
        pthread_t thread[TAKERS];
        gate_init(&l.gate);
        l.gate.strong = l.gate.strong || strong == 1;
        for (int i = 0; i < TAKERS; i++)
            must(pthread_create(&thread[i], NULL, take_each, &l));
        for (int i = 0; i < TAKERS * EACH; i++) {
            /* release: what gate_open() would do for a counter it may set */
            atomic_fetch_add_explicit(&l.things, 1, memory_order_release);
            gate_wake_one(&l.gate);
        }
        for (int i = 0; i < TAKERS; i++)
            must(pthread_join(thread[i], NULL));
        assert_int_equal(atomic_load_explicit(&l.things, memory_order_relaxed),
                         0);
        gate_destroy(&l.gate);
    }
}

struct exchange {
    struct larder there, back;
};

static void *hand_back(void *arg)
{
    struct exchange *x = arg;
    for (int i = 0; i < EACH; i++) {
        must(gate_await(&x->there.gate, take, &x->there, NEVER));
        if (gate_open(&x->back.gate, &x->back.things, 1))
            gate_wake_one(&x->back.gate);
    }
    return NULL;
}

/* gate_open() makes no system call while nobody sleeps, and still misses no one
 * who is just going to. */
static void who_is_about_to_sleep_is_not_missed(void **state)
{
    (void)state;
    for (int strong = 0; strong < 2; strong++) {
        struct exchange x = {.there = {.things = 0}};
        pthread_t thread;
        gate_init(&x.there.gate);
        gate_init(&x.back.gate);
        x.there.gate.strong = x.there.gate.strong || strong == 1;
        x.back.gate.strong = x.there.gate.strong;
        must(pthread_create(&thread, NULL, hand_back, &x));
        for (int i = 0; i < EACH; i++) {
            if (gate_open(&x.there.gate, &x.there.things, 1))
                gate_wake_one(&x.there.gate);
            must(gate_await(&x.back.gate, take, &x.back, NEVER));
        }
        must(pthread_join(thread, NULL));
        gate_destroy(&x.there.gate);
        gate_destroy(&x.back.gate);
    }
}

/* ---- Who is chosen although it need not be ---- */

static _Atomic bool keep_waker, waker_kept, let_go;

/* seq_cst, here and below: nothing depends on speed. */
static bool is(_Atomic bool *flag)
{
    return atomic_load_explicit(flag, memory_order_seq_cst);
}

static void set(_Atomic bool *flag, bool value)
{
    atomic_store_explicit(flag, value, memory_order_seq_cst);
}

static void await(_Atomic bool *flag)
{
    while (!is(flag))
        sched_yield();
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void __real_parker_unpark(struct parker *p);
void __wrap_parker_unpark(struct parker *p);
void __wrap_parker_unpark(struct parker *p)
{
    if (is(&keep_waker)) {
        set(&waker_kept, true);
        await(&let_go);
    }
    __real_parker_unpark(p);
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct chosen {
    struct larder larder;
    _Atomic bool returned;
    pthread_t other;
    bool late;
    int attempts, rc;
};

static void *take_one(void *arg)
{
    struct chosen *c = arg;
    must(gate_await(&c->larder.gate, take, &c->larder, NEVER));
    set(&c->returned, true);
    return NULL;
}

static unsigned sleepers(struct gate *gate)
{
    return atomic_load_explicit(&gate->waiting, memory_order_seq_cst);
}

/* Announced, we look; behind us another one goes to sleep. There are two things,
 * and a wake-up for one of them: it chooses us, who have just taken the other. */
static int find_while_being_chosen(void *arg)
{
    struct chosen *c = arg;
    if (c->attempts++ > 0)
        return -EAGAIN;
    must(pthread_create(&c->other, NULL, take_one, c));
    while (sleepers(&c->larder.gate) < 2)
        sched_yield();
    atomic_store_explicit(&c->larder.things, 2, memory_order_seq_cst);
    gate_wake_one(&c->larder.gate);
    return take(&c->larder);
}

static void who_did_not_need_its_wake_up_passes_it_on(void **state)
{
    struct chosen c = {.attempts = 0};
    (void)state;
    gate_init(&c.larder.gate);
    assert_int_equal(
        gate_await(&c.larder.gate, find_while_being_chosen, &c, NEVER), 0);
    must(pthread_join(c.other, NULL)); /* it has got the second thing */
    gate_destroy(&c.larder.gate);
}

static void *wake_it(void *arg)
{
    struct chosen *c = arg;
    gate_wake_one(&c->larder.gate);
    return NULL;
}

static int find_while_the_waker_is_kept(void *arg)
{
    struct chosen *c = arg;
    if (c->attempts++ > 0)
        return take(&c->larder);
    must(pthread_create(&c->other, NULL, wake_it, c));
    await(&waker_kept); /* it has chosen us, and not woken us yet */
    atomic_store_explicit(&c->larder.things, 1, memory_order_seq_cst);
    return c->late ? -EAGAIN : take(&c->larder);
}

static void *wait_and_find(void *arg)
{
    struct chosen *c = arg;
    c->rc = gate_await(&c->larder.gate, find_while_the_waker_is_kept, c,
                       c->late ? 0 : NEVER);
    set(&c->returned, true);
    return NULL;
}

/* The waker holds a pointer into the waiting thread's stack. And if that thread's
 * time is up meanwhile, it takes what it was chosen for all the same. */
static void who_is_chosen_stays_until_the_waker_is_done_with_it(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct chosen c = {.late = late == 1, .rc = 1};
        pthread_t waiter;
        gate_init(&c.larder.gate);
        set(&keep_waker, true);
        set(&waker_kept, false);
        set(&let_go, false);
        must(pthread_create(&waiter, NULL, wait_and_find, &c));
        await(&waker_kept);
        for (int i = 0; i < 1000; i++)
            sched_yield();
        bool too_early = is(&c.returned);
        set(&keep_waker, false);
        set(&let_go, true);
        must(pthread_join(waiter, NULL));
        must(pthread_join(c.other, NULL));
        assert_false(too_early);
        assert_int_equal(c.rc, 0);
        gate_destroy(&c.larder.gate);
    }
}

/* ---- The barrier ---- */

enum { RUNS = 20000, JITTER = 128 };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the holes are meant */
struct duel {
    struct gate gate;
    _Alignas(128) _Atomic size_t word;
    _Alignas(128) _Atomic unsigned arrived, opened;
    _Alignas(128) bool missed; /* the look found nothing */
    unsigned round;
    int lost;
};

/* Both come out of it at about the same moment. */
static void meet(struct duel *d, unsigned round)
{
    atomic_fetch_add_explicit(&d->arrived, 1, memory_order_acq_rel);
    for (unsigned i = 1;
         atomic_load_explicit(&d->arrived, memory_order_acquire) < 2 * round;
         i++)
        if (i % 4096 == 0)
            sched_yield();
}

/* Announced, it looks, and stays announced until the other has opened. */
static int look(void *arg)
{
    struct duel *d = arg;
    bool found = atomic_load_explicit(&d->word, memory_order_acquire) != 0;
    d->missed = !found;
    for (unsigned i = 1;
         atomic_load_explicit(&d->opened, memory_order_acquire) < d->round; i++)
        if (i % 4096 == 0)
            sched_yield();
    return 0;
}

static void *look_each_time(void *arg)
{
    struct duel *d = arg;
    for (unsigned i = 0; i < RUNS; i++) {
        meet(d, 3 * i + 1);
        /* Into our cache: the other's store then takes its time. */
        (void)atomic_load_explicit(&d->word, memory_order_relaxed);
        meet(d, 3 * i + 2);
        gate_await(&d->gate, look, d, NEVER);
        meet(d, 3 * i + 3);
    }
    return NULL;
}

static void open_each_time(struct duel *d)
{
    for (unsigned i = 0; i < RUNS; i++) {
        atomic_store_explicit(&d->word, 0, memory_order_relaxed);
        d->round = i + 1;
        meet(d, 3 * i + 1);
        (void)sleepers(&d->gate); /* into our cache */
        meet(d, 3 * i + 2);
        for (unsigned wait = i % JITTER; wait > 0; wait--)
            (void)atomic_load_explicit(&d->arrived, memory_order_relaxed);
        bool told = gate_open(&d->gate, &d->word, 1);
        atomic_store_explicit(&d->opened, i + 1, memory_order_release);
        meet(d, 3 * i + 3);
        d->lost += d->missed && !told;
    }
}

/* One opens while the other announces itself and looks: at least one must see the
 * other, or the opener would go on and the other to sleep. */
static void opener_and_sleeper_cannot_miss_each_other(void **state)
{
    static struct duel d;
    (void)state;
    for (int strong = 0; strong < 2; strong++) {
        pthread_t thread;
        atomic_store_explicit(&d.arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&d.opened, 0, memory_order_relaxed);
        gate_init(&d.gate);
        d.gate.strong = d.gate.strong || strong == 1;
        must(pthread_create(&thread, NULL, look_each_time, &d));
        open_each_time(&d);
        must(pthread_join(thread, NULL));
        gate_destroy(&d.gate);
    }
    assert_int_equal(d.lost, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attempt_that_succeeds_waits_for_nobody),
        cmocka_unit_test(opening_tells_whether_anyone_must_be_woken),
        cmocka_unit_test(as_many_get_through_as_there_are_things),
        cmocka_unit_test(who_is_about_to_sleep_is_not_missed),
        cmocka_unit_test(who_did_not_need_its_wake_up_passes_it_on),
        cmocka_unit_test(who_is_chosen_stays_until_the_waker_is_done_with_it),
        cmocka_unit_test(opener_and_sleeper_cannot_miss_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
