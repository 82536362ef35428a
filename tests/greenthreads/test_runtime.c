/* SPDX-License-Identifier: MIT
 *
 * test_runtime.c - what runtime.h promises. Green threads record; the test
 * asserts when they have stopped, on its own stack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "faults.h"
#include "fiber.h"
#include "runtime.h"
#include "stack.h"
#include "util.h"

enum {
    /* ThreadSanitizer knows 8,000 threads at a time, and no more. */
    MANY = FIBER_TSAN ? 5000 : 10000,
};

static int number; /* what (void *)&number stands for does not matter */

static struct runtime *new_runtime(void)
{
    struct runtime *rt = NULL;
    assert_int_equal(runtime_new(&rt, 0), 0);
    return rt;
}

/* ---- Turns ---- */

struct record {
    char text[64];
    size_t length;
};

static void *write_name(struct runtime *rt, void *argument)
{
    struct record *record = argument;
    int turns = runtime_name(rt)[1] - '0';

    for (int i = 0; i < turns; i++) {
        record->text[record->length++] = runtime_name(rt)[0];
        must(runtime_yield(rt));
    }
    return NULL;
}

static void threads_take_turns_in_the_order_of_their_making(void **state)
{
    struct record record = {.length = 0};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, write_name, &record, "a2", NULL), 0);
    assert_int_equal(runtime_spawn(rt, write_name, &record, "b4", NULL), 0);
    assert_int_equal(runtime_spawn(rt, write_name, &record, "c1", NULL), 0);
    assert_int_equal(record.length, 0); /* spawn runs nothing */
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(record.text, "abcabbb");
    assert_int_equal(runtime_free(rt), 0);
}

static void a_run_with_nothing_to_do_ends_at_once(void **state)
{
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(runtime_free(NULL), 0);
}

static void a_runtime_runs_again(void **state)
{
    struct record record = {.length = 0};
    struct runtime *rt = new_runtime();
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(runtime_spawn(rt, write_name, &record, "a2", NULL), 0);
        assert_int_equal(runtime_run(rt), 0);
    }
    assert_string_equal(record.text, "aaaaaa");
    assert_int_equal(runtime_free(rt), 0);
}

/* ---- One thread's life ---- */

static void *just_return(struct runtime *rt, void *argument)
{
    (void)rt;
    return argument;
}

static void a_thread_that_just_returns_leaves_its_place_and_stack(void **state)
{
    struct runtime *rt = new_runtime();
    (void)state;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(runtime_spawn(rt, just_return, NULL, "x", NULL), 0);
        assert_int_equal(runtime_run(rt), 0);
    }
    assert_int_equal(faults.mapped, 1); /* one stack was enough for all */
    struct thread_id id;
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "y", &id), 0);
    assert_int_equal(id.place, 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(faults.mapped, 0);
}

struct tree { /* a thread that makes two more, and so on */
    int depth, made, rc;
};

static void *branch(struct runtime *rt, void *argument)
{
    struct tree *tree = argument;

    tree->made++;
    if (tree->depth > 0) {
        tree->depth--; /* each level once: two threads more */
        for (int i = 0; i < 2; i++)
            tree->rc |= runtime_spawn(rt, branch, tree, "branch", NULL);
    }
    return NULL;
}

static void threads_spawn_threads(void **state)
{
    struct tree tree = {.depth = 100};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, branch, &tree, "root", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(tree.rc, 0);
    assert_int_equal(tree.made, 201);
    assert_int_equal(runtime_free(rt), 0);
}

struct note {
    char text[32];
    double value;
};

static void *print_a_double(struct runtime *rt, void *argument)
{
    struct note *note = argument;
    double half = note->value / 2; /* lives across the yield */

    must(runtime_yield(rt));
    snprintf(note->text, sizeof note->text, "%s %.2f", runtime_name(rt), half);
    return NULL;
}

