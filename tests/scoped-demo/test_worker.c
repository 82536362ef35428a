/* SPDX-License-Identifier: MIT
 *
 * test_worker.c - what worker.h promises. The system calls by which workers wait
 * are wrapped (the linker's --wrap, set in verbs.cmake): the tests know who
 * sleeps without asking a clock, and a wake-up that is lost is a test that never
 * ends.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "pool.h"
#include "times.h"
#include "util.h"
#include "worker.h"

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_sched_yield(void);
int __wrap_sched_yield(void);
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Who sleeps, and who looks around ---- */

static atomic_int asleep, yields, counter;

/* seq_cst: the tests want no surprise but those of the pool. */
static int get(atomic_int *number)
{
    return atomic_load_explicit(number, memory_order_seq_cst);
}

static int add(atomic_int *number, int more)
{
    return atomic_fetch_add_explicit(number, more, memory_order_seq_cst);
}

/* The pool's only system calls by this name are futex(2). Who waits has told the
 * pool before, so whoever has seen the count comes after. */
long __wrap_syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    void *word = va_arg(args, void *);
    int operation = va_arg(args, int);
    uint32_t value = va_arg(args, uint32_t);
    va_end(args);
    bool waits = number == SYS_futex && operation == FUTEX_WAIT_PRIVATE;
    if (waits)
        add(&asleep, 1);
    /* futex(2) takes no notice of more for these operations. */
    long rc = __real_syscall(number, word, operation, value, 0L, 0L, 0L);
    if (waits)
        add(&asleep, -1);
    return rc;
}

int __wrap_sched_yield(void)
{
    add(&yields, 1);
    return __real_sched_yield();
}

static void await_number(atomic_int *number, int wanted)
{
    while (get(number) != wanted)
        __real_sched_yield();
}

/* ---- Sleeping ---- */

static int do_nothing(struct task *top, void *arg)
{
    (void)top;
    (void)arg;
    return 0;
}

static void idle_workers_stop_looking_and_sleep(void **state)
{
    enum { WORKERS = 4, JOBS = 100, LOOKS = 70 };
    struct pool *pool;
    (void)state;
    atomic_store_explicit(&yields, 0, memory_order_seq_cst);
    assert_int_equal(pool_new(&pool, WORKERS), 0);
    await_number(&asleep, WORKERS);
    int at_start = get(&yields);
    for (int job = 0; job < JOBS; job++) {
        must(pool_run(pool, do_nothing, NULL));
        await_number(&asleep, WORKERS);
    }
    int in_all = get(&yields);
    pool_free(pool);
    /* One worker is woken for a job, and none for none. */
    assert_in_range(at_start, 0, WORKERS * LOOKS);
    assert_in_range(in_all, 0, (WORKERS + JOBS) * LOOKS);
}

/* ---- Waking for a task ---- */

enum { ROUNDS = 10000 };

static void count_one(struct task *self, struct task *top)
{
    (void)top;
    add(&counter, 1);
    task_give_back(self);
}

/* As join() does, but nobody takes it back: a thief must come. */
static void offer(struct task *top,
                  void (*way)(struct task *self, struct task *top), void *arg)
{
    top->call = way;
    top->word.pointer = arg;
    if (!deque_push(top) && !worker_answer(top))
        abort();
}

static void await_thief(struct task *top)
{
    if (deque_pop(top) || worker_take_back(top))
        abort();
    while (!task_is_back(top))
        __real_sched_yield();
    deque_forget(top);
}

static int push_to_a_sleeping_pool(struct task *top, void *arg)
{
    int rounds = ROUNDS * times();

    (void)arg;
    for (int round = 0; round < rounds; round++) {
        await_number(&asleep, 1);
        offer(top, count_one, NULL);
        await_number(&counter, round + 1); /* we do not run it ourselves */
        await_thief(top);
    }
    return 0;
}

/* Some time that differs from round to round, up to what a worker spends looking
 * around before it sleeps. */
static void linger(unsigned round)
{
    unsigned turns = round * 2654435761U >> 14; /* to 262143 */

    for (unsigned i = 0; i < turns; i++)
        __asm__ volatile("" : : : "memory");
}

static int push_to_one_that_falls_asleep(struct task *top, void *arg)
{
    int rounds = ROUNDS * times();

    (void)arg;
    for (int round = 0; round < rounds; round++) {
        while (!deque_is_asked(deque_of(top)))
            __real_sched_yield();
        linger((unsigned)round);
        offer(top, count_one, NULL);
        await_number(&counter, round + 1);
        await_thief(top);
    }
    return 0;
}

