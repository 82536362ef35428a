/* SPDX-License-Identifier: MIT
 *
 * test_scope.c - what scope.h promises. Memory runs out on cue: malloc() is
 * wrapped (verbs.cmake).
 */
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deque.h"
#include "join.h"
#include "pool.h"
#include "scope.h"
#include "times.h"
#include "util.h"
#include "worker.h"

static _Thread_local bool no_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

void *__wrap_malloc(size_t size)
{
    return no_memory ? NULL : __real_malloc(size);
}

/* What the body and the tasks of a test share. */
struct shared {
    int (*body)(struct task *top, struct scope *s, void *shared);
    int tasks;       /* to spawn */
    atomic_int runs; /* relaxed: the scope orders the reader after all */
    int fails;       /* the number of the run that fails */
    uintptr_t lowest;
};

static int enter(struct task *top, void *arg)
{
    const struct shared *shared = arg;

    return scope_run(top, shared->body, arg);
}

/* Runs shared->body as the body of a scope in a pool of so many workers. */
static int run_scope(unsigned workers, struct shared *shared)
{
    struct pool *pool;

    int rc = pool_new(&pool, workers);
    if (rc < 0)
        return rc;
    atomic_init(&shared->runs, 0);
    rc = pool_run(pool, enter, shared);
    pool_free(pool);
    return rc;
}

static int runs(struct shared *shared)
{
    return atomic_load_explicit(&shared->runs, memory_order_relaxed);
}

/* A task: counts itself. */
static int run_one(struct task *top, struct scope *s, void *arg)
{
    struct shared *shared = arg;

    (void)top;
    (void)s;
    int run =
        atomic_fetch_add_explicit(&shared->runs, 1, memory_order_relaxed) + 1;
    return run == shared->fails ? -EIO : 0;
}

static int spawn_all(struct task *top, struct scope *s, void *arg)
{
    struct shared *shared = arg;
    int rc = 0;

    for (int i = 0; i < shared->tasks && rc == 0; i++)
        rc = scope_spawn(s, top, run_one, arg);
    return rc;
}

static void a_scope_without_tasks_gives_its_bodys_result(void **state)
{
    struct shared shared = {.body = spawn_all};
    (void)state;
    assert_int_equal(run_scope(2, &shared), 0);
    shared = (struct shared){.body = run_one, .fails = 1};
    assert_int_equal(run_scope(2, &shared), -EIO);
}

static void all_tasks_have_ended_when_it_returns(void **state)
{
    struct shared shared = {.body = spawn_all, .tasks = 700};
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        assert_int_equal(run_scope(workers, &shared), 0);
        assert_int_equal(runs(&shared), 700);
    }
}

static void more_tasks_than_the_deque_holds_run_all_the_same(void **state)
{
    struct shared shared = {.body = spawn_all, .tasks = 5 * DEQUE_CAPACITY};
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        assert_int_equal(run_scope(workers, &shared), 0);
        assert_int_equal(runs(&shared), 5 * DEQUE_CAPACITY);
    }
}

/* Plain memory: that the scope has returned is all that orders the reader. */
enum { RESULTS = 500 };

static int write_result(struct task *top, struct scope *s, void *arg)
{
    int *result = arg;

    (void)top;
    (void)s;
    *result += 1;
    return 0;
}

static int spawn_writers(struct task *top, struct scope *s, void *results)
{
    int *result = results, rc = 0;

    for (int i = 0; i < RESULTS && rc == 0; i++)
        rc = scope_spawn(s, top, write_result, &result[i]);
    return rc;
}

static int read_results(struct task *top, void *arg)
{
    int wrong = 0;

    (void)arg;
    for (int round = 0; round < 200; round++) {
        int results[RESULTS] = {0};
        wrong += scope_run(top, spawn_writers, results) != 0;
        for (int i = 0; i < RESULTS; i++)
            wrong += results[i] != 1;
    }
    return wrong;
}

