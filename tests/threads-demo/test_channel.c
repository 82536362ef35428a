/* SPDX-License-Identifier: MIT
 *
 * test_channel.c - what channel.h promises, of both engines.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel.h"
#include "util.h"

static const enum channel_engine engines[] = {CHANNEL_MUTEX, CHANNEL_RING};
enum { ENGINES = 2, ROUNDS = 300 };

static struct channel *made(int engine, size_t value_size, size_t capacity)
{
    struct channel *ch;
    assert_int_equal(channel_new(&ch, engines[engine], value_size, capacity),
                     0);
    return ch;
}

static void free_channel(struct channel *ch)
{
    channel_drop_sender(ch);
    channel_drop_receiver(ch);
}

static void no_channel_without_size_or_memory(void **state)
{
    struct channel *ch = NULL;
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        assert_int_equal(channel_new(&ch, engines[e], 0, 1), -EINVAL);
        assert_int_equal(
            channel_new(&ch, engines[e], SIZE_MAX / 2, SIZE_MAX / 2), -ENOMEM);
        assert_int_equal(channel_new(&ch, engines[e], 8, SIZE_MAX - 1),
                         -ENOMEM);
        assert_int_equal(channel_new(&ch, engines[e], 8, SIZE_MAX / 16),
                         -ENOMEM);
        assert_int_equal(channel_new(&ch, engines[e], 1, SIZE_MAX / 2 + 2),
                         -ENOMEM);
        assert_null(ch);
    }
}

static void values_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        struct channel *ch = made(e, sizeof(int), CHANNEL_UNBOUNDED);
        int received = 0, sent = 0;
        /* Three in, two out: a ring wraps, and grows while it is wrapped;
         * blocks end, and are used again. */
        for (int round = 0; round < 5000; round++) {
            for (int i = 0; i < 3; i++, sent++)
                assert_int_equal(channel_send(ch, &sent), 0);
            for (int i = 0; i < 2; i++, received++) {
                int value;
                assert_int_equal(channel_recv(ch, &value), 0);
                assert_int_equal(value, received);
            }
            assert_int_equal(channel_length(ch), sent - received);
        }
        channel_drop_sender(ch);
        for (int value; channel_recv(ch, &value) == 0; received++)
            assert_int_equal(value, received);
        assert_int_equal(received, sent);
        channel_drop_receiver(ch);
    }
}

static void values_of_any_size_arrive_whole(void **state)
{
    (void)state;
    unsigned char out[300], in[300];
    for (int e = 0; e < ENGINES; e++) {
        for (size_t size = 1; size <= sizeof out; size += 1 + size / 7) {
            struct channel *ch = made(e, size, 3);
            memset(out, (int)size, size);
            memset(in, 0, sizeof in);
            for (int i = 0; i < 3; i++)
                assert_int_equal(channel_send(ch, out), 0);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(channel_recv(ch, in), 0);
                assert_memory_equal(in, out, size);
                assert_int_equal(size < sizeof in ? in[size] : 0, 0);
            }
            free_channel(ch);
        }
    }
}

static void a_bounded_channel_takes_its_capacity_and_no_more(void **state)
{
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        for (size_t capacity = 1; capacity <= 9; capacity++) {
            struct channel *ch = made(e, sizeof(size_t), capacity);
            size_t value;
            for (size_t round = 0; round < 20; round++) {
                for (size_t i = 0; i < capacity; i++)
                    assert_int_equal(channel_try_send(ch, &i), 0);
                assert_int_equal(channel_length(ch), capacity);
                assert_int_equal(channel_try_send(ch, &round), -EAGAIN);
                assert_int_equal(channel_send_until(ch, &round, now_ns()),
                                 -ETIMEDOUT);
                for (size_t i = 0; i < capacity; i++) {
                    assert_int_equal(channel_try_recv(ch, &value), 0);
                    assert_int_equal(value, i);
                }
                assert_int_equal(channel_try_recv(ch, &value), -EAGAIN);
                assert_int_equal(channel_recv_until(ch, &value, now_ns()),
                                 -ETIMEDOUT);
                assert_int_equal(value, capacity - 1); /* untouched */
            }
            free_channel(ch);
        }
    }
}

static void a_rendezvous_has_no_room(void **state)
{
    int value = 7;
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        struct channel *ch = made(e, sizeof value, CHANNEL_NO_ROOM);
        assert_int_equal(channel_try_send(ch, &value), -EAGAIN);
        assert_int_equal(channel_send_until(ch, &value, now_ns()), -ETIMEDOUT);
        assert_int_equal(channel_try_recv(ch, &value), -EAGAIN);
        assert_int_equal(channel_recv_until(ch, &value, -1), -ETIMEDOUT);
        assert_int_equal(channel_length(ch), 0);
        channel_drop_sender(ch);
        assert_int_equal(channel_recv(ch, &value), -EPIPE);
        channel_drop_receiver(ch);
        ch = made(e, sizeof value, CHANNEL_NO_ROOM);
        channel_drop_receiver(ch);
        assert_int_equal(channel_send(ch, &value), -EPIPE);
        channel_drop_sender(ch);
    }
}

