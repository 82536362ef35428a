/* SPDX-License-Identifier: MIT
 *
 * test_runtime.c - what runtime.h promises. Green threads record; the test
 * asserts when they have stopped, on its own stack.
 */
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
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

/* How often the OS thread has slept. */
static _Thread_local int naps;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_clock_nanosleep(clockid_t, int, const struct timespec *,
                           struct timespec *);
int __wrap_clock_nanosleep(clockid_t, int, const struct timespec *,
                           struct timespec *);
int __wrap_clock_nanosleep(clockid_t clock, int flags,
                           const struct timespec *until, struct timespec *left)
{
    naps++;
    return __real_clock_nanosleep(clock, flags, until, left);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static struct runtime *new_runtime(void)
{
    struct runtime *rt = NULL;
    assert_int_equal(runtime_new(&rt, 0, GUARD_BEST), 0);
    return rt;
}

/* ---- Turns ---- */

struct record {
    char text[64];
    size_t length;
};

static void *write_name(void *argument)
{
    struct record *record = argument;
    int turns = runtime_name()[1] - '0';

    for (int i = 0; i < turns; i++) {
        record->text[record->length++] = runtime_name()[0];
        must(runtime_yield());
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

static void *just_return(void *argument)
{
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
    struct thread_id id;
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "y", &id), 0);
    assert_int_equal(id.place, 0); /* one was enough for all */
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(faults.mapped, 0);
}

struct tree { /* a thread that makes two more, and so on */
    int depth, made, rc;
};

static void *branch(void *argument)
{
    struct tree *tree = argument;

    tree->made++;
    if (tree->depth > 0) {
        tree->depth--; /* each level once: two threads more */
        for (int i = 0; i < 2; i++)
            tree->rc |=
                runtime_spawn(runtime_current(), branch, tree, "branch", NULL);
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

static void *print_a_double(void *argument)
{
    struct note *note = argument;
    double half = note->value / 2; /* lives across the yield */

    must(runtime_yield());
    snprintf(note->text, sizeof note->text, "%s %.2f", runtime_name(), half);
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

static void *store_name(void *argument)
{
    memcpy(argument, runtime_name(), strlen(runtime_name()) + 1);
    return NULL;
}

static void a_thread_knows_its_name(void **state)
{
    char seen[16] = "x";
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, store_name, seen, "long name", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(seen, "long name");
    assert_null(runtime_name());
    assert_int_equal(runtime_spawn(rt, store_name, seen, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_string_equal(seen, "");
    assert_int_equal(runtime_free(rt), 0);
}

static void *note_rounding(void *argument)
{
    int *rounding = argument;

    rounding[0] = fegetround();
    fesetround(FE_UPWARD);
    must(runtime_yield());
    rounding[1] = fegetround();
    return NULL;
}

static void rounding_modes_are_those_of_the_making_and_do_not_leak(void **state)
{
    int one[2], two[2];
    (void)state;
    fesetround(FE_DOWNWARD);
    struct runtime *rt = new_runtime();
    fesetround(FE_TONEAREST);
    assert_int_equal(runtime_spawn(rt, note_rounding, one, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, note_rounding, two, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(fegetround(), FE_TONEAREST);
    assert_int_equal(one[0], FE_DOWNWARD);
    assert_int_equal(two[0], FE_DOWNWARD);
    assert_int_equal(one[1], FE_UPWARD);
    assert_int_equal(two[1], FE_UPWARD);
    assert_int_equal(runtime_free(rt), 0);
}

/* ---- Join ---- */

struct joining {
    struct thread_id id;
    int rc, rc_again;
    void *result;
};

static void *join_it(void *argument)
{
    struct joining *joining = argument;

    struct runtime *rt = runtime_current();

    joining->rc = runtime_join(rt, joining->id, &joining->result);
    joining->rc_again = runtime_join(rt, joining->id, NULL);
    return NULL;
}

static void *yield_and_return(void *argument)
{
    for (int i = 0; i < 5; i++)
        must(runtime_yield());
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

/* So the second has its turn after the end of the one that the first waits for,
 * and before the first. */
static void *yield_and_join_it(void *argument)
{
    must(runtime_yield());
    return join_it(argument);
}

static void nobody_steals_a_result_before_the_joiner_has_its_turn(void **state)
{
    struct joining first = {.rc = 1}, second = {.rc = 1};
    struct runtime *rt = new_runtime();
    struct thread_id a, b;
    (void)state;
    assert_int_equal(runtime_spawn(rt, join_it, &first, "first", NULL), 0);
    assert_int_equal(
        runtime_spawn(rt, yield_and_join_it, &second, "second", NULL), 0);
    assert_int_equal(runtime_spawn(rt, just_return, &number, "it", &first.id),
                     0);
    second.id = first.id;
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(first.rc, 0);
    assert_ptr_equal(first.result, &number);
    assert_int_equal(second.rc, -EBUSY);
    /* Its place was put back once, or both of these would stand in it. */
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "a", &a), 0);
    assert_int_equal(runtime_spawn(rt, just_return, NULL, "b", &b), 0);
    assert_true(a.place != b.place);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_join(rt, a, NULL), 0);
    assert_int_equal(runtime_join(rt, b, NULL), 0);
    assert_int_equal(runtime_free(rt), 0);
}

struct waking {
    struct joining joining;
    struct thread *joiner;
};

static void *tell_and_join(void *argument)
{
    struct waking *waking = argument;

    waking->joiner = runtime_self();
    return join_it(&waking->joining);
}

static void *wake_the_joiner(void *argument)
{
    const struct waking *waking = argument;

    for (int i = 0; i < 3; i++) {
        runtime_wake(runtime_current(), waking->joiner);
        must(runtime_yield());
    }
    return NULL;
}

static void *yield_and_return_another(void *argument)
{
    yield_and_return(argument);
    return &number;
}

static void a_wake_does_not_end_a_join(void **state)
{
    struct waking waking = {.joining = {.rc = 1}};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, tell_and_join, &waking, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, yield_and_return_another, NULL, "it",
                                   &waking.joining.id),
                     0);
    assert_int_equal(runtime_spawn(rt, wake_the_joiner, &waking, NULL, NULL),
                     0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(waking.joining.rc, 0);
    assert_ptr_equal(waking.joining.result, &number); /* so it was the end */
    assert_int_equal(runtime_free(rt), 0);
}

static void nobody_joins_a_thread_whose_id_was_not_asked_for(void **state)
{
    struct joining guess = {.id = {.place = 1, .use = 1}, .rc = 1};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, join_it, &guess, "guess", NULL), 0);
    assert_int_equal(runtime_spawn(rt, yield_and_return, NULL, "it", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(guess.rc, -ESRCH);
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
    assert_int_equal(runtime_free(rt), -ECANCELED);
    assert_int_equal(faults.mapped, 0);
}

/* ---- Where a call does not belong ---- */

struct calls {
    int run, free;
};

static void *call_from_within(void *argument)
{
    struct calls *calls = argument;

    calls->run = runtime_run(runtime_current());
    calls->free = runtime_free(runtime_current());
    return NULL;
}

static void calls_in_the_wrong_place_are_refused(void **state)
{
    struct calls calls = {0};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_yield(), -EPERM);
    assert_int_equal(runtime_sleep(0), -EPERM);
    assert_int_equal(runtime_park(0), -EPERM);
    assert_null(runtime_current());
    assert_null(runtime_self());
    assert_int_equal(runtime_spawn(rt, call_from_within, &calls, "x", NULL), 0);
    assert_int_equal(runtime_yield(), -EPERM);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_yield(), -EPERM);
    assert_int_equal(calls.run, -EBUSY);
    assert_int_equal(calls.free, -EBUSY);
    assert_int_equal(runtime_free(rt), 0);
}

static void *run_another(void *argument)
{
    struct runtime *inner = NULL;
    int rc = runtime_new(&inner, 0, GUARD_BEST);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = runtime_spawn(inner, write_name, argument, "i3", NULL);
    if (rc == 0)
        rc = runtime_run(inner);
    must(runtime_free(inner));
    must(rc);
    return write_name(argument);
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

static _Thread_local int of_this_os_thread;

static void *look_at_it(void *argument)
{
    bool *same = argument;
    const int *before = &of_this_os_thread;

    for (int i = 0; i < 10000 && *same; i++) {
        must(runtime_yield());
        *same = before == &of_this_os_thread;
    }
    return NULL;
}

static void *run_ten(void *argument)
{
    struct runtime *rt;

    must(runtime_new(&rt, 0, GUARD_BEST));
    for (int i = 0; i < 10; i++)
        must(runtime_spawn(rt, look_at_it, argument, NULL, NULL));
    must(runtime_run(rt));
    must(runtime_free(rt));
    return NULL;
}

static void os_threads_have_runtimes_side_by_side(void **state)
{
    pthread_t thread[4];
    bool same[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        same[i] = true;
        must(pthread_create(&thread[i], NULL, run_ten, &same[i]));
    }
    for (int i = 0; i < 4; i++) {
        must(pthread_join(thread[i], NULL));
        assert_true(same[i]); /* no green thread changed its OS thread */
    }
}

/* ---- Waiting ---- */

static int64_t dawn; /* before all deadlines of the next test */

static void *sleep_and_write(void *argument)
{
    struct record *record = argument;

    if (runtime_park(dawn + runtime_name()[1] * INT64_C(1000000)) == -ETIMEDOUT)
        record->text[record->length++] = runtime_name()[0];
    return NULL;
}

static void sleepers_wake_in_the_order_of_their_deadlines(void **state)
{
    const char *names[] = {"c3", "a1", "d4", "b2"};
    struct record record = {.length = 0};
    struct runtime *rt = new_runtime();
    (void)state;
    dawn = now_ns() - '0' * INT64_C(1000000);
    naps = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            runtime_spawn(rt, sleep_and_write, &record, names[i], NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_true(now_ns() >= dawn + '4' * INT64_C(1000000)); /* none too early */
    assert_string_equal(record.text, "abcd");
    assert_in_range(naps, 1, 40); /* it has not looked at the clock for ever */
    assert_int_equal(runtime_free(rt), 0);
}

static void *yield_until(void *argument)
{
    const bool *done = argument;

    while (!*done)
        must(runtime_yield());
    return NULL;
}

static void *sleep_and_say_done(void *argument)
{
    must(runtime_sleep(1));
    *(bool *)argument = true;
    return NULL;
}

/* They end only if the sleeper gets its turn among them. */
static void a_sleeper_wakes_although_others_always_yield(void **state)
{
    struct runtime *rt = new_runtime();
    bool done = false;
    (void)state;
    assert_int_equal(runtime_spawn(rt, yield_until, &done, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, yield_until, &done, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, sleep_and_say_done, &done, NULL, NULL),
                     0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(runtime_free(rt), 0);
}

struct sleeper {
    int64_t ns;
    int rc;
    struct thread *thread;
    bool asleep; /* when it was woken */
};

static void *sleep_long(void *argument)
{
    struct sleeper *sleeper = argument;

    sleeper->thread = runtime_self();
    sleeper->rc = runtime_sleep(sleeper->ns);
    return NULL;
}

static void *wake_it(void *argument)
{
    struct sleeper *sleeper = argument;

    for (int i = 0; i < 1000; i++) /* rounds enough to look at the clock */
        must(runtime_yield());
    sleeper->asleep = sleeper->rc == 1;
    runtime_wake(runtime_current(), sleeper->thread);
    runtime_wake(runtime_current(), sleeper->thread); /* awake already */
    return NULL;
}

static void a_sleep_may_be_negative_absurdly_long_and_ended(void **state)
{
    struct sleeper past = {.ns = -5, .rc = 1};
    struct sleeper longest = {.ns = INT64_MAX, .rc = 1};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, sleep_long, &past, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, sleep_long, &longest, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, wake_it, &longest, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(past.rc, 0);
    assert_int_equal(longest.rc, 0);
    assert_true(longest.asleep);
    assert_int_equal(runtime_free(rt), 0);
}

struct parked {
    int64_t deadline;
    int rc, rounds;
    struct thread *thread;
};

static void *park(void *argument)
{
    struct parked *parked = argument;

    parked->thread = runtime_self();
    for (int i = 0; i < parked->rounds; i++)
        parked->rc = runtime_park(parked->deadline);
    return NULL;
}

static void *wake_three_times(void *argument)
{
    const struct parked *parked = argument;

    for (int i = 0; i < 3; i++) {
        runtime_wake(runtime_current(), parked->thread);
        runtime_wake(runtime_current(), parked->thread);
        must(runtime_yield());
    }
    return NULL;
}

static void each_park_is_ended_by_one_wake(void **state)
{
    struct parked parked = {RUNTIME_NEVER, 1, 3, NULL};
    struct parked timed = {now_ns() + INT64_C(60000000000), 1, 3, NULL};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, park, &parked, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, park, &timed, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, wake_three_times, &parked, NULL, NULL),
                     0);
    assert_int_equal(runtime_spawn(rt, wake_three_times, &timed, NULL, NULL),
                     0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(parked.rc, 0);
    assert_int_equal(timed.rc, 0); /* and its timers are gone, or it hangs */
    assert_int_equal(runtime_free(rt), 0);
}

struct parks {
    struct thread *thread;
    int64_t deadline;
    int rc[3];
};

static void *park_thrice(void *argument)
{
    struct parks *parks = argument;

    parks->thread = runtime_self();
    parks->rc[0] = runtime_park(0);
    parks->rc[1] = runtime_park(parks->deadline);
    parks->rc[2] = runtime_park(RUNTIME_NEVER);
    return NULL;
}

/* Were the time-out not forgotten, the next park would seem to have one, too. */
static void an_ended_park_leaves_nothing_to_the_next(void **state)
{
    struct parks parks = {.deadline = RUNTIME_NEVER, .rc = {1, 1, 1}};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, park_thrice, &parks, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), -EDEADLK); /* in the second */
    assert_int_equal(parks.rc[0], -ETIMEDOUT);
    runtime_wake(rt, parks.thread);
    assert_int_equal(runtime_run(rt), -EDEADLK); /* in the third */
    assert_int_equal(parks.rc[1], 0);
    runtime_wake(rt, parks.thread);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(parks.rc[2], 0);
    assert_int_equal(runtime_free(rt), 0);
}

static void *wake_at_once(void *argument)
{
    const struct parks *parks = argument;

    while (parks->rc[0] == 1)
        must(runtime_yield());
    runtime_wake(runtime_current(), parks->thread);
    return NULL;
}

/* The deadline of the second park has passed, but it is woken before somebody
 * looks at the clock. Were its timer still there, the third would end by it. */
static void a_wake_takes_the_timer_away(void **state)
{
    struct parks parks = {.rc = {1, 1, 1}};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, park_thrice, &parks, NULL, NULL), 0);
    assert_int_equal(runtime_spawn(rt, wake_at_once, &parks, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), -EDEADLK);
    assert_int_equal(parks.rc[1], 0);
    runtime_wake(rt, parks.thread);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(parks.rc[2], 0);
    assert_int_equal(runtime_free(rt), 0);
}

static void *run_it(void *argument)
{
    struct runtime **rt = argument;

    if (runtime_run(*rt) != 0)
        *rt = NULL;
    return NULL;
}

static void a_runtime_goes_on_in_another_os_thread(void **state)
{
    struct parks parks = {.deadline = RUNTIME_NEVER, .rc = {1, 1, 1}};
    struct runtime *rt = new_runtime();
    pthread_t other;
    (void)state;
    assert_int_equal(runtime_spawn(rt, park_thrice, &parks, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), -EDEADLK);
    runtime_wake(rt, parks.thread);
    assert_int_equal(runtime_run(rt), -EDEADLK);
    runtime_wake(rt, parks.thread);
    must(pthread_create(&other, NULL, run_it, &rt));
    must(pthread_join(other, NULL));
    assert_non_null(rt);
    assert_int_equal(parks.rc[2], 0);
    assert_int_equal(runtime_free(rt), 0);
}

static void a_park_ends_at_its_deadline(void **state)
{
    struct parked parked = {now_ns() + 1000000, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, park, &parked, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(parked.rc, -ETIMEDOUT);
    assert_true(now_ns() >= parked.deadline);
    assert_int_equal(runtime_free(rt), 0);
}

static void without_memory_for_a_timer_nobody_parks(void **state)
{
    struct parked parked = {0, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    (void)state;
    assert_int_equal(runtime_spawn(rt, park, &parked, NULL, NULL), 0);
    fail_after(0, false);
    assert_int_equal(runtime_run(rt), 0);
    fail_after(-1, false);
    assert_int_equal(parked.rc, -ENOMEM);
    assert_int_equal(runtime_free(rt), 0);
}

/* ---- The driver: one that writes down how it was called ---- */

struct fake {
    struct runtime_driver driver;
    struct runtime *rt;
    struct parked *parked;
    int calls, wake_at; /* at which call it wakes the parked one */
    int rc, fail_at;
    int64_t deadline; /* of the last call */
    bool *freed;
};

static int fake_wait(struct runtime_driver *driver, int64_t deadline)
{
    struct fake *fake = (struct fake *)driver;

    fake->deadline = deadline;
    if (++fake->calls == fake->wake_at) {
        runtime_wake(fake->rt, fake->parked->thread);
        driver->waiting--;
    }
    return fake->calls == fake->fail_at ? fake->rc : 0;
}

static void fake_free(struct runtime_driver *driver)
{
    *((struct fake *)driver)->freed = true;
}

static void begin(struct fake *fake, struct runtime *rt, struct parked *parked,
                  bool *freed)
{
    *fake = (struct fake){
        {1, fake_wait, fake_free}, rt, parked, .wake_at = 1, .freed = freed};
    assert_int_equal(runtime_set_driver(rt, &fake->driver), 0);
    assert_int_equal(runtime_set_driver(rt, &fake->driver), -EBUSY);
    assert_ptr_equal(runtime_driver(rt), &fake->driver);
    assert_int_equal(runtime_spawn(rt, park, parked, NULL, NULL), 0);
}

static void with_nobody_ready_the_driver_waits(void **state)
{
    struct parked parked = {RUNTIME_NEVER, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.wake_at = 3; /* as if signals had ended its wait twice */
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(fake.calls, 3);
    assert_true(fake.deadline == RUNTIME_NEVER);
    assert_int_equal(parked.rc, 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_true(freed);
}

static void the_driver_waits_no_longer_than_a_sleeper(void **state)
{
    struct parked parked = {now_ns() + 3000000, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.wake_at = 0; /* never: it is time that does */
    assert_int_equal(runtime_run(rt), 0);
    assert_true(fake.deadline == parked.deadline);
    assert_int_equal(parked.rc, -ETIMEDOUT);
    assert_int_equal(runtime_free(rt), 0);
}

static void the_longest_sleep_has_an_end(void **state)
{
    struct sleeper longest = {.ns = INT64_MAX, .rc = 1};
    struct parked parked = {RUNTIME_NEVER, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.fail_at = 1;
    fake.rc = -EIO; /* we shall not wait for it */
    assert_int_equal(runtime_spawn(rt, sleep_long, &longest, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), -EIO);
    assert_true(fake.deadline < RUNTIME_NEVER);
    assert_int_equal(runtime_free(rt), -ECANCELED);
}

struct turns {
    long count;
    const struct fake *fake;
};

static void *yield_until_looked_often(void *argument)
{
    struct turns *turns = argument;

    for (; turns->fake->calls < 100; turns->count++)
        must(runtime_yield());
    return NULL;
}

static void while_others_run_the_driver_looks_now_and_then(void **state)
{
    struct parked parked = {RUNTIME_NEVER, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct turns turns = {0};
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.wake_at = 100;
    turns.fake = &fake;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            runtime_spawn(rt, yield_until_looked_often, &turns, NULL, NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(fake.deadline, 0); /* it may not wait */
    assert_int_equal(parked.rc, 0);
    assert_true(turns.count > 100L * 20); /* turns to one look */
    assert_int_equal(runtime_free(rt), 0);
}

static void an_error_of_the_driver_ends_the_run_and_no_thread(void **state)
{
    struct parked parked = {RUNTIME_NEVER, 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.wake_at = 2;
    fake.fail_at = 1;
    fake.rc = -EIO;
    assert_int_equal(runtime_run(rt), -EIO);
    assert_int_equal(parked.rc, 1);
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(parked.rc, 0);
    assert_int_equal(runtime_free(rt), 0);
}

static void a_driver_nobody_needs_is_left_alone(void **state)
{
    struct parked parked = {now_ns(), 1, 1, NULL};
    struct runtime *rt = new_runtime();
    struct fake fake;
    bool freed = false;
    (void)state;
    begin(&fake, rt, &parked, &freed);
    fake.driver.waiting = 0;
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(fake.calls, 0);
    assert_int_equal(runtime_free(rt), 0);
    assert_true(freed);
}

/* ---- Many, and memory ---- */

static void *count_twice(void *argument)
{
    int *count = argument;

    ++*count;
    must(runtime_yield());
    ++*count;
    return argument;
}

static void ten_thousand_threads_are_alive_at_once(void **state)
{
    struct thread_id *ids = calloc(MANY, sizeof *ids);
    struct runtime *rt = new_runtime();
    int count = 0, mapped = 0;
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
        if (round == 1)
            mapped = faults.mapped;
        assert_int_equal(faults.mapped, mapped); /* the same stacks again */
    }
    assert_int_equal(runtime_free(rt), 0);
    assert_int_equal(faults.mapped, 0);
    free(ids);
}

struct lot {
    int expected, wrong; /* whose turn it is; how often it was not */
};

struct guest {
    struct lot *lot;
    int mine;
};

static void *come_in_turn(void *argument)
{
    const struct guest *guest = argument;

    guest->lot->wrong += guest->lot->expected++ != guest->mine;
    return NULL;
}

/* It has turned when it grows: its first place is in the middle. */
static void a_queue_that_grows_keeps_its_order(void **state)
{
    static struct guest guests[1000];
    struct lot lot = {0};
    struct runtime *rt = new_runtime();
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(runtime_spawn(rt, just_return, NULL, "x", NULL), 0);
    assert_int_equal(runtime_run(rt), 0);
    for (int i = 0; i < 1000; i++) {
        guests[i] = (struct guest){&lot, i};
        assert_int_equal(
            runtime_spawn(rt, come_in_turn, &guests[i], "in turn", NULL), 0);
    }
    assert_int_equal(runtime_run(rt), 0);
    assert_int_equal(lot.expected, 1000);
    assert_int_equal(lot.wrong, 0);
    assert_int_equal(runtime_free(rt), 0);
}

struct crowd {
    struct thread *parked;
    int ended;
};

static void *park_in_a_crowd(void *argument)
{
    struct crowd *crowd = argument;

    crowd->parked = runtime_self();
    must(runtime_park(INT64_MAX - 1));
    crowd->ended++;
    return NULL;
}

static void *wake_in_a_crowd(void *argument)
{
    struct crowd *crowd = argument;

    runtime_wake(runtime_current(), crowd->parked);
    must(runtime_yield());
    crowd->ended++;
    return NULL;
}

/* All are ready at once, and the OS thread wants its turn as well, since the
 * first one has waited. At powers of two the queue is full to the last place. */
static void nobody_falls_out_of_a_full_queue(void **state)
{
    (void)state;
    for (int all = 2; all <= 1024; all *= 2) {
        struct runtime *rt = new_runtime();
        struct crowd crowd = {.ended = 0};
        assert_int_equal(runtime_spawn(rt, park_in_a_crowd, &crowd, "1", NULL),
                         0);
        for (int i = 1; i < all; i++)
            assert_int_equal(
                runtime_spawn(rt, wake_in_a_crowd, &crowd, "n", NULL), 0);
        assert_int_equal(runtime_run(rt), 0);
        assert_int_equal(crowd.ended, all);
        assert_int_equal(runtime_free(rt), 0);
    }
}

static void threads_that_never_ran_are_dropped(void **state)
{
    struct runtime *rt = new_runtime();
    int count = 0;
    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(runtime_spawn(rt, count_twice, &count, "x", NULL), 0);
    assert_int_equal(runtime_free(rt), -ECANCELED);
    assert_int_equal(count, 0);
    assert_int_equal(faults.mapped, 0);
}

static void no_runtime_with_absurd_stacks(void **state)
{
    struct runtime *rt = NULL;
    (void)state;
    assert_int_equal(runtime_new(&rt, 100, GUARD_BEST), -EINVAL);
    assert_int_equal(runtime_new(&rt, SIZE_MAX, GUARD_BEST), -EINVAL);
    assert_null(rt);
}

enum { MORE = 300 }; /* than one block of the table, than the first queue */

/* Each call for memory in the life of many threads fails once; each time spawn
 * says so and the runtime is good for more. */
static void running_out_of_memory_is_survived(void **state)
{
    int failures = 0, count = 0, rc = -ENOMEM;
    struct runtime *rt = NULL;
    (void)state;
    while (rc == -ENOMEM) {
        fail_after(failures++, false);
        rc = runtime_new(&rt, 0, GUARD_MPROTECT);
        for (int i = 0; i < MORE && rc == 0; i++)
            rc = runtime_spawn(rt, count_twice, &count, "x", NULL);
        bool failed = faults.failed;
        fail_after(-1, false);
        assert_true(rc == 0 || failed);
        if (rc == -EMLINK) /* a guard, in this test, is memory */
            rc = -ENOMEM;
        assert_true(rc == 0 || rc == -ENOMEM);
        if (rt != NULL) {
            assert_int_equal(runtime_spawn(rt, count_twice, &count, "y", NULL),
                             0);
            assert_int_equal(runtime_run(rt), 0);
            assert_int_equal(runtime_free(rt), 0);
        }
        rc = failed ? -ENOMEM : 0; /* mmap asks again, for less */
        rt = NULL;
        assert_int_equal(faults.mapped, 0);
    }
    assert_true(failures > MORE); /* mprotect for each */
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
        cmocka_unit_test(a_thread_knows_its_name),
        cmocka_unit_test(
            rounding_modes_are_those_of_the_making_and_do_not_leak),
        cmocka_unit_test(join_waits_and_gives_the_result_once),
        cmocka_unit_test(a_finished_thread_is_joined_at_once_from_outside_too),
        cmocka_unit_test(an_old_id_is_not_taken_for_the_new_thread),
        cmocka_unit_test(nobody_joins_himself),
        cmocka_unit_test(only_one_may_wait_for_a_thread),
        cmocka_unit_test(nobody_steals_a_result_before_the_joiner_has_its_turn),
        cmocka_unit_test(a_wake_does_not_end_a_join),
        cmocka_unit_test(nobody_joins_a_thread_whose_id_was_not_asked_for),
        cmocka_unit_test(threads_that_wait_for_each_other_are_reported),
        cmocka_unit_test(calls_in_the_wrong_place_are_refused),
        cmocka_unit_test(a_thread_may_run_a_runtime_of_its_own),
        cmocka_unit_test(os_threads_have_runtimes_side_by_side),
        cmocka_unit_test(sleepers_wake_in_the_order_of_their_deadlines),
        cmocka_unit_test(a_sleeper_wakes_although_others_always_yield),
        cmocka_unit_test(a_sleep_may_be_negative_absurdly_long_and_ended),
        cmocka_unit_test(each_park_is_ended_by_one_wake),
        cmocka_unit_test(an_ended_park_leaves_nothing_to_the_next),
        cmocka_unit_test(a_wake_takes_the_timer_away),
        cmocka_unit_test(a_runtime_goes_on_in_another_os_thread),
        cmocka_unit_test(a_park_ends_at_its_deadline),
        cmocka_unit_test(without_memory_for_a_timer_nobody_parks),
        cmocka_unit_test(with_nobody_ready_the_driver_waits),
        cmocka_unit_test(the_driver_waits_no_longer_than_a_sleeper),
        cmocka_unit_test(the_longest_sleep_has_an_end),
        cmocka_unit_test(while_others_run_the_driver_looks_now_and_then),
        cmocka_unit_test(an_error_of_the_driver_ends_the_run_and_no_thread),
        cmocka_unit_test(a_driver_nobody_needs_is_left_alone),
        cmocka_unit_test(ten_thousand_threads_are_alive_at_once),
        cmocka_unit_test(a_queue_that_grows_keeps_its_order),
        cmocka_unit_test(nobody_falls_out_of_a_full_queue),
        cmocka_unit_test(threads_that_never_ran_are_dropped),
        cmocka_unit_test(no_runtime_with_absurd_stacks),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