static void what_tasks_wrote_into_the_frame_is_seen_after(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct pool *pool;
        assert_int_equal(pool_new(&pool, workers), 0);
        int wrong = pool_run(pool, read_results, NULL);
        pool_free(pool);
        assert_int_equal(wrong, 0);
    }
}

/* ---- Errors ---- */

static void of_ten_tasks_one_fails_and_all_are_waited_for(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct shared shared = {
            .body = spawn_all, .tasks = 10, .fails = 1 + round % 10};
        assert_int_equal(run_scope(1 + (unsigned)round % 4, &shared), -EIO);
        assert_int_equal(runs(&shared), 10);
    }
}

static int spawn_and_fail(struct task *top, struct scope *s, void *arg)
{
    int rc = spawn_all(top, s, arg);
    return rc != 0 ? rc : -ECANCELED;
}

static void a_body_that_fails_waits_for_its_tasks(void **state)
{
    struct shared shared = {.body = spawn_and_fail, .tasks = 100};
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        assert_int_equal(run_scope(workers, &shared), -ECANCELED);
        assert_int_equal(runs(&shared), 100);
    }
}

static void the_error_that_comes_first_wins(void **state)
{
    /* One worker: the body fails before any task begins, each task after. */
    struct shared shared = {.body = spawn_and_fail, .tasks = 5, .fails = 1};
    (void)state;
    assert_int_equal(run_scope(1, &shared), -ECANCELED);
    /* The first task that finds no room runs in place, before the body ends. */
    shared = (struct shared){
        .body = spawn_and_fail, .tasks = DEQUE_CAPACITY + 1, .fails = 1};
    assert_int_equal(run_scope(1, &shared), -EIO);
}

static int spawn_without_memory(struct task *top, struct scope *s, void *arg)
{
    int rc = scope_spawn(s, top, run_one, arg);
    if (rc != 0)
        return -EBADMSG;
    no_memory = true;
    rc = scope_spawn(s, top, run_one, arg);
    no_memory = false;
    return rc != -ENOMEM ? -EBADMSG : scope_spawn(s, top, run_one, arg);
}

static void without_memory_there_is_no_task_and_the_scope_goes_on(void **state)
{
    struct shared shared = {.body = spawn_without_memory};
    (void)state;
    assert_int_equal(run_scope(2, &shared), 0);
    assert_int_equal(runs(&shared), 2);
}

/* ---- Tasks that spawn ---- */

struct generation {
    struct shared *shared;
    int left;
};

/* Two children each; they begin when their parent, or the body, has ended. */
static int spawn_two(struct task *top, struct scope *s, void *arg)
{
    struct generation *self = arg;
    int rc = run_one(top, s, self->shared);

    for (int i = 0; i < 2 && self->left > 0 && rc == 0; i++) {
        struct generation *child = malloc(sizeof *child);
        if (child == NULL) {
            rc = -ENOMEM;
            break;
        }
        *child = (struct generation){self->shared, self->left - 1};
        rc = scope_spawn(s, top, spawn_two, child);
        if (rc != 0)
            free(child);
    }
    free(self);
    return rc;
}

static int spawn_a_tree(struct task *top, struct scope *s, void *arg)
{
    struct generation *root = malloc(sizeof *root);
    if (root == NULL)
        return -ENOMEM;
    *root = (struct generation){arg, 10};
    return spawn_two(top, s, root);
}

static void tasks_of_tasks_are_waited_for_too(void **state)
{
    struct shared shared = {.body = spawn_a_tree};
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        assert_int_equal(run_scope(workers, &shared), 0);
        assert_int_equal(runs(&shared), (1 << 11) - 1);
    }
}

/* A chain: each task spawns the next, and notes how deep the stack is. */
static int spawn_next(struct task *top, struct scope *s, void *arg)
{
    struct shared *shared = arg;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    if (here < shared->lowest)
        shared->lowest = here;
    run_one(top, s, shared);
    return runs(shared) < shared->tasks ? scope_spawn(s, top, spawn_next, arg)
                                        : 0;
}

