/* SPDX-License-Identifier: MIT
 *
 * test_worker.c - what worker.h promises: tasks reach thieves, idle workers
 * sleep, sleepers are woken. pthread_cond_wait() is wrapped (verbs.cmake), so
 * that the tests know who sleeps without asking a clock. A wake-up that is lost
 * is a test that never ends.
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

#include "pool.h"
#include "util.h"
#include "worker.h"

static atomic_int asleep;  /* callers of pool_run() too */
static atomic_int yields;  /* how often workers looked around in vain */
static atomic_int counter; /* of what a test wants counted */

/* seq_cst: the tests want no surprise but those of the pool. */
static int get(atomic_int *number)
{
    return atomic_load_explicit(number, memory_order_seq_cst);
}

static int add(atomic_int *number, int more)
{
    return atomic_fetch_add_explicit(number, more, memory_order_seq_cst);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __real_sched_yield(void);
int __wrap_sched_yield(void);
/* NOLINTEND(bugprone-reserved-identifier) */

/* The waiter holds the pool's lock until it truly waits: whoever has seen the
 * count and then takes that lock, comes after. */
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    add(&asleep, 1);
    int rc = __real_pthread_cond_wait(cond, lock);
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

static int run_in_pool(unsigned workers,
                       int (*run)(struct worker *w, void *arg), void *arg)
{
    struct pool *pool;

    int rc = pool_new(&pool, workers);
    if (rc < 0)
        return rc;
    rc = pool_run(pool, run, arg);
    pool_free(pool);
    return rc;
}

/* ---- Sleeping ---- */

static int nothing(struct worker *w, void *arg)
{
    (void)w;
    (void)arg;
    return 0;
}

static void idle_workers_stop_looking_and_sleep(void **state)
{
    enum { WORKERS = 4, JOBS = 100, LOOKS = 40 };
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, WORKERS), 0);
    await_number(&asleep, WORKERS);
    int at_start = get(&yields);
    for (int job = 0; job < JOBS; job++) {
        must(pool_run(pool, nothing, NULL));
        await_number(&asleep, WORKERS);
    }
    int in_all = get(&yields);
    pool_free(pool);
    /* One worker is woken for a job, and none for none. */
    assert_in_range(at_start, 0, WORKERS * LOOKS);
    assert_in_range(in_all, 0, (WORKERS + JOBS) * LOOKS);
}

/* ---- Waking for a task ---- */

enum { ROUNDS = 5000 };

static void count_one(struct worker *w, void *arg)
{
    (void)w;
    (void)arg;
    add(&counter, 1);
}

static int push_to_a_sleeping_pool(struct worker *w, void *arg)
{
    (void)arg;
    for (int round = 0; round < ROUNDS; round++) {
        await_number(&asleep, 2); /* the other worker, and who called us */
        if (!worker_push(w, (struct task){count_one, NULL}))
            return -ENOBUFS;
        await_number(&counter, round + 1); /* we do not run it ourselves */
    }
    return 0;
}

static void a_task_wakes_a_sleeping_worker(void **state)
{
    (void)state;
    atomic_init(&counter, 0);
    assert_int_equal(run_in_pool(2, push_to_a_sleeping_pool, NULL), 0);
}

/* Tasks must not wait for each other, says pool.h; with a worker for each, and
 * each woken, these may. */
static void meet(struct worker *w, void *arg)
{
    (void)w;
    pthread_barrier_wait(arg);
}

static int let_three_meet(struct worker *w, void *barrier)
{
    for (int round = 0; round < ROUNDS / 5; round++) {
        for (int i = 0; i < 3; i++)
            if (!worker_push(w, (struct task){meet, barrier}))
                return -ENOBUFS;
        pthread_barrier_wait(barrier);
    }
    return 0;
}

static void each_task_wakes_another_worker(void **state)
{
    pthread_barrier_t barrier;
    (void)state;
    must(pthread_barrier_init(&barrier, NULL, 4));
    int rc = run_in_pool(4, let_three_meet, &barrier);
    must(pthread_barrier_destroy(&barrier));
    assert_int_equal(rc, 0);
}

/* ---- Waking for a latch ---- */

/* Begins only on a thief, since the owner waits for that. */
static void drop_while_the_owner_sleeps(struct worker *w, void *latch)
{
    (void)w;
    add(&counter, 1);
    await_number(&asleep, 2); /* the owner, and who called it */
    latch_drop(latch);
}

static void drop_at_any_time(struct worker *w, void *latch)
{
    (void)w;
    add(&counter, 1);
    latch_drop(latch);
}

