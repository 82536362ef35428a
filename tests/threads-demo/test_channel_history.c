/* SPDX-License-Identifier: MIT
 *
 * test_channel_history.c - are channels linearizable? Three threads make a few
 * random moves at once; each notes when a call began and ended, on a clock that
 * counts calls. Then we search for an order of the calls, one at a time, that a
 * plain queue could have answered in the same way, and in which no call comes
 * before one that had ended when it began.
 *
 * Read with: Herlihy and Wing, "Linearizability" (1990); Wing and Gong, "Testing
 * and Verifying Concurrent Objects" (1993), whose search this is.
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

#include "channel.h"
#include "util.h"

enum { THREADS = 3, MOVES = 4, CALLS = THREADS * MOVES, ROUNDS = 3000 };

enum move { SEND, RECEIVE, LET_GO };

struct call {
    enum move move;
    bool waits; /* a short while */
    int value, rc;
    unsigned began, ended;
};

/* ---- The plain queue, and the search ---- */

struct model {
    size_t capacity;
    int senders, count, queue[CALLS];
};

/* Would the queue have answered so? Then it has made the move. */
static bool answers(struct model *m, const struct call *c)
{
    int rc = c->rc == -ETIMEDOUT ? -EAGAIN : c->rc;
    if (c->move == LET_GO) {
        m->senders--;
        return true;
    }
    if (c->move == SEND) {
        if ((size_t)m->count == m->capacity)
            return rc == -EAGAIN;
        m->queue[m->count++] = c->value;
        return rc == 0;
    }
    if (m->count == 0)
        return rc == (m->senders > 0 ? -EAGAIN : -EPIPE);
    int first = m->queue[0];
    m->count--;
    for (int i = 0; i < m->count; i++)
        m->queue[i] = m->queue[i + 1];
    return rc == 0 && first == c->value;
}

static bool explains(struct model model, const struct call *calls,
                     unsigned left)
{
    unsigned first_end = UINT32_MAX;
    if (left == 0)
        return true;
    for (int i = 0; i < CALLS; i++)
        if ((left >> i & 1) && calls[i].ended < first_end)
            first_end = calls[i].ended;
    for (int i = 0; i < CALLS; i++) {
        struct model next = model;
        if ((left >> i & 1) && calls[i].began < first_end &&
            answers(&next, &calls[i]) &&
            explains(next, calls, left & ~(1u << i)))
            return true;
    }
    return false;
}

static void the_search_tells_right_from_wrong(void **state)
{
    struct model bounded = {.capacity = 1, .senders = 1};
    struct call calls[CALLS] = {
        {SEND, false, 1, 0, 0, 1},
        {RECEIVE, false, 1, 0, 2, 5},
        {SEND, false, 2, 0, 3, 4}, /* while the receive was on its way */
    };
    (void)state;
    assert_true(explains(bounded, calls, 7));
    calls[2].rc = -EAGAIN; /* may also have come before it */
    assert_true(explains(bounded, calls, 7));
    calls[1].ended = 3;
    calls[2].began = 4;
    calls[2].ended = 5; /* after it: there was room */
    assert_false(explains(bounded, calls, 7));
    calls[2].rc = 0;
    calls[1].value = 2; /* received before it was sent */
    assert_false(explains(bounded, calls, 7));
}

/* ---- Three threads, round after round ---- */

struct shared {
    struct channel *ch;
    _Atomic unsigned clock, arrived; /* arrived: starts rounds, and ends them */
    struct call calls[CALLS];
    int rounds;
};

struct mover {
    struct shared *shared;
    int id;
};

static unsigned tick(struct shared *s)
{
    /* seq_cst: one order of all begins and ends, and calls stay between. */
    return atomic_fetch_add_explicit(&s->clock, 1, memory_order_seq_cst);
}