static void a_chain_of_spawns_does_not_stack_up(void **state)
{
    struct shared few = {.body = spawn_next, .tasks = 5, .lowest = UINTPTR_MAX};
    struct shared many = {
        .body = spawn_next, .tasks = 500, .lowest = UINTPTR_MAX};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 1), 0);
    int rc = pool_run(pool, enter, &few) + pool_run(pool, enter, &many);
    pool_free(pool);
    assert_int_equal(rc, 0);
    assert_int_equal(runs(&many), 500);
    assert_int_equal(few.lowest, many.lowest);
}

/* ---- Scopes in scopes, joins in scopes ---- */

static int open_inner_scope(struct task *top, void *arg)
{
    return scope_run(top, spawn_all, arg);
}

static int join_two_scopes(struct task *top, struct scope *s, void *arg)
{
    int rc = scope_spawn(s, top, run_one, arg);
    if (rc == 0)
        rc = join(top, open_inner_scope, arg, open_inner_scope, arg);
    return rc;
}

static int spawn_joiners(struct task *top, struct scope *s, void *arg)
{
    int rc = 0;

    for (int i = 0; i < 4 && rc == 0; i++)
        rc = scope_spawn(s, top, join_two_scopes, arg);
    return rc;
}

static void scopes_and_joins_nest(void **state)
{
    struct shared shared = {.body = spawn_joiners, .tasks = 20};
    (void)state;
    for (unsigned workers = 1; workers <= 64; workers *= 2) {
        for (int round = 0; round < 20; round++) {
            assert_int_equal(run_scope(workers, &shared), 0);
            assert_int_equal(runs(&shared), 4 * (1 + 2 * 20));
        }
    }
}

/* ---- First in, first out ---- */

enum { IN_ORDER = 3 * DEQUE_CAPACITY };

struct order {
    int number, began_as;
    atomic_int *began; /* how many have, before this one */
};

static int note_order(struct task *top, struct scope *s, void *arg)
{
    struct order *o = arg;

    (void)top;
    (void)s;
    o->began_as = atomic_fetch_add_explicit(o->began, 1, memory_order_relaxed);
    return 0;
}

static int spawn_in_order(struct task *top, struct scope *s, void *arg)
{
    struct order *order = arg;
    int rc = 0;

    for (int i = 0; i < order[0].number && rc == 0; i++)
        rc = scope_spawn(s, top, note_order, &order[i]);
    return rc;
}

static int run_lifo(struct task *top, void *arg)
{
    return scope_run(top, spawn_in_order, arg);
}

static int run_fifo(struct task *top, void *arg)
{
    return scope_run_fifo(top, spawn_in_order, arg);
}

static int run_ordered(unsigned workers, int tasks,
                       int (*run)(struct task *top, void *arg),
                       struct order *order)
{
    static atomic_int began;
    struct pool *pool;

    atomic_init(&began, 0);
    for (int i = 0; i < tasks; i++)
        order[i] = (struct order){.number = tasks, .began = &began};
    int rc = pool_new(&pool, workers);
    if (rc < 0)
        return rc;
    rc = pool_run(pool, run, order);
    pool_free(pool);
    return rc;
}