static void a_thread_prints_a_double(void **state)
{
    struct note one = {.value = 5}, two = {.value = -0.5};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, print_a_double, &one, "one", NULL), 0);
    assert_int_equal(runtime_spawn(rt, print_a_double, &two, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(one.text, "one 2.50");
    assert_string_equal(two.text, " -0.25");
    assert_int_equal(runtime_free(rt), 0);
}

static void *store_name(struct runtime *rt, void *argument)
{
    memcpy(argument, runtime_name(rt), strlen(runtime_name(rt)) + 1);
    return NULL;
}

static void names_are_copied_and_cut_to_fifteen_bytes(void **state)
{
    char name[] = "0123456789abcdefghi", seen[sizeof name];
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, store_name, seen, name, NULL), 0);
    memset(name, 'x', 3);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(seen, "0123456789abcde");
    assert_null(runtime_name(rt));
    /* A shorter name in the same place. */
    assert_int_equal(runtime_spawn(rt, store_name, seen, "b", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(seen, "b");
    assert_int_equal(runtime_free(rt), 0);
}

/* ---- Join ---- */

struct joining {
    struct thread_id id;
    int rc, rc_again;
    void *result;
};

static void *join_it(struct runtime *rt, void *argument)
{
    struct joining *joining = argument;

    joining->rc = runtime_join(rt, joining->id, &joining->result);
    joining->rc_again = runtime_join(rt, joining->id, NULL);
    return NULL;
}

static void *yield_and_return(struct runtime *rt, void *argument)
{
    for (int i = 0; i < 5; i++)
        must(runtime_yield(rt));
    return argument;
}

static void join_waits_and_gives_the_result_once(void **state)
{
    struct joining joining = {.rc = 1};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, join_it, &joining, "joiner", NULL), 0);
    assert_int_equal(
        runtime_spawn(rt, yield_and_return, &number, "it", &joining.id), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(joining.rc, 0);
    assert_ptr_equal(joining.result, &number);
    assert_int_equal(joining.rc_again, -ESRCH);
    assert_int_equal(runtime_free(rt), 0);
}

static void a_finished_thread_is_joined_at_once_from_outside_too(void **state)
{
    struct runtime *rt = new_runtime();
    struct thread_id id;
    void *result = NULL;
    (void)state;
    assert_int_equal(runtime_spawn(rt, just_return, &number, "it", &id), 0);
    assert_int_equal(runtime_join(rt, id, &result), -EPERM); /* not finished */
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_join(rt, id, &result), 0);
    assert_ptr_equal(result, &number);
    assert_int_equal(runtime_join(rt, id, &result), -ESRCH);
    assert_int_equal(runtime_free(rt), 0);
}

static void an_old_id_is_not_taken_for_the_new_thread(void **state)
{
    struct runtime *rt = new_runtime();
    struct thread_id old, new;
    (void)state;
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "old", &old), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_join(rt, old, NULL), 0);
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "new", &new), 0);
    assert_int_equal(new.place, old.place);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_join(rt, old, NULL), -ESRCH);
    assert_int_equal(runtime_join(rt, new, NULL), 0);
    assert_int_equal(runtime_join(rt, (struct thread_id){.place = 1000}, NULL),
                     -ESRCH);
    assert_int_equal(runtime_free(rt), 0);
}

static void nobody_joins_himself(void **state)
{
    struct joining joining = {.rc = 1};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, join_it, &joining, "me", &joining.id),
                     0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(joining.rc, -EDEADLK);
    assert_int_equal(joining.rc_again, -EDEADLK);
    assert_int_equal(runtime_free(rt), 0);
}

static void only_one_may_wait_for_a_thread(void **state)
{
    struct joining first = {.rc = 1}, second = {.rc = 1};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(
        runtime_spawn(rt, yield_and_return, &number, "it", &first.id), 0);
    second.id = first.id;
    assert_int_equal(runtime_spawn(rt, join_it, &first, "first", NULL), 0);
    assert_int_equal(runtime_spawn(rt, join_it, &second, "second", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(first.rc, 0);
    assert_ptr_equal(first.result, &number);
    assert_int_equal(second.rc, -EBUSY);
    assert_int_equal(runtime_free(rt), 0);
}

static void threads_that_wait_for_each_other_are_reported(void **state)
{
    struct joining a = {.rc = 1}, b = {.rc = 1};
    struct record record = {.length = 0};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, join_it, &a, "a", &b.id), 0);
    assert_int_equal(runtime_spawn(rt, join_it, &b, "b", &a.id), 0);
    assert_int_equal(runtime_run(rt), -EDEADLK);
    assert_int_equal(a.rc, 1); /* still in there */
    /* Others still can run. */
    assert_int_equal(runtime_spawn(rt, write_name, &record, "c3", NULL), 0);
    assert_int_equal(runtime_run(rt), -EDEADLK);
    assert_string_equal(record.text, "ccc");
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(faults.mapped, 0);
}

/* ---- Where a call does not belong ---- */

struct calls {
    int run, free;
};

static void *call_from_within(struct runtime *rt, void *argument)
{
    struct calls *calls = argument;

    calls->run = runtime_run(rt);
    calls->free = runtime_free(rt);
    return NULL;
}

static void calls_in_the_wrong_place_are_refused(void **state)
{
    struct calls calls = {0};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_yield(rt), -EPERM);
    assert_int_equal(runtime_spawn(rt, call_from_within, &calls, "x", NULL), 0);
    assert_int_equal(runtime_yield(rt), -EPERM);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_yield(rt), -EPERM);
    assert_int_equal(calls.run, -EBUSY);
    assert_int_equal(calls.free, -EBUSY);
    assert_int_equal(runtime_free(rt), 0);
}