static void values_outlive_the_last_sender(void **state)
{
    const size_t capacities[] = {4, 5, CHANNEL_UNBOUNDED};
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        for (int c = 0; c < 3; c++) {
            struct channel *ch = made(e, sizeof(int), capacities[c]);
            int value = 7;
            assert_int_equal(channel_send(ch, &value), 0);
            channel_drop_sender(ch);
            value = 0;
            assert_int_equal(channel_try_recv(ch, &value), 0);
            assert_int_equal(value, 7);
            assert_int_equal(channel_try_recv(ch, &value), -EPIPE);
            assert_int_equal(channel_recv_until(ch, &value, now_ns()), -EPIPE);
            assert_int_equal(channel_recv(ch, &value), -EPIPE);
            channel_drop_receiver(ch);
        }
    }
}

static void send_says_closed_when_the_last_receiver_is_gone(void **state)
{
    const size_t capacities[] = {4, 5, CHANNEL_UNBOUNDED};
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        for (int c = 0; c < 3; c++) {
            struct channel *ch = made(e, sizeof(int), capacities[c]);
            int value = 7;
            channel_add_receiver(ch);
            channel_drop_receiver(ch);
            assert_int_equal(channel_send(ch, &value), 0);
            channel_drop_receiver(ch);
            assert_int_equal(channel_send(ch, &value), -EPIPE);
            assert_int_equal(channel_try_send(ch, &value), -EPIPE);
            assert_int_equal(channel_send_until(ch, &value, now_ns()), -EPIPE);
            channel_drop_sender(ch);
        }
    }
}

static int drops[8]; /* by value; the hook has no other place to count */

static void count_drop(void *value)
{
    drops[*(const int *)value]++;
}

static void
queued_values_are_dropped_once_when_the_last_receiver_goes(void **state)
{
    const size_t capacities[] = {8, 9, CHANNEL_UNBOUNDED};
    (void)state;
    for (int e = 0; e < ENGINES; e++) {
        for (int c = 0; c < 3; c++) {
            struct channel *ch = made(e, sizeof(int), capacities[c]);
            int value;
            memset(drops, 0, sizeof drops);
            channel_set_drop(ch, count_drop);
            for (int i = 0; i < 8; i++)
                assert_int_equal(channel_send(ch, &i), 0);
            for (int i = 0; i < 3; i++) /* received: the receiver's business */
                assert_int_equal(channel_recv(ch, &value), 0);
            channel_drop_receiver(ch); /* a sender is still there */
            for (int i = 0; i < 8; i++)
                assert_int_equal(drops[i], i < 3 ? 0 : 1);
            assert_int_equal(channel_length(ch), 0);
            channel_drop_sender(ch);
            for (int i = 0; i < 8; i++)
                assert_int_equal(drops[i], i < 3 ? 0 : 1);
        }
    }
}

/* ---- Blocking: the test's thread acts, another waits ---- */

struct waiter {
    struct channel *ch;
    int rc, value;
};

static void *wait_to_receive(void *arg)
{
    struct waiter *w = arg;
    w->rc = channel_recv(w->ch, &w->value);
    channel_drop_receiver(w->ch);
    return NULL;
}

static void *wait_to_send(void *arg)
{
    struct waiter *w = arg;
    w->rc = channel_send(w->ch, &w->value);
    channel_drop_sender(w->ch);
    return NULL;
}

static const size_t any_capacity[] = {CHANNEL_NO_ROOM, 1, 4, CHANNEL_UNBOUNDED};
enum { ANY = 4 };

static void a_waiting_receiver_gets_the_value(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ANY * ENGINES; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        w.ch = made(round % ENGINES, sizeof(int),
                    any_capacity[round / ENGINES % ANY]);
        must(pthread_create(&thread, NULL, wait_to_receive, &w));
        int rc = channel_send(w.ch, &(int){round});
        channel_drop_sender(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(rc, 0);
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.value, round);
    }
}

static void a_waiting_sender_hands_over_the_value(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ANY * ENGINES; round++) {
        struct waiter w = {.rc = 1, .value = round};
        pthread_t thread;
        int value = 0;
        w.ch = made(round % ENGINES, sizeof(int),
                    any_capacity[round / ENGINES % ANY]);
        must(pthread_create(&thread, NULL, wait_to_send, &w));
        int rc = channel_recv(w.ch, &value);
        must(pthread_join(thread, NULL));
        assert_int_equal(channel_recv(w.ch, &w.value), -EPIPE);
        channel_drop_receiver(w.ch);
        assert_int_equal(rc, 0);
        assert_int_equal(w.rc, 0);
        assert_int_equal(value, round);
    }
}

static void a_waiting_receiver_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ANY * ENGINES; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        w.ch = made(round % ENGINES, sizeof(int),
                    any_capacity[round / ENGINES % ANY]);
        must(pthread_create(&thread, NULL, wait_to_receive, &w));
        channel_drop_sender(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(w.rc, -EPIPE);
    }
}