static void alone_a_worker_begins_with_the_youngest(void **state)
{
    static struct order order[10];
    (void)state;
    assert_int_equal(run_ordered(1, 10, run_lifo, order), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(order[i].began_as, 9 - i);
}

static void in_a_fifo_scope_it_begins_with_the_oldest(void **state)
{
    static struct order order[IN_ORDER];
    (void)state;
    assert_int_equal(run_ordered(1, IN_ORDER, run_fifo, order), 0);
    for (int i = 0; i < IN_ORDER; i++)
        assert_int_equal(order[i].began_as, i);
}

static void in_a_fifo_scope_many_workers_run_each_task_once(void **state)
{
    static struct order order[IN_ORDER];
    static int seen[IN_ORDER];
    (void)state;
    for (unsigned workers = 2; workers <= 16; workers *= 2) {
        memset(seen, 0, sizeof seen);
        assert_int_equal(run_ordered(workers, IN_ORDER, run_fifo, order), 0);
        for (int i = 0; i < IN_ORDER; i++)
            seen[order[i].began_as]++;
        for (int i = 0; i < IN_ORDER; i++)
            assert_int_equal(seen[i], 1);
    }
}

/* ---- Asking for a sibling's failure ---- */

static int fail_at_once(struct task *top, struct scope *s, void *arg)
{
    (void)top;
    (void)s;
    (void)arg;
    return -EIO;
}

/* Spawns until it hears of a failure; that is bounded by the deque's room, since
 * then tasks run in place. */
static int spawn_until_failure(struct task *top, struct scope *s, void *arg)
{
    struct shared *shared = arg;
    int rc = 0;

    while (scope_error(s) == 0 && rc == 0) {
        rc = scope_spawn(s, top, fail_at_once, NULL);
        shared->tasks++;
    }
    return rc;
}

static void a_task_may_ask_whether_a_sibling_has_failed(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct shared shared = {.body = spawn_until_failure};
        assert_int_equal(run_scope(workers, &shared), -EIO);
        assert_in_range(shared.tasks, 1, DEQUE_CAPACITY + 1);
    }
}

/* ---- A scope of its own does not wait for others' tasks ---- */

/* An outer task spawns the next one and then opens a scope: waiting there must
 * not run the outer tasks, or the stack would grow with each. */
static int spawn_next_and_open(struct task *top, struct scope *s, void *arg)
{
    struct shared *shared = arg;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    struct shared inner = {.tasks = 2};

    if (here < shared->lowest)
        shared->lowest = here;
    int rc = run_one(top, s, shared);
    if (rc == 0 && runs(shared) < shared->tasks)
        rc = scope_spawn(s, top, spawn_next_and_open, arg);
    return rc != 0 ? rc : scope_run(top, spawn_all, &inner);
}

static void an_inner_scope_leaves_the_outer_tasks_alone(void **state)
{
    struct shared few = {
        .body = spawn_next_and_open, .tasks = 5, .lowest = UINTPTR_MAX};
    struct shared many = {
        .body = spawn_next_and_open, .tasks = 500, .lowest = UINTPTR_MAX};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 1), 0);
    int rc = pool_run(pool, enter, &few) + pool_run(pool, enter, &many);
    pool_free(pool);
    assert_int_equal(rc, 0);
    assert_int_equal(runs(&many), 500);
    assert_int_equal(few.lowest, many.lowest);
}

/* ---- A lock held across a scope ---- */

/* The rule of pool.h is to hold none. This is why, and what an inner scope spares
 * those who break it: the mutex says EDEADLK to a thread that has it already. */
struct locked {
    pthread_mutex_t mutex;
    int said; /* to the task that wants the lock too */
};

static int take_lock(struct task *top, struct scope *s, void *arg)
{
    struct locked *l = arg;

    (void)top;
    (void)s;
    l->said = pthread_mutex_lock(&l->mutex);
    if (l->said == 0)
        must(pthread_mutex_unlock(&l->mutex));
    return 0;
}

static int open_inner_with_lock(struct task *top, struct scope *s, void *arg)
{
    struct shared inner = {.tasks = 3};
    struct locked *l = arg;

    int rc = scope_spawn(s, top, take_lock, l);
    must(pthread_mutex_lock(&l->mutex));
    if (rc == 0)
        rc = scope_run(top, spawn_all, &inner); /* waits, and runs its own */
    must(pthread_mutex_unlock(&l->mutex));
    return rc;
}

static int await_outer_with_lock(struct task *top, struct scope *s, void *arg)
{
    struct locked *l = arg;

    int rc = scope_spawn(s, top, take_lock, l);
    must(pthread_mutex_lock(&l->mutex));
    worker_run_spawned(top); /* which is what waiting for s would do */
    must(pthread_mutex_unlock(&l->mutex));
    return rc;
}

