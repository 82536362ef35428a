/* SPDX-License-Identifier: MIT
 *
 * test_channel_stress.c - channels under many threads that send, receive, give
 * up, come and go. What happened is recorded, and checked afterwards: each value
 * once, each sender's order, and each value accounted for.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel.h"
#include "util.h"

enum { MOST = 8, EACH = 2000 };

static const enum channel_engine engines[] = {CHANNEL_MUTEX, CHANNEL_RING};

/* xorshift: the same moves in each run, as far as the threads allow. */
static unsigned chance(unsigned *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

struct message {
    int sender, number;
};

struct peer {
    struct channel *ch;
    pthread_barrier_t *start; /* or the first would be done before the last */
    unsigned seed;
    int id, failures;
    bool mixed;     /* uses all three forms, and takes and drops holds */
    int seen[MOST]; /* receiver: the last number of each sender, plus one */
    long count;
};

/* ---- Every value once, each sender's order ---- */

static int send_somehow(struct peer *p, const struct message *m)
{
    switch (p->mixed ? chance(&p->seed) % 4 : 3) {
    case 0:
        return channel_try_send(p->ch, m);
    case 1:
        return channel_send_until(p->ch, m,
                                  now_ns() + chance(&p->seed) % 50000);
    case 2: /* a friend comes and goes */
        channel_add_sender(p->ch);
        channel_drop_sender(p->ch);
        return -EAGAIN;
    default:
        return channel_send(p->ch, m);
    }
}

static int receive_somehow(struct peer *p, struct message *m)
{
    switch (p->mixed ? chance(&p->seed) % 4 : 3) {
    case 0:
        return channel_try_recv(p->ch, m);
    case 1:
        return channel_recv_until(p->ch, m,
                                  now_ns() + chance(&p->seed) % 50000);
    case 2:
        channel_add_receiver(p->ch);
        channel_drop_receiver(p->ch);
        return -EAGAIN;
    default:
        return channel_recv(p->ch, m);
    }
}

static bool again(int rc)
{
    return rc == -EAGAIN || rc == -ETIMEDOUT;
}

static void *send_each(void *arg)
{
    struct peer *p = arg;
    pthread_barrier_wait(p->start);
    for (int i = 0; i < EACH;) {
        struct message m = {p->id, i};
        int rc = send_somehow(p, &m);
        p->failures += rc != 0 && !again(rc);
        i += rc == 0;
    }
    channel_drop_sender(p->ch);
    return NULL;
}

static void *receive_all(void *arg)
{
    struct peer *p = arg;
    struct message m;
    pthread_barrier_wait(p->start);
    for (int rc = 0; rc != -EPIPE;) {
        rc = receive_somehow(p, &m);
        if (rc != 0) {
            p->failures += rc != -EPIPE && !again(rc);
            continue;
        }
        p->failures += m.number < p->seen[m.sender];
        p->seen[m.sender] = m.number + 1;
        p->count++;
    }
    channel_drop_receiver(p->ch);
    return NULL;
}

static void stress(int engine, int senders, int receivers, size_t capacity,
                   bool mixed)
{
    struct peer peer[2 * MOST];
    pthread_t thread[2 * MOST];
    struct channel *ch;
    pthread_barrier_t start;
    long received = 0;

    must(pthread_barrier_init(&start, NULL, (unsigned)(senders + receivers)));
    memset(peer, 0, sizeof peer);
    assert_int_equal(
        channel_new(&ch, engines[engine], sizeof(struct message), capacity), 0);
    for (int i = 0; i < senders + receivers; i++) {
        bool sends = i < senders;
        (sends ? channel_add_sender : channel_add_receiver)(ch);
        peer[i].ch = ch;
        peer[i].start = &start;
        peer[i].id = i;
        peer[i].seed = 77u + (unsigned)i;
        peer[i].mixed = mixed;
        must(pthread_create(&thread[i], NULL, sends ? send_each : receive_all,
                            &peer[i]));
    }
    channel_drop_sender(ch);
    channel_drop_receiver(ch);
    for (int i = 0; i < senders + receivers; i++)
        must(pthread_join(thread[i], NULL));
    must(pthread_barrier_destroy(&start));
    for (int i = 0; i < senders + receivers; i++) {
        received += peer[i].count;
        assert_int_equal(peer[i].failures, 0);
    }
    assert_int_equal(received, (long)senders * EACH);
}

static void every_value_arrives_once_and_in_its_senders_order(void **state)
{
    const size_t capacities[] = {CHANNEL_NO_ROOM, 1, 3, 64, CHANNEL_UNBOUNDED};
    const int sides[][2] = {{1, 1}, {4, 1}, {1, 4}, {2, 2}, {8, 8}};
    (void)state;
    for (int engine = 0; engine < 2; engine++)
        for (int c = 0; c < 5; c++)
            for (int s = 0; s < 5; s++)
                for (int mixed = 0; mixed < 2; mixed++)
                    stress(engine, sides[s][0], sides[s][1], capacities[c],
                           mixed);
}

/* Two senders, two receivers, a ring much smaller than the traffic: a receiver
 * that is slow to free its slot must still wake the sender that awaits it. */
static void a_slow_reader_wakes_the_sender_that_awaits_its_slot(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        stress(1, 2, 2, 2, false);
        stress(1, 2, 2, 4, false);
    }
}

