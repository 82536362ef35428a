/* SPDX-License-Identifier: MIT
 *
 * test_channel.c - what channel.h promises.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "channel.h"
#include "util.h"

static void no_channel_without_size_or_room(void **state)
{
    struct channel *ch = NULL;
    (void)state;
    assert_int_equal(channel_new(&ch, 0, 1), -EINVAL);
    assert_int_equal(channel_new(&ch, sizeof(int), 0), -EINVAL);
    assert_int_equal(channel_new(&ch, SIZE_MAX / 2, SIZE_MAX / 2), -ENOMEM);
    assert_null(ch);
}

static void values_come_out_in_the_order_they_went_in(void **state)
{
    struct channel *ch;
    (void)state;
    assert_int_equal(channel_new(&ch, sizeof(int), CHANNEL_UNBOUNDED), 0);
    int received = 0, sent = 0;
    /* Three in, two out: the ring wraps, and grows while it is wrapped. */
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 3; i++, sent++)
            assert_int_equal(channel_send(ch, &sent), 0);
        for (int i = 0; i < 2; i++, received++) {
            int value;
            assert_int_equal(channel_recv(ch, &value), 0);
            assert_int_equal(value, received);
        }
    }
    channel_drop_sender(ch);
    for (int value; channel_recv(ch, &value) == 0; received++)
        assert_int_equal(value, received);
    assert_int_equal(received, sent);
    channel_drop_receiver(ch);
}

static void values_outlive_the_last_sender(void **state)
{
    struct channel *ch;
    int value = 7;
    (void)state;
    assert_int_equal(channel_new(&ch, sizeof value, 4), 0);
    assert_int_equal(channel_send(ch, &value), 0);
    channel_drop_sender(ch);
    value = 0;
    assert_int_equal(channel_recv(ch, &value), 0);
    assert_int_equal(value, 7);
    assert_int_equal(channel_recv(ch, &value), -EPIPE);
    channel_drop_receiver(ch);
}

static void send_says_closed_when_the_last_receiver_is_gone(void **state)
{
    struct channel *ch;
    int value = 7;
    (void)state;
    assert_int_equal(channel_new(&ch, sizeof value, 4), 0);
    channel_add_receiver(ch);
    channel_drop_receiver(ch);
    assert_int_equal(channel_send(ch, &value), 0);
    channel_drop_receiver(ch);
    assert_int_equal(channel_send(ch, &value), -EPIPE);
    channel_drop_sender(ch);
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

static void a_waiting_receiver_gets_the_value(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        assert_int_equal(channel_new(&w.ch, sizeof(int), 1), 0);
        must(pthread_create(&thread, NULL, wait_to_receive, &w));
        int rc = channel_send(w.ch, &(int){round});
        channel_drop_sender(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(rc, 0);
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.value, round);
    }
}

static void a_waiting_receiver_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        assert_int_equal(channel_new(&w.ch, sizeof(int), 1), 0);
        must(pthread_create(&thread, NULL, wait_to_receive, &w));
        channel_drop_sender(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(w.rc, -EPIPE);
    }
}

static void a_sender_waiting_for_room_is_told_of_the_close(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        assert_int_equal(channel_new(&w.ch, sizeof(int), 1), 0);
        assert_int_equal(channel_send(w.ch, &w.value), 0); /* now it is full */
        must(pthread_create(&thread, NULL, wait_to_send, &w));
        channel_drop_receiver(w.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(w.rc, -EPIPE);
    }
}

/* ---- Stress: every value once, each sender's order kept ---- */

enum { MOST = 4, EACH = 5000 };

struct message {
    int sender, number;
};

struct peer {
    struct channel *ch;
    int id, failures;
    int seen[MOST]; /* receiver: the last number of each sender, plus one */
    long count;
};

static void *send_each(void *arg)
{
    struct peer *p = arg;
    for (int i = 0; i < EACH; i++) {
        struct message m = {p->id, i};
        p->failures += channel_send(p->ch, &m) != 0;
    }
    channel_drop_sender(p->ch);
    return NULL;
}

static void *receive_all(void *arg)
{
    struct peer *p = arg;
    struct message m;
    while (channel_recv(p->ch, &m) == 0) {
        p->failures += m.number < p->seen[m.sender];
        p->seen[m.sender] = m.number + 1;
        p->count++;
    }
    channel_drop_receiver(p->ch);
    return NULL;
}

static void stress(int senders, int receivers, size_t capacity)
{
    struct peer peer[2 * MOST] = {{0}};
    pthread_t thread[2 * MOST];
    struct channel *ch;
    long received = 0;

    assert_int_equal(channel_new(&ch, sizeof(struct message), capacity), 0);
    for (int i = 0; i < senders + receivers; i++) {
        bool sends = i < senders;
        (sends ? channel_add_sender : channel_add_receiver)(ch);
        peer[i].ch = ch;
        peer[i].id = i;
        must(pthread_create(&thread[i], NULL, sends ? send_each : receive_all,
                            &peer[i]));
    }
    channel_drop_sender(ch);
    channel_drop_receiver(ch);
    for (int i = 0; i < senders + receivers; i++) {
        must(pthread_join(thread[i], NULL));
        received += peer[i].count;
        assert_int_equal(peer[i].failures, 0);
    }
    assert_int_equal(received, (long)senders * EACH);
}

static void every_value_arrives_once_and_in_its_senders_order(void **state)
{
    (void)state;
    const size_t capacities[] = {1, 64, CHANNEL_UNBOUNDED};
    for (size_t i = 0; i < 3; i++) {
        stress(1, 1, capacities[i]);
        stress(4, 1, capacities[i]);
        stress(1, 4, capacities[i]);
        stress(4, 4, capacities[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_channel_without_size_or_room),
        cmocka_unit_test(values_come_out_in_the_order_they_went_in),
        cmocka_unit_test(values_outlive_the_last_sender),
        cmocka_unit_test(send_says_closed_when_the_last_receiver_is_gone),
        cmocka_unit_test(a_waiting_receiver_gets_the_value),
        cmocka_unit_test(a_waiting_receiver_is_told_of_the_close),
        cmocka_unit_test(a_sender_waiting_for_room_is_told_of_the_close),
        cmocka_unit_test(every_value_arrives_once_and_in_its_senders_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