static void a_task_shared_while_a_worker_falls_asleep_is_seen(void **state)
{
    (void)state;
    atomic_store_explicit(&counter, 0, memory_order_seq_cst);
    assert_int_equal(pool_once(2, push_to_one_that_falls_asleep, NULL), 0);
}

static void a_task_wakes_a_sleeping_worker(void **state)
{
    (void)state;
    atomic_store_explicit(&counter, 0, memory_order_seq_cst);
    assert_int_equal(pool_once(2, push_to_a_sleeping_pool, NULL), 0);
}

/* Tasks must not wait for each other, says pool.h; with a sleeper for each, and
 * each woken, these may. */
static void meet(struct task *self, struct task *top)
{
    (void)top;
    pthread_barrier_wait(self->word.pointer);
    task_give_back(self);
}

static int let_three_meet(struct task *top, void *barrier)
{
    for (int round = 0; round < ROUNDS / 50; round++) {
        await_number(&asleep, 3);
        for (int i = 0; i < 3; i++)
            offer(top + i, meet, barrier);
        pthread_barrier_wait(barrier);
        for (int i = 2; i >= 0; i--)
            await_thief(top + i);
    }
    return 0;
}

static void each_task_wakes_another_sleeper(void **state)
{
    pthread_barrier_t barrier;
    (void)state;
    must(pthread_barrier_init(&barrier, NULL, 4));
    int rc = pool_once(4, let_three_meet, &barrier);
    must(pthread_barrier_destroy(&barrier));
    assert_int_equal(rc, 0);
}

/* ---- Answering at a pop ---- */

static int push_four_and_pop(struct task *top, void *arg)
{
    struct deque *d = deque_of(top);
    int *shared = arg, rc = 0;

    for (int i = 0; i < 4; i++)
        offer(top + i, count_one, NULL);
    while (top < d->split) /* back to where nothing is shared and nobody asks */
        deque_reclaim(d->split - 1);
    atomic_store_explicit(&d->ceiling, &d->slot[DEQUE_CAPACITY],
                          memory_order_seq_cst);
    deque_reclaim(top + 3);
    rc += !deque_pop(top + 3);

    deque_ask(d); /* as a thief would */
    rc += deque_pop(top + 3);
    rc += !worker_take_back(top + 3);
    while (deque_steal(d) != NULL)
        ++*shared;
    return rc;
}

static void who_asks_is_answered_at_a_pop_too(void **state)
{
    int shared = 0;
    (void)state;
    assert_int_equal(pool_once(1, push_four_and_pop, &shared), 0);
    assert_int_equal(shared, 2); /* of the three below, the older half */
}

/* ---- Waking who waits ---- */

struct wait {
    int others;        /* workers besides the owner */
    bool while_asleep; /* the thief ends it when the owner sleeps for sure */
    struct worker *owner;
    atomic_bool over;
};

static bool is_over(void *wait)
{
    struct wait *w = wait;
    return atomic_load_explicit(&w->over, memory_order_seq_cst);
}

static void end_wait(struct task *self, struct task *top)
{
    struct wait *wait = self->word.pointer;
    struct worker *owner = wait->owner;

    (void)top;
    add(&counter, 1);
    if (wait->while_asleep)
        await_number(&asleep, 1);
    task_give_back(self);
    atomic_store_explicit(&wait->over, true, memory_order_seq_cst);
    worker_wake(owner);
}

/* The owner offers when the others sleep, for only then is a thief sure to
 * come; but when it ends its wait, and how deep the owner sleeps then, is left to
 * the machine. */
static int await_ends(struct task *top, void *arg)
{
    struct wait *wait = arg;

    wait->owner = worker_of(top);
    for (int round = 0; round < ROUNDS / 10; round++) {
        await_number(&asleep, wait->others);
        atomic_store_explicit(&wait->over, false, memory_order_seq_cst);
        atomic_store_explicit(&counter, 0, memory_order_seq_cst);
        offer(top, end_wait, wait);
        await_number(&counter, 1);
        worker_await(top + 1, NULL, is_over, wait);
        await_thief(top);
    }
    return 0;
}

static void who_waits_is_woken_when_it_is_over(void **state)
{
    struct wait wait = {.others = 1, .while_asleep = true};
    (void)state;
    assert_int_equal(pool_once(2, await_ends, &wait), 0);
}

/* What is waited for ends right after the owner has seen that it has not: at its
 * first look, at its second, and so on to the last before it sleeps. */
struct late {
    struct worker *owner;
    int looks, ends_after;
    atomic_bool may_end, over, ended;
};