/* ---- Receivers go while values are on their way ---- */

enum { VALUES = 64 };

struct value {
    _Atomic int sent, received, dropped;
};

static void drop_pointed_to(void *value)
{
    struct value *v;
    memcpy(&v, value, sizeof(void *));
    /* relaxed, here and below: read after the threads are joined. */
    atomic_fetch_add_explicit(&v->dropped, 1, memory_order_relaxed);
}

struct racer {
    struct channel *ch;
    struct value *first;
    pthread_barrier_t *start;
    int count;
};

static void *send_pointers(void *arg)
{
    struct racer *r = arg;
    pthread_barrier_wait(r->start);
    for (int i = 0; i < r->count; i++) {
        struct value *v = r->first + i;
        if (channel_send(r->ch, &v) == 0)
            atomic_fetch_add_explicit(&v->sent, 1, memory_order_relaxed);
    }
    channel_drop_sender(r->ch);
    return NULL;
}

static void *receive_pointers(void *arg)
{
    struct racer *r = arg;
    struct value *v;
    pthread_barrier_wait(r->start);
    for (int i = 0; i < r->count && channel_recv(r->ch, &v) == 0; i++)
        atomic_fetch_add_explicit(&v->received, 1, memory_order_relaxed);
    channel_drop_receiver(r->ch);
    return NULL;
}

/* Said to be sent: received or dropped, once. Else: neither. */
static bool is_accounted_for(struct value *v)
{
    return atomic_load_explicit(&v->sent, memory_order_relaxed) ==
           atomic_load_explicit(&v->received, memory_order_relaxed) +
               atomic_load_explicit(&v->dropped, memory_order_relaxed);
}

static void close_race(int engine, size_t capacity, int senders, int receivers,
                       int round)
{
    struct value values[2 * VALUES];
    struct racer racer[4];
    pthread_t thread[4];
    pthread_barrier_t start;
    struct channel *ch;

    memset(values, 0, sizeof values);
    must(pthread_barrier_init(&start, NULL, (unsigned)(senders + receivers)));
    assert_int_equal(
        channel_new(&ch, engines[engine], sizeof(void *), capacity), 0);
    channel_set_drop(ch, drop_pointed_to);
    for (int i = 0; i < senders + receivers; i++) {
        bool sends = i < senders;
        (sends ? channel_add_sender : channel_add_receiver)(ch);
        racer[i] = (struct racer){ch, values + (sends ? i * VALUES : 0), &start,
                                  sends ? VALUES : round % 24};
        must(pthread_create(&thread[i], NULL,
                            sends ? send_pointers : receive_pointers,
                            &racer[i]));
    }
    channel_drop_sender(ch);
    channel_drop_receiver(ch);
    for (int i = 0; i < senders + receivers; i++)
        must(pthread_join(thread[i], NULL));
    must(pthread_barrier_destroy(&start));
    for (int i = 0; i < 2 * VALUES; i++)
        assert_true(is_accounted_for(&values[i]));
}

static void
a_send_that_races_the_close_is_refused_or_accounted_for(void **state)
{
    const size_t capacities[] = {CHANNEL_NO_ROOM, 1, 8, 100, CHANNEL_UNBOUNDED};
    (void)state;
    for (int round = 0; round < 2000; round++)
        close_race(round % 2, capacities[round / 2 % 5], 1 + round / 10 % 2,
                   1 + round / 20 % 2, round);
}

/* ---- The same with two values and threads that live on, 100,000 times ---- */