static int await_thief(struct worker *w, struct task task)
{
    struct latch latch;

    latch_init(&latch, w, 1);
    task.arg = &latch;
    atomic_init(&counter, 0);
    if (!worker_push(w, task))
        return -ENOBUFS;
    await_number(&counter, 1);
    worker_await(w, &latch);
    return latch_is_open(&latch) ? 0 : -EBUSY;
}

static int await_thieves(struct worker *w, void *arg)
{
    const struct task *task = arg;
    int rc = 0;

    for (int round = 0; round < ROUNDS && rc == 0; round++)
        rc = await_thief(w, *task);
    return rc;
}

static void a_drop_wakes_the_owner_of_the_latch(void **state)
{
    struct task task = {drop_while_the_owner_sleeps, NULL};
    (void)state;
    assert_int_equal(run_in_pool(2, await_thieves, &task), 0);
}

static void a_drop_just_before_the_owner_sleeps_is_seen(void **state)
{
    struct task task = {drop_at_any_time, NULL};
    (void)state;
    assert_int_equal(run_in_pool(2, await_thieves, &task), 0);
    assert_int_equal(run_in_pool(4, await_thieves, &task), 0);
}

/* ---- Helping ---- */

struct order {
    struct latch latch;
    int *next, ran_as;
};

static void note_order(struct worker *w, void *arg)
{
    struct order *o = arg;

    (void)w;
    o->ran_as = (*o->next)++;
    latch_drop(&o->latch);
}

static int await_first_pushed(struct worker *w, void *arg)
{
    struct order *order = arg;

    for (int i = 0; i < 3; i++) {
        latch_init(&order[i].latch, w, 1);
        if (!worker_push(w, (struct task){note_order, &order[i]}))
            return -ENOBUFS;
    }
    worker_await(w, &order[0].latch);
    return 0;
}

static void who_waits_runs_its_own_tasks_the_youngest_first(void **state)
{
    int next = 0;
    struct order order[3] = {{.next = &next}, {.next = &next}, {.next = &next}};
    (void)state;
    assert_int_equal(run_in_pool(1, await_first_pushed, order), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(order[i].ran_as, 2 - i);
}

static int fill(struct worker *w, void *arg)
{
    struct task task = {count_one, arg}, out;
    int pushed = 0, popped = 0;

    while (worker_push(w, task))
        pushed++;
    while (worker_pop(w, &out))
        popped++;
    return pushed == popped ? pushed : -EBADMSG;
}

static void a_full_deque_refuses_a_task(void **state)
{
    (void)state;
    assert_int_equal(run_in_pool(1, fill, NULL), DEQUE_CAPACITY);
}

/* ---- Stress: each task once ---- */

enum { TASKS = 5000 };

struct job {
    struct latch *latch;
    atomic_int runs;
};

static void run_job(struct worker *w, void *arg)
{
    struct job *job = arg;

    (void)w;
    add(&job->runs, 1);
    latch_drop(job->latch);
}

static int push_and_await(struct worker *w, void *arg)
{
    struct job *jobs = arg;
    struct latch latch;
    int wrong = 0;

    latch_init(&latch, w, 1);
    for (int i = 0; i < TASKS; i++) {
        jobs[i].latch = &latch;
        atomic_init(&jobs[i].runs, 0);
        latch_add(&latch);
        if (!worker_push(w, (struct task){run_job, &jobs[i]}))
            run_job(w, &jobs[i]);
    }
    latch_drop(&latch);
    worker_await(w, &latch);
    for (int i = 0; i < TASKS; i++)
        wrong += get(&jobs[i].runs) != 1;
    return wrong;
}

static void each_task_runs_once_before_its_latch_opens(void **state)
{
    static struct job jobs[TASKS];
    (void)state;
    for (unsigned workers = 1; workers <= 16; workers++)
        assert_int_equal(run_in_pool(workers, push_and_await, jobs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_workers_stop_looking_and_sleep),
        cmocka_unit_test(a_task_wakes_a_sleeping_worker),
        cmocka_unit_test(each_task_wakes_another_worker),
        cmocka_unit_test(a_drop_wakes_the_owner_of_the_latch),
        cmocka_unit_test(a_drop_just_before_the_owner_sleeps_is_seen),
        cmocka_unit_test(who_waits_runs_its_own_tasks_the_youngest_first),
        cmocka_unit_test(a_full_deque_refuses_a_task),
        cmocka_unit_test(each_task_runs_once_before_its_latch_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
