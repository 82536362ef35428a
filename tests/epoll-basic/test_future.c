/* SPDX-License-Identifier: MIT
 *
 * test_future.c - what task_waker.h and future.h promise. Children are pending
 * for every number of polls in question, so that each parent is seen in each of
 * its states.
 */
#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's -fanalyzer takes "it differs from the empty waker" for "its table is
 * NULL": a false alarm, inside task_waker_clone(). */
#pragma GCC diagnostic ignored "-Wanalyzer-null-dereference"
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counted.h"
#include "future.h"

enum { MOST = 4 }; /* polls that a child is pending */

/* ---- Wakers ---- */

static void each_clone_ends_in_one_wake_or_one_drop(void **state)
{
    struct counts counts = {.owners = 0};
    struct task_waker lent = counting_waker(&counts);
    (void)state;
    struct task_waker first = task_waker_clone(&lent);
    struct task_waker second = task_waker_clone(&first);
    assert_int_equal(counts.owners, 2);
    task_waker_wake_by_ref(&first);
    assert_int_equal(counts.wakes, 1);
    assert_int_equal(counts.owners, 2);
    task_waker_wake(&first);
    assert_int_equal(counts.wakes, 2);
    assert_int_equal(counts.owners, 1);
    task_waker_drop(&second);
    assert_int_equal(counts.wakes, 2);
    assert_int_equal(counts.owners, 0);
}

static void a_waker_that_was_used_up_tells_nobody(void **state)
{
    struct counts counts = {.owners = 0};
    struct task_waker lent = counting_waker(&counts);
    (void)state;
    struct task_waker waker = task_waker_clone(&lent);
    task_waker_wake(&waker);
    task_waker_wake(&waker);
    task_waker_wake_by_ref(&waker);
    task_waker_drop(&waker);
    struct task_waker none = task_waker_clone(&waker);
    task_waker_wake(&none);
    assert_int_equal(counts.wakes, 1);
    assert_int_equal(counts.owners, 0);
}

static void the_newest_waker_takes_the_place_of_the_last(void **state)
{
    struct counts old = {.owners = 0}, new = {.owners = 0};
    struct task_waker first = counting_waker(&old);
    struct task_waker second = counting_waker(&new), place = {.table = NULL};
    (void)state;
    task_waker_store(&place, &first);
    task_waker_store(&place, &first); /* costs nothing */
    assert_int_equal(old.owners, 1);
    task_waker_store(&place, &second);
    assert_int_equal(old.owners, 0);
    assert_int_equal(new.owners, 1);
    task_waker_wake(&place);
    assert_int_equal(old.wakes, 0);
    assert_int_equal(new.wakes, 1);
    assert_int_equal(new.owners, 0);
}

/* ---- A parent of two ---- */

enum kind { JOIN, SELECT, AND_THEN, KINDS };

struct family {
    struct future *parent; /* one of the three */
    struct future_join join;
    struct future_select select;
    struct future_and_then and_then;
    struct script left, right;
    int polls[2], drops[2];
    int made; /* times that next() was called */
    struct counts counts;
};

static struct future *give_right(struct future_and_then *self,
                                 struct future *first)
{
    struct family *family =
        (struct family *)((char *)self - offsetof(struct family, and_then));
    family->made += first == &family->left.future;
    return &family->right.future;
}

static void make_family(struct family *f, enum kind kind, int left, int right)
{
    *f = (struct family){.made = 0};
    f->left = script(left, &f->polls[0], &f->drops[0]);
    f->right = script(right, &f->polls[1], &f->drops[1]);
    f->join = future_join(&f->left.future, &f->right.future);
    f->select = future_select(&f->left.future, &f->right.future);
    f->and_then = future_and_then(&f->left.future, give_right);
    struct future *const parents[] = {&f->join.future, &f->select.future,
                                      &f->and_then.future};
    f->parent = parents[kind];
}

