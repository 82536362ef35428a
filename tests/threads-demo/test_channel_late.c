/* SPDX-License-Identifier: MIT
 *
 * test_channel_late.c - two senders of the ring that learn only after their put()
 * that nobody is left to receive. It takes two stores in the same few nanoseconds
 * to have each miss the other, so this test does that step by itself, and many
 * times: it has the ring's own text in it.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* NOLINTNEXTLINE(bugprone-suspicious-include): see above */
#include "channel_ring.c"
#include "cpu.h"

enum { ROUNDS = 30000, JITTER = 60 };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the holes are meant */
struct late {
    _Alignas(LINES) _Atomic unsigned arrived;
    _Alignas(LINES) struct channel *ch;
    size_t at[2]; /* the positions that the two have taken */
};

/* Both come out of it at about the same moment. */
static void meet(struct late *l, unsigned round)
{
    /* acq_rel, acquire: what was written before is seen after. */
    atomic_fetch_add_explicit(&l->arrived, 1, memory_order_acq_rel);
    for (unsigned i = 1;
         atomic_load_explicit(&l->arrived, memory_order_acquire) < 2 * round;
         i++) {
        backoff_pause();
        if (i % 128 == 0)
            sched_yield();
    }
}

/* The rest of a put() that has taken its position. */
static void write_late(struct late *l, int who, unsigned wait)
{
    struct ring *r = of(l->ch);
    size_t at = l->at[who];
    for (volatile unsigned left = wait; left > 0; left--)
        ; /* now the one is ahead, now the other */
    if (gate_open(&r->not_empty, &slot_of(r, at)->turn, at + 1))
        tell_receivers(r);
}

static void *write_each_time(void *arg)
{
    struct late *l = arg;
    cpu_pin(1); /* here and below: if it fails, they meet less often */
    for (unsigned i = 0; i < ROUNDS; i++) {
        meet(l, 2 * i + 1);
        write_late(l, 1, i / 7 % JITTER);
        meet(l, 2 * i + 2);
    }
    return NULL;
}

static void of_two_late_senders_one_drops_what_both_have_sent(void **state)
{
    struct late l = {.arrived = 0};
    pthread_t other;
    int left_behind = 0;
    (void)state;
    must(channel_new(&l.ch, CHANNEL_RING, sizeof(long), 1024));
    struct ring *r = of(l.ch);
    channel_add_sender(l.ch);
    channel_drop_receiver(l.ch);
    must(pthread_create(&other, NULL, write_each_time, &l));
    cpu_pin(0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (int who = 0; who < 2; who++)
            assert_true(take_position(r, &r->tail, &r->base.senders, TO_WRITE,
                                      &l.at[who]));
        meet(&l, 2 * i + 1);
        write_late(&l, 0, i % JITTER);
        meet(&l, 2 * i + 2);
        left_behind += channel_length(l.ch) > 0;
        while (get(r, NULL) == 0)
            ;
    }
    must(pthread_join(other, NULL));
    channel_drop_sender(l.ch);
    channel_drop_sender(l.ch);
    assert_int_equal(left_behind, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_late_senders_one_drops_what_both_have_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