static int run_inner_with_lock(struct task *top, void *arg)
{
    return scope_run(top, open_inner_with_lock, arg);
}

static int run_outer_with_lock(struct task *top, void *arg)
{
    return scope_run(top, await_outer_with_lock, arg);
}

static int say_when_locked(int (*run)(struct task *top, void *arg))
{
    struct locked l = {.said = -1};
    pthread_mutexattr_t checks;
    struct pool *pool;

    must(pthread_mutexattr_init(&checks));
    must(pthread_mutexattr_settype(&checks, PTHREAD_MUTEX_ERRORCHECK));
    must(pthread_mutex_init(&l.mutex, &checks));
    must(pthread_mutexattr_destroy(&checks));
    must(pool_new(&pool, 1));
    must(pool_run(pool, run, &l));
    pool_free(pool);
    must(pthread_mutex_destroy(&l.mutex));
    return l.said;
}

static void who_waits_with_a_lock_may_meet_a_task_that_wants_it(void **state)
{
    (void)state;
    assert_int_equal(say_when_locked(run_outer_with_lock), EDEADLK);
}

static void but_not_in_an_inner_scope_that_has_its_own_tasks(void **state)
{
    (void)state;
    assert_int_equal(say_when_locked(run_inner_with_lock), 0);
}

/* ---- Memory ---- */

enum { SCOPES = 100000 }; /* by ctest, a million */

static int open_a_million(struct task *top, void *arg)
{
    int scopes = SCOPES * times(), rc = 0;

    for (int i = 0; i < scopes && rc == 0; i++)
        rc = scope_run(top, spawn_all, arg);
    return rc;
}

static void memory_stays_flat_over_a_million_scopes(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct shared shared = {.tasks = 2};
        struct pool *pool;
        assert_int_equal(pool_new(&pool, workers), 0);
        size_t before = mallinfo2().uordblks;
        int rc = pool_run(pool, open_a_million, &shared);
        size_t after = mallinfo2().uordblks;
        size_t spawned = pool_allocations(pool);
        pool_free(pool);
        assert_int_equal(rc, 0);
        assert_int_equal(runs(&shared), 2 * SCOPES * times());
        assert_int_equal(spawned, 2 * SCOPES * times());
        /* What is kept is bounded. (Under sanitizers malloc says nothing.) */
        assert_true(after - before < 100000);
    }
}

/* One worker spawns, and others run what it has spawned, and free it. */
static void memory_stays_flat_over_a_million_tasks_of_one_scope(void **state)
{
    struct shared shared = {.body = spawn_all, .tasks = SCOPES * times()};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 3), 0);
    size_t before = mallinfo2().uordblks;
    int rc = pool_run(pool, enter, &shared);
    size_t after = mallinfo2().uordblks;
    pool_free(pool);
    assert_int_equal(rc, 0);
    assert_int_equal(runs(&shared), SCOPES * times());
    assert_true(after - before < 20000);
}

/* ---- The frame dies at once ---- */

enum { TINY = 100000 };