/* Polls it until it is ready, at most so often; how often it was. */
static int poll_up_to(struct family *f, int most)
{
    struct task_waker waker = counting_waker(&f->counts);
    for (int polls = 1; polls <= most; polls++)
        if (future_poll(f->parent, &waker) == FUTURE_READY)
            return polls;
    return most + 1;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void a_join_is_ready_when_both_are(void **state)
{
    struct family f;
    (void)state;
    for (int left = 0; left <= MOST; left++) {
        for (int right = 0; right <= MOST; right++) {
            make_family(&f, JOIN, left, right);
            int longer = left > right ? left : right;
            assert_int_equal(poll_up_to(&f, 2 * MOST), longer + 1);
            /* Who was ready was not polled again. */
            assert_int_equal(f.polls[0], left + 1);
            assert_int_equal(f.polls[1], right + 1);
            assert_int_equal(f.drops[0], 1);
            assert_int_equal(f.drops[1], 1);
        }
    }
}

static void a_select_is_ready_when_one_is_and_drops_the_other(void **state)
{
    struct family f;
    (void)state;
    for (int left = 0; left <= MOST; left++) {
        for (int right = 0; right <= MOST; right++) {
            make_family(&f, SELECT, left, right);
            assert_int_equal(poll_up_to(&f, 2 * MOST), least(left, right) + 1);
            assert_ptr_equal(f.select.winner,
                             left <= right ? &f.left.future : &f.right.future);
            assert_int_equal(f.polls[0], least(left, right) + 1);
            assert_int_equal(f.polls[1], least(left, right + 1));
            assert_int_equal(f.drops[0], 1);
            assert_int_equal(f.drops[1], 1);
            assert_int_equal(f.counts.owners, 0);
        }
    }
}

static void the_second_is_made_from_the_first_and_polled_at_once(void **state)
{
    struct family f;
    (void)state;
    for (int left = 0; left <= MOST; left++) {
        for (int right = 0; right <= MOST; right++) {
            make_family(&f, AND_THEN, left, right);
            assert_int_equal(poll_up_to(&f, 3 * MOST), left + right + 1);
            assert_int_equal(f.made, 1);
            assert_int_equal(f.polls[0], left + 1);
            assert_int_equal(f.polls[1], right + 1);
            assert_int_equal(f.drops[0], 1);
            assert_int_equal(f.drops[1], 1);
        }
    }
}

static struct future *give_nothing(struct future_and_then *self,
                                   struct future *first)
{
    (void)self, (void)first;
    return NULL;
}

static void there_need_not_be_a_second(void **state)
{
    struct family f;
    (void)state;
    make_family(&f, AND_THEN, 1, 0);
    f.and_then = future_and_then(&f.left.future, give_nothing);
    assert_int_equal(poll_up_to(&f, 3), 2);
    future_drop(f.parent);
    assert_int_equal(f.drops[0], 1);
    assert_int_equal(f.polls[1], 0);
}

/* Dropped after every number of polls, also none, also all. */
static void a_parent_that_is_dropped_drops_each_child_once(void **state)
{
    struct family f;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int polls = 0; polls <= 3 * MOST; polls++) {
            make_family(&f, (enum kind)kind, MOST - 1, MOST - 2);
            (void)poll_up_to(&f, polls);
            future_drop(f.parent);
            assert_int_equal(f.drops[0], 1);
            /* The second of and-then does not exist before its time. */
            assert_int_equal(f.drops[1], kind != AND_THEN || f.made == 1);
            assert_int_equal(f.counts.owners, 0);
        }
    }
}

static void nothing_happens_before_the_first_poll(void **state)
{
    struct family f;
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        make_family(&f, (enum kind)kind, 0, 0);
        assert_int_equal(f.polls[0] + f.polls[1] + f.made, 0);
        assert_int_equal(poll_up_to(&f, 1), 1);
        future_drop(f.parent);
    }
}

static void children_store_the_waker_of_the_newest_poll(void **state)
{
    struct family f;
    struct counts other = {.owners = 0};
    struct task_waker elsewhere = counting_waker(&other);
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        make_family(&f, (enum kind)kind, MOST, MOST);
        (void)poll_up_to(&f, 1);
        assert_int_equal(future_poll(f.parent, &elsewhere), FUTURE_PENDING);
        assert_int_equal(f.counts.owners, 0);
        task_waker_wake(&f.left.waker);
        assert_int_equal(f.counts.wakes, 0);
        future_drop(f.parent);
        assert_int_equal(other.owners, 0);
    }
    assert_int_equal(other.wakes, KINDS);
}

/* ---- Deeper: join(and_then(a, b), select(c, d)), all in one struct ---- */

static void parents_may_be_children(void **state)
{
    struct family inner, race;
    (void)state;
    make_family(&inner, AND_THEN, 2, 1); /* ready at the poll 4 */
    make_family(&race, SELECT, 9, 5);    /* at 6 */
    struct future_join both = future_join(inner.parent, race.parent);
    struct counts counts = {.owners = 0};
    struct task_waker waker = counting_waker(&counts);
    for (int i = 1; i < 6; i++)
        assert_int_equal(future_poll(&both.future, &waker), FUTURE_PENDING);
    assert_int_equal(future_poll(&both.future, &waker), FUTURE_READY);
    future_drop(&both.future);
    assert_int_equal(inner.polls[0] + inner.polls[1], 3 + 2);
    assert_int_equal(race.polls[0] + race.polls[1], 6 + 6);
    assert_int_equal(counts.owners, 0);
    assert_int_equal(inner.drops[0] + inner.drops[1], 2);
    assert_int_equal(race.drops[0] + race.drops[1], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clone_ends_in_one_wake_or_one_drop),
        cmocka_unit_test(a_waker_that_was_used_up_tells_nobody),
        cmocka_unit_test(the_newest_waker_takes_the_place_of_the_last),
        cmocka_unit_test(a_join_is_ready_when_both_are),
        cmocka_unit_test(a_select_is_ready_when_one_is_and_drops_the_other),
        cmocka_unit_test(the_second_is_made_from_the_first_and_polled_at_once),
        cmocka_unit_test(there_need_not_be_a_second),
        cmocka_unit_test(a_parent_that_is_dropped_drops_each_child_once),
        cmocka_unit_test(nothing_happens_before_the_first_poll),
        cmocka_unit_test(children_store_the_waker_of_the_newest_poll),
        cmocka_unit_test(parents_may_be_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