static void *run_another(struct runtime *rt, void *argument)
{
    struct runtime *inner = NULL;
    int rc = runtime_new(&inner, 0);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = runtime_spawn(inner, write_name, argument, "i3", NULL);
    if (rc == 0)
        rc = runtime_run(inner);
    must(runtime_free(inner));
    must(rc);
    return write_name(rt, argument);
}

static void a_thread_may_run_a_runtime_of_its_own(void **state)
{
    struct record record = {.length = 0};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, run_another, &record, "o2", NULL), 0);
    assert_int_equal(runtime_spawn(rt, write_name, &record, "p2", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(record.text, "iiiiiiopop");
    assert_int_equal(runtime_free(rt), 0);
}

/* ---- Many, and memory ---- */

static void *count_twice(struct runtime *rt, void *argument)
{
    int *count = argument;

    ++*count;
    must(runtime_yield(rt));
    ++*count;
    return argument;
}

static void ten_thousand_threads_are_alive_at_once(void **state)
{
    struct thread_id *ids = calloc(MANY, sizeof *ids);
    struct runtime *rt = new_runtime();
    int count = 0;
    (void)state;
    assert_non_null(ids);
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < MANY; i++)
            assert_int_equal(
                runtime_spawn(rt, count_twice, &count, "one", &ids[i]), 0);
        assert_int_equal(runtime_run(rt), 0);
        assert_int_equal(count, 2 * MANY * round);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(runtime_join(rt, ids[i], NULL), 0);
        assert_int_equal(faults.mapped, MANY); /* both rounds, same stacks */
    }
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(faults.mapped, 0);
    free(ids);
}

static void threads_that_never_ran_are_dropped(void **state)
{
    struct runtime *rt = new_runtime();
    int count = 0;
    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(runtime_spawn(rt, count_twice, &count, "x", NULL), 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(count, 0);
    assert_int_equal(faults.mapped, 0);
}

static void no_runtime_with_absurd_stacks(void **state)
{
    struct runtime *rt = NULL;
    (void)state;
    assert_int_equal(runtime_new(&rt, 100), -EINVAL);
    assert_int_equal(runtime_new(&rt, SIZE_MAX), -EINVAL);
    assert_null(rt);
}

/* Each call for memory in the life of 40 threads fails once; each time spawn
 * says so and the runtime is good for more. */
static void running_out_of_memory_is_survived(void **state)
{
    int failures = 0, count = 0, rc = -ENOMEM;
    struct runtime *rt = NULL;
    (void)state;
    while (rc == -ENOMEM) {
        faults.calls_left = ++failures;
        rc = runtime_new(&rt, 0);
        for (int i = 0; i < 40 && rc == 0; i++)
            rc = runtime_spawn(rt, count_twice, &count, "x", NULL);
        bool failed = faults.calls_left == 0;
        faults.calls_left = 0;
        assert_int_equal(rc, failed ? -ENOMEM : 0);
        if (rt != NULL) {
            assert_int_equal(runtime_spawn(rt, count_twice, &count, "y", NULL),
                             0);
            assert_int_equal(runtime_run(rt), 0);
            assert_int_equal(runtime_free(rt), 0);
        }
        rt = NULL;
        assert_int_equal(faults.mapped, 0);
    }
    assert_true(failures > 40 * 3); /* calloc, mmap, mprotect for each */
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_take_turns_in_the_order_of_their_making),
        cmocka_unit_test(a_run_with_nothing_to_do_ends_at_once),
        cmocka_unit_test(a_runtime_runs_again),
        cmocka_unit_test(a_thread_that_just_returns_leaves_its_place_and_stack),
        cmocka_unit_test(threads_spawn_threads),
        cmocka_unit_test(a_thread_prints_a_double),
        cmocka_unit_test(names_are_copied_and_cut_to_fifteen_bytes),
        cmocka_unit_test(join_waits_and_gives_the_result_once),
        cmocka_unit_test(a_finished_thread_is_joined_at_once_from_outside_too),
        cmocka_unit_test(an_old_id_is_not_taken_for_the_new_thread),
        cmocka_unit_test(nobody_joins_himself),
        cmocka_unit_test(only_one_may_wait_for_a_thread),
        cmocka_unit_test(threads_that_wait_for_each_other_are_reported),
        cmocka_unit_test(calls_in_the_wrong_place_are_refused),
        cmocka_unit_test(a_thread_may_run_a_runtime_of_its_own),
        cmocka_unit_test(ten_thousand_threads_are_alive_at_once),
        cmocka_unit_test(threads_that_never_ran_are_dropped),
        cmocka_unit_test(no_runtime_with_absurd_stacks),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
