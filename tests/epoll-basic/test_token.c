/* SPDX-License-Identifier: MIT
 *
 * test_token.c - what token.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "poller.h"
#include "util.h"

static void a_token_comes_back_as_it_was_packed(void **state)
{
    (void)state;
    const uint32_t corners[] = {0, 1, 0x7fffffff, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            struct token token = {corners[i], corners[j]};
            struct token back = token_unpack(token_pack(token));
            assert_int_equal(back.index, corners[i]);
            assert_int_equal(back.generation, corners[j]);
            assert_true(token_equal(token, back));
        }
    }
}

static void tokens_are_equal_only_in_both_halves(void **state)
{
    (void)state;
    assert_true(token_equal(token_first(7), (struct token){7, 0}));
    assert_false(token_equal(token_first(7), token_first(8)));
    assert_false(token_equal(token_first(7), token_next(token_first(7))));
}

static void the_next_owner_has_the_same_slot(void **state)
{
    (void)state;
    struct token last = {7, UINT32_MAX};
    assert_int_equal(token_next(token_first(7)).index, 7);
    assert_int_equal(token_next(token_first(7)).generation, 1);
    assert_int_equal(token_next(last).index, 7); /* no carry into the index */
    assert_int_equal(token_next(last).generation, 0);
}

/* The pitfall itself: two events in one batch, and the handler of the first
 * closes the second's descriptor and opens another, which gets its number. */
static void a_late_event_does_not_reach_the_successor(void **state)
{
    struct token slots[] = {token_first(0), token_first(1)};
    struct event batch[2];
    struct poller poller;
    int fds[2];
    (void)state;
    assert_int_equal(poller_open(&poller), 0);
    for (int i = 0; i < 2; i++) {
        fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        assert_int_equal(
            poller_register(&poller, fds[i], slots[i], INTEREST_READABLE), 0);
    }
    assert_int_equal(poller_wait(&poller, batch, 2, 0), 2);

    uint32_t other = 1 - event_token(&batch[0]).index;
    int number = fds[other];
    assert_int_equal(poller_deregister(&poller, number), 0);
    close(number);
    fds[other] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_int_equal(fds[other], number); /* the lowest free one */
    slots[other] = token_next(slots[other]);
    assert_int_equal(
        poller_register(&poller, fds[other], slots[other], INTEREST_READABLE),
        0);

    struct token late = event_token(&batch[1]);
    assert_int_equal(late.index, other);
    assert_false(token_equal(late, slots[other]));
    assert_int_equal(poller_wait(&poller, batch, 2, 0), 0);
    assert_int_equal(eventfd_write(fds[other], 1), 0);
    assert_int_equal(poller_wait(&poller, batch, 2, 0), 1);
    assert_true(token_equal(event_token(&batch[0]), slots[other]));
    close(fds[0]);
    close(fds[1]);
    poller_close(&poller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_back_as_it_was_packed),
        cmocka_unit_test(tokens_are_equal_only_in_both_halves),
        cmocka_unit_test(the_next_owner_has_the_same_slot),
        cmocka_unit_test(a_late_event_does_not_reach_the_successor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