static bool is_over_late(void *arg)
{
    struct late *l = arg;
    bool over = atomic_load_explicit(&l->over, memory_order_seq_cst);

    if (++l->looks == l->ends_after) {
        atomic_store_explicit(&l->may_end, true, memory_order_seq_cst);
        while (!atomic_load_explicit(&l->ended, memory_order_seq_cst))
            __real_sched_yield();
    }
    return over; /* as it was */
}

static void end_late(struct task *self, struct task *top)
{
    struct late *l = self->word.pointer;

    (void)top;
    while (!atomic_load_explicit(&l->may_end, memory_order_seq_cst))
        __real_sched_yield();
    task_give_back(self);
    atomic_store_explicit(&l->over, true, memory_order_seq_cst);
    worker_wake(l->owner);
    atomic_store_explicit(&l->ended, true, memory_order_seq_cst);
}

static int await_late_ends(struct task *top, void *arg)
{
    (void)arg;
    for (int looks = 1; looks <= 65; looks++) {
        struct late late = {.owner = worker_of(top), .ends_after = looks};
        await_number(&asleep, 1);
        offer(top, end_late, &late);
        worker_await(top + 1, NULL, is_over_late, &late);
        await_thief(top);
    }
    return 0;
}

static void what_ends_just_before_one_sleeps_is_seen(void **state)
{
    struct wait two = {.others = 1}, four = {.others = 3};
    (void)state;
    assert_int_equal(pool_once(2, await_ends, &two), 0);
    assert_int_equal(pool_once(4, await_ends, &four), 0);
    assert_int_equal(pool_once(2, await_late_ends, NULL), 0);
}

/* ---- What lies below the frame of one who waits ---- */

static void drop(struct task *top)
{
    if (deque_pop(top) || worker_take_back(top))
        return;
    while (!task_is_back(top))
        __real_sched_yield();
    deque_forget(top);
}

/* The thief is busy until the owner sleeps, which a shared task below must not
 * keep it from doing: it may not run that one now. */
static int sleep_above_a_shared_task(struct task *top, void *arg)
{
    struct wait *wait = arg;

    wait->owner = worker_of(top);
    await_number(&asleep, 1);
    offer(top, end_wait, wait);
    await_number(&counter, 1);
    deque_ask(deque_of(top)); /* as a thief would */
    offer(top + 1, count_one, NULL);
    worker_await(top + 2, NULL, is_over, wait);
    drop(top + 1);
    drop(top);
    return 0;
}

static void who_waits_sleeps_though_it_has_shared_tasks_below(void **state)
{
    struct wait wait = {.while_asleep = true};
    (void)state;
    atomic_store_explicit(&counter, 0, memory_order_seq_cst);
    assert_int_equal(pool_once(2, sleep_above_a_shared_task, &wait), 0);
}

static void end_wait_after_the_other(struct task *self, struct task *top)
{
    struct wait *wait = self->word.pointer;
    struct worker *owner = wait->owner;

    (void)top;
    add(&counter, 1);
    await_number(&counter, 2);
    task_give_back(self);
    atomic_store_explicit(&wait->over, true, memory_order_seq_cst);
    worker_wake(owner);
}

/* One thief is busy until the other, which sleeps, has run a task that is private
 * when the owner begins to wait. */
static int wait_above_a_private_task(struct task *top, void *arg)
{
    struct deque *d = deque_of(top);
    struct wait *wait = arg;

    wait->owner = worker_of(top);
    await_number(&asleep, 2);
    offer(top, end_wait_after_the_other, wait);
    await_number(&counter, 1);
    atomic_store_explicit(&d->ceiling, &d->slot[DEQUE_CAPACITY],
                          memory_order_seq_cst); /* nobody asks */
    offer(top + 1, count_one, NULL);
    worker_await(top + 2, NULL, is_over, wait);
    drop(top + 1);
    drop(top);
    return 0;
}

static void who_waits_leaves_its_private_tasks_to_others(void **state)
{
    struct wait wait = {.while_asleep = false};
    (void)state;
    atomic_store_explicit(&counter, 0, memory_order_seq_cst);
    assert_int_equal(pool_once(3, wait_above_a_private_task, &wait), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_workers_stop_looking_and_sleep),
        cmocka_unit_test(a_task_wakes_a_sleeping_worker),
        cmocka_unit_test(a_task_shared_while_a_worker_falls_asleep_is_seen),
        cmocka_unit_test(each_task_wakes_another_sleeper),
        cmocka_unit_test(who_asks_is_answered_at_a_pop_too),
        cmocka_unit_test(who_waits_is_woken_when_it_is_over),
        cmocka_unit_test(what_ends_just_before_one_sleeps_is_seen),
        cmocka_unit_test(who_waits_sleeps_though_it_has_shared_tasks_below),
        cmocka_unit_test(who_waits_leaves_its_private_tasks_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