static void meet(struct shared *s, unsigned round)
{
    /* acq_rel, acquire: what was written before is seen after. */
    atomic_fetch_add_explicit(&s->arrived, 1, memory_order_acq_rel);
    for (unsigned i = 1;
         atomic_load_explicit(&s->arrived, memory_order_acquire) <
         round * (THREADS + 1);
         i++)
        if (i % 64 == 0)
            sched_yield();
}

static void make_move(struct shared *s, struct call *c)
{
    int64_t deadline = c->waits ? now_ns() + 2000 : 0;
    c->began = tick(s);
    if (c->move == LET_GO)
        channel_drop_sender(s->ch);
    else if (c->move == SEND)
        c->rc = c->waits ? channel_send_until(s->ch, &c->value, deadline)
                         : channel_try_send(s->ch, &c->value);
    else
        c->rc = c->waits ? channel_recv_until(s->ch, &c->value, deadline)
                         : channel_try_recv(s->ch, &c->value);
    c->ended = tick(s);
}

static void *make_moves(void *arg)
{
    const struct mover *mover = arg;
    struct shared *s = mover->shared;
    for (int round = 0; round < s->rounds; round++) {
        meet(s, 2 * (unsigned)round + 1);
        for (int i = 0; i < MOVES; i++)
            make_move(s, &s->calls[mover->id * MOVES + i]);
        meet(s, 2 * (unsigned)round + 2);
    }
    return NULL;
}

/* Random moves; the last of each thread lets go of its sending side. */
static void plan(struct shared *s, unsigned *seed)
{
    for (int i = 0; i < CALLS; i++) {
        *seed = *seed * 1664525 + 1013904223;
        s->calls[i] = (struct call){
            .move = i % MOVES == MOVES - 1 ? LET_GO : (*seed >> 16) % 2,
            .waits = (*seed >> 18) % 8 == 0,
            .value = i + 1};
        if (i % MOVES == MOVES - 1 && i > CALLS / 2 && (*seed >> 24) % 2 == 0) {
            s->calls[i].move = RECEIVE; /* or looks once more */
            s->calls[i].waits = false;
        }
    }
}

static int holds_kept(const struct shared *s)
{
    int kept = 0;
    for (int i = MOVES - 1; i < CALLS; i += MOVES)
        kept += s->calls[i].move != LET_GO;
    return kept;
}

static void histories(enum channel_engine engine, size_t capacity)
{
    struct shared s = {.rounds = ROUNDS};
    struct mover mover[THREADS];
    pthread_t thread[THREADS];
    unsigned seed = (unsigned)capacity + 1;
    int failures = 0, unexplained = 0;

    for (int i = 0; i < THREADS; i++) {
        mover[i] = (struct mover){&s, i};
        must(pthread_create(&thread[i], NULL, make_moves, &mover[i]));
    }
    for (int round = 0; round < ROUNDS; round++) {
        plan(&s, &seed);
        failures += channel_new(&s.ch, engine, sizeof(int), capacity) != 0;
        for (int i = 1; i < THREADS; i++) {
            channel_add_sender(s.ch);
            channel_add_receiver(s.ch);
        }
        meet(&s, 2 * (unsigned)round + 1); /* go */
        meet(&s, 2 * (unsigned)round + 2); /* all have moved */
        unexplained +=
            !explains((struct model){.capacity = capacity, .senders = THREADS},
                      s.calls, (1u << CALLS) - 1);
        for (int i = holds_kept(&s); i > 0; i--)
            channel_drop_sender(s.ch);
        for (int i = 0; i < THREADS; i++)
            channel_drop_receiver(s.ch);
    }
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(thread[i], NULL));
    assert_int_equal(failures, 0);
    assert_int_equal(unexplained, 0);
}

static void each_history_could_be_a_plain_queues(void **state)
{
    const size_t capacities[] = {1, 2, 3, CHANNEL_UNBOUNDED};
    (void)state;
    for (int i = 0; i < 4; i++) {
        histories(CHANNEL_MUTEX, capacities[i]);
        histories(CHANNEL_RING, capacities[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_tells_right_from_wrong),
        cmocka_unit_test(each_history_could_be_a_plain_queues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