static void a_sender_waiting_for_room_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * 3 * ENGINES; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        size_t capacity = any_capacity[round / ENGINES % 3];
        w.ch = made(round % ENGINES, sizeof(int), capacity);
        for (size_t i = 0; i < capacity; i++) /* now it is full */
            assert_int_equal(channel_send(w.ch, &w.value), 0);
        must(pthread_create(&thread, NULL, wait_to_send, &w));
        channel_drop_receiver(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(w.rc, -EPIPE);
    }
}

/* A sender that sleeps on a full channel may go on after one receive, wherever in
 * the ring that was, and not only when it is half empty: the receiver may be
 * waiting for just this sender. */
static void one_receive_makes_room_for_one_sender(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ENGINES; round++) {
        struct waiter w = {.rc = 1, .value = 1000};
        pthread_t thread;
        int value;
        w.ch = made(round % ENGINES, sizeof(int), 64);
        for (int i = 0; i < round / ENGINES % 64; i++) {
            assert_int_equal(channel_send(w.ch, &i), 0);
            assert_int_equal(channel_recv(w.ch, &value), 0);
        }
        for (int i = 0; i < 64; i++)
            assert_int_equal(channel_send(w.ch, &i), 0);
        must(pthread_create(&thread, NULL, wait_to_send, &w));
        assert_int_equal(channel_recv(w.ch, &value), 0);
        must(pthread_join(thread, NULL)); /* 63 are still queued */
        assert_int_equal(w.rc, 0);
        channel_drop_receiver(w.ch);
    }
}

static void *receive_one(void *arg)
{
    struct waiter *w = arg;
    w->rc = channel_recv(w->ch, &w->value);
    return NULL;
}

static void *send_one(void *arg)
{
    struct waiter *w = arg;
    w->rc = channel_send(w->ch, &w->value);
    return NULL;
}

enum { CROWD = 3 };

static void start_crowd(struct waiter w[CROWD], pthread_t thread[CROWD],
                        struct channel *ch, void *(*run)(void *arg))
{
    for (int i = 0; i < CROWD; i++) {
        w[i] = (struct waiter){.ch = ch, .rc = 1};
        (run == send_one ? channel_add_sender : channel_add_receiver)(ch);
        must(pthread_create(&thread[i], NULL, run, &w[i]));
    }
}

static void every_waiting_receiver_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ENGINES; round++) {
        struct waiter w[CROWD];
        pthread_t thread[CROWD];
        struct channel *ch = made(round % ENGINES, sizeof(int),
                                  any_capacity[round / ENGINES % ANY]);
        start_crowd(w, thread, ch, receive_one);
        channel_drop_sender(ch);
        for (int i = 0; i < CROWD; i++) {
            must(pthread_join(thread[i], NULL));
            assert_int_equal(w[i].rc, -EPIPE);
            channel_drop_receiver(ch);
        }
        channel_drop_receiver(ch);
    }
}

/* More of them than there are values to drop: each drop wakes one, and that is
 * not enough. */
static void every_sender_waiting_for_room_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * ENGINES; round++) {
        struct waiter w[CROWD];
        pthread_t thread[CROWD];
        struct channel *ch = made(round % ENGINES, sizeof(int), 1);
        assert_int_equal(channel_send(ch, &round), 0); /* now it is full */
        start_crowd(w, thread, ch, send_one);
        if (round % 8 == 0) /* now and then they are given time to sleep */
            for (int i = 0; i < 200; i++)
                sched_yield();
        channel_drop_receiver(ch);
        for (int i = 0; i < CROWD; i++) {
            must(pthread_join(thread[i], NULL));
            assert_int_equal(w[i].rc, -EPIPE);
            channel_drop_sender(ch);
        }
        channel_drop_sender(ch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_channel_without_size_or_memory),
        cmocka_unit_test(values_come_out_in_the_order_they_went_in),
        cmocka_unit_test(values_of_any_size_arrive_whole),
        cmocka_unit_test(a_bounded_channel_takes_its_capacity_and_no_more),
        cmocka_unit_test(a_rendezvous_has_no_room),
        cmocka_unit_test(values_outlive_the_last_sender),
        cmocka_unit_test(send_says_closed_when_the_last_receiver_is_gone),
        cmocka_unit_test(
            queued_values_are_dropped_once_when_the_last_receiver_goes),
        cmocka_unit_test(a_waiting_receiver_gets_the_value),
        cmocka_unit_test(a_waiting_sender_hands_over_the_value),
        cmocka_unit_test(a_waiting_receiver_is_told_of_the_close),
        cmocka_unit_test(a_sender_waiting_for_room_is_told_of_the_close),
        cmocka_unit_test(one_receive_makes_room_for_one_sender),
        cmocka_unit_test(every_waiting_receiver_is_told_of_the_close),
        cmocka_unit_test(every_sender_waiting_for_room_is_told_of_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