/* Writes over the frames of the calls before. */
__attribute__((noinline)) static void scribble(void)
{
    unsigned char frame[2048];

    memset(frame, 0xa5, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory"); /* it is not for nothing */
}

static int open_tiny_scopes(struct task *top, void *arg)
{
    struct shared *shared = arg;
    int wrong = 0;

    for (int round = 1; round <= TINY; round++) {
        wrong += scope_run(top, spawn_all, shared) != 0;
        scribble();
        wrong += runs(shared) != round * shared->tasks;
    }
    return wrong;
}

/* A task that is stolen for sure, and ends when the owner may be waiting. */
struct theft {
    atomic_bool began;
    unsigned round;
};

static int begin_on_thief(struct task *top, struct scope *s, void *arg)
{
    struct theft *theft = arg;
    unsigned round = theft->round;

    (void)top;
    (void)s;
    /* release, pairs with the acquire in spawn_until_stolen(). */
    atomic_store_explicit(&theft->began, true, memory_order_release);
    /* Up to some microseconds: so the owner waits, mostly, and has not slept. */
    for (unsigned i = round * 2654435761U >> 18; i > 0; i--)
        __asm__ volatile("" : : : "memory");
    return 0;
}

/* Each spawn is an occasion for a thief to be given the older task. */
static int spawn_until_stolen(struct task *top, struct scope *s, void *arg)
{
    struct theft *theft = arg;
    struct shared inner = {.tasks = 1};

    int rc = scope_spawn(s, top, begin_on_thief, theft);
    /* acquire, pairs with the release in begin_on_thief(). */
    while (!atomic_load_explicit(&theft->began, memory_order_acquire) &&
           rc == 0)
        rc = scope_run(top, spawn_all, &inner);
    return rc;
}

static int open_scopes_of_stolen_tasks(struct task *top, void *arg)
{
    int wrong = 0;

    (void)arg;
    for (unsigned round = 0; round < 1000; round++) {
        struct theft theft = {false, round};
        wrong += scope_run(top, spawn_until_stolen, &theft) != 0;
        scribble();
    }
    return wrong;
}

static void a_thief_leaves_the_scope_alone_once_it_is_done(void **state)
{
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_new(&pool, 2), 0);
    int wrong = pool_run(pool, open_scopes_of_stolen_tasks, NULL);
    pool_free(pool);
    assert_int_equal(wrong, 0);
}

static void a_task_leaves_the_scope_alone_once_it_is_done(void **state)
{
    (void)state;
    for (unsigned workers = 2; workers <= 4; workers += 2) {
        for (int tasks = 0; tasks <= 2; tasks++) {
            struct shared shared = {.tasks = tasks};
            struct pool *pool;
            assert_int_equal(pool_new(&pool, workers), 0);
            int wrong = pool_run(pool, open_tiny_scopes, &shared);
            pool_free(pool);
            assert_int_equal(wrong, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_without_tasks_gives_its_bodys_result),
        cmocka_unit_test(all_tasks_have_ended_when_it_returns),
        cmocka_unit_test(what_tasks_wrote_into_the_frame_is_seen_after),
        cmocka_unit_test(more_tasks_than_the_deque_holds_run_all_the_same),
        cmocka_unit_test(of_ten_tasks_one_fails_and_all_are_waited_for),
        cmocka_unit_test(a_body_that_fails_waits_for_its_tasks),
        cmocka_unit_test(the_error_that_comes_first_wins),
        cmocka_unit_test(without_memory_there_is_no_task_and_the_scope_goes_on),
        cmocka_unit_test(tasks_of_tasks_are_waited_for_too),
        cmocka_unit_test(a_chain_of_spawns_does_not_stack_up),
        cmocka_unit_test(scopes_and_joins_nest),
        cmocka_unit_test(alone_a_worker_begins_with_the_youngest),
        cmocka_unit_test(in_a_fifo_scope_it_begins_with_the_oldest),
        cmocka_unit_test(in_a_fifo_scope_many_workers_run_each_task_once),
        cmocka_unit_test(a_task_may_ask_whether_a_sibling_has_failed),
        cmocka_unit_test(an_inner_scope_leaves_the_outer_tasks_alone),
        cmocka_unit_test(who_waits_with_a_lock_may_meet_a_task_that_wants_it),
        cmocka_unit_test(but_not_in_an_inner_scope_that_has_its_own_tasks),
        cmocka_unit_test(memory_stays_flat_over_a_million_scopes),
        cmocka_unit_test(memory_stays_flat_over_a_million_tasks_of_one_scope),
        cmocka_unit_test(a_task_leaves_the_scope_alone_once_it_is_done),
        cmocka_unit_test(a_thief_leaves_the_scope_alone_once_it_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