enum { CLOSES = 100000, PAIR = 2 };

struct close {
    struct channel *ch;
    _Atomic unsigned arrived; /* starts rounds, and ends them */
    struct value values[PAIR];
};

static void meet(struct close *c, unsigned round)
{
    /* acq_rel, acquire: what was written before is seen after. */
    atomic_fetch_add_explicit(&c->arrived, 1, memory_order_acq_rel);
    for (unsigned i = 1;
         atomic_load_explicit(&c->arrived, memory_order_acquire) < 2 * round;
         i++)
        if (i % 64 == 0)
            sched_yield();
}

static void *send_pair_after_pair(void *arg)
{
    struct close *c = arg;
    for (unsigned round = 0; round < CLOSES; round++) {
        meet(c, 2 * round + 1);
        for (int i = 0; i < PAIR; i++) {
            struct value *v = &c->values[i];
            if (channel_send(c->ch, &v) == 0)
                atomic_fetch_add_explicit(&v->sent, 1, memory_order_relaxed);
        }
        channel_drop_sender(c->ch);
        meet(c, 2 * round + 2);
    }
    return NULL;
}

static void a_send_that_races_the_close_100000_times(void **state)
{
    const size_t capacities[] = {CHANNEL_NO_ROOM, 1, 2, 8, CHANNEL_UNBOUNDED};
    struct close c = {.arrived = 0};
    pthread_t sender;
    int wrong = 0;
    (void)state;
    must(pthread_create(&sender, NULL, send_pair_after_pair, &c));
    for (unsigned round = 0; round < CLOSES; round++) {
        memset(c.values, 0, sizeof c.values);
        must(channel_new(&c.ch, engines[round % 2], sizeof(void *),
                         capacities[round / 2 % 5]));
        channel_set_drop(c.ch, drop_pointed_to);
        meet(&c, 2 * round + 1); /* go */
        struct value *v;
        for (unsigned i = round / 10 % 3; i > 0; i--)
            if (channel_try_recv(c.ch, &v) == 0)
                atomic_fetch_add_explicit(&v->received, 1,
                                          memory_order_relaxed);
        channel_drop_receiver(c.ch);
        meet(&c, 2 * round + 2); /* both are out of it */
        for (int i = 0; i < PAIR; i++)
            wrong += !is_accounted_for(&c.values[i]);
    }
    must(pthread_join(sender, NULL));
    assert_int_equal(wrong, 0);
}

/* ---- Time-outs against senders, and senders that come and go ---- */

enum { TIMED = 12500 }; /* of each of eight kinds: 100,000 */

static void *send_at_odd_moments(void *arg)
{
    struct peer *p = arg;
    for (int i = 0; i < TIMED; i++) {
        for (unsigned n = chance(&p->seed) % 512; n > 0; n--)
            p->count++;
        channel_add_sender(p->ch); /* while the receiver waits */
        p->failures += channel_send(p->ch, &i) != 0;
        channel_drop_sender(p->ch);
    }
    channel_drop_sender(p->ch);
    return NULL;
}

static void a_timed_receive_loses_nothing(void **state)
{
    const size_t capacities[] = {CHANNEL_NO_ROOM, 1, 16, CHANNEL_UNBOUNDED};
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        struct peer p = {.seed = 5};
        unsigned seed = 9;
        pthread_t thread;
        assert_int_equal(channel_new(&p.ch, engines[kind % 2], sizeof(int),
                                     capacities[kind / 2]),
                         0);
        must(pthread_create(&thread, NULL, send_at_odd_moments, &p));
        int next = 0, wrong = 0, value, rc;
        do {
            int64_t patience = chance(&seed) % 8 ? chance(&seed) % 3000 : 0;
            rc = channel_recv_until(p.ch, &value, now_ns() + patience);
            if (rc == 0)
                wrong += value != next++;
        } while (rc != -EPIPE);
        channel_drop_receiver(p.ch);
        must(pthread_join(thread, NULL));
        assert_int_equal(p.failures, 0);
        assert_int_equal(wrong, 0);
        assert_int_equal(next, TIMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_arrives_once_and_in_its_senders_order),
        cmocka_unit_test(a_slow_reader_wakes_the_sender_that_awaits_its_slot),
        cmocka_unit_test(
            a_send_that_races_the_close_is_refused_or_accounted_for),
        cmocka_unit_test(a_send_that_races_the_close_100000_times),
        cmocka_unit_test(a_timed_receive_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
