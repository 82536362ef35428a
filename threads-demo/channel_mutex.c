/* SPDX-License-Identifier: MIT
 *
 * channel_mutex.c - one lock, two conditions, one ring.
 *
 * Invariant, whenever the lock is free: count values wait in slots head,
 * head + 1, ... (modulo slots), and count <= slots <= capacity. A waiter waits
 * for count or for the other side's holders to change, and whoever changes
 * either signals: not_empty when count grows or the last sender goes, not_full
 * when count falls or the last receiver goes. Nothing else can end a wait.
 *
 * One value arrives: one receiver can use it, so one is woken, and none if none
 * waits or all who do are on their way. A side goes: all who wait for it must
 * know, so all are woken.
 *
 * Read with: OSTEP, ch. 30 "Condition Variables".
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "channel_engine.h"
#include "util.h"

/* Those who wait for one thing. */
struct crowd {
    pthread_cond_t changed;
    size_t size;
    size_t called; /* of these: have been signalled, and are not back yet */
};

struct mutex_channel {
    struct channel base;

    pthread_mutex_t lock; /* guards everything below */
    struct crowd not_empty, not_full;
    size_t head, count;
    size_t slots;          /* how many values the ring has room for now */
    unsigned char *values; /* slots * value_size bytes */
};

enum { FIRST_SLOTS = 16 }; /* an unbounded ring doubles from here */

static struct mutex_channel *of(struct channel *ch)
{
    return (struct mutex_channel *)ch; /* base is its first member */
}

/* ---- Waiting ---- */

/* Deadlines are moments of now_ns(): setting the time of day must not move
 * them. */
static void crowd_init(struct crowd *crowd)
{
    pthread_condattr_t monotonic;

    must(pthread_condattr_init(&monotonic));
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC));
    must(pthread_cond_init(&crowd->changed, &monotonic));
    must(pthread_condattr_destroy(&monotonic));
    crowd->size = crowd->called = 0;
}

/* Waits for a signal, lets go of the lock meanwhile. 0 may also mean nothing at
 * all: the caller looks again. -EAGAIN: the deadline has passed. */
static int crowd_wait(struct crowd *crowd, pthread_mutex_t *lock,
                      int64_t deadline)
{
    int rc = 0;

    if (deadline <= NO_WAIT)
        return -EAGAIN;
    crowd->size++;
    if (deadline == NEVER) {
        must(pthread_cond_wait(&crowd->changed, lock));
    } else {
        const struct timespec at = {.tv_sec = deadline / 1000000000,
                                    .tv_nsec = deadline % 1000000000};
        rc = pthread_cond_timedwait(&crowd->changed, lock, &at);
    }
    crowd->size--;
    if (crowd->called > 0)
        crowd->called--;
    if (rc == ETIMEDOUT)
        return -EAGAIN;
    must(rc);
    return 0;
}

/* Lets go of the lock, then wakes one, if there is one who has not been called
 * already. In this order, who wakes finds the lock free. */
static void unlock_and_wake(pthread_mutex_t *lock, struct crowd *crowd)
{
    bool waits = crowd->size > crowd->called;

    crowd->called += waits;
    must(pthread_mutex_unlock(lock));
    if (waits)
        must(pthread_cond_signal(&crowd->changed));
}

/* ---- The ring ---- */

static unsigned char *slot(struct mutex_channel *m, size_t i)
{
    size_t at = m->head + i;

    assert(i < m->slots);
    if (at >= m->slots)
        at -= m->slots;
    return m->values + at * m->base.value_size;
}

/* Doubles the ring of an unbounded channel; the values move to its start. */
static int grow(struct mutex_channel *m)
{
    size_t size = m->base.value_size;
    unsigned char *values = reallocarray(NULL, m->slots, 2 * size);
    if (values == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < m->count; i++)
        memcpy(values + i * size, slot(m, i), size);
    free(m->values);
    m->values = values;
    m->head = 0;
    m->slots *= 2;
    return 0;
}

static void take_first(struct mutex_channel *m)
{
    m->head = m->head + 1 == m->slots ? 0 : m->head + 1;
    m->count--;
}

static void drop_all(struct mutex_channel *m)
{
    for (; m->count > 0; take_first(m))
        drop_value(&m->base, slot(m, 0));
}

/* ---- The engine ---- */

/* Waits until there is room, or no reader for it. With the lock held. */
static int await_room(struct mutex_channel *m, int64_t deadline)
{
    int late = 0;

    while (m->count == m->slots && !no_receiver_left(&m->base)) {
        if (m->base.capacity == CHANNEL_UNBOUNDED)
            return grow(m);
        if (late < 0) /* its time is up, and it has looked once more */
            return late;
        late = crowd_wait(&m->not_full, &m->lock, deadline);
    }
    return no_receiver_left(&m->base) ? -EPIPE : 0;
}

static int mutex_send(struct channel *ch, const void *value, int64_t deadline)
{
    struct mutex_channel *m = of(ch);

    must(pthread_mutex_lock(&m->lock));
    int rc = await_room(m, deadline);
    if (rc < 0) {
        must(pthread_mutex_unlock(&m->lock));
        return rc;
    }
    m->count++;
    copy_value(slot(m, m->count - 1), value, ch->value_size);
    unlock_and_wake(&m->lock, &m->not_empty);
    return 0;
}

/* Waits until there is a value, or no sender for one. With the lock held. */
static int await_value(struct mutex_channel *m, int64_t deadline)
{
    int late = 0;

    while (m->count == 0 && !no_sender_left(&m->base)) {
        if (late < 0)
            return late;
        late = crowd_wait(&m->not_empty, &m->lock, deadline);
    }
    return m->count > 0 ? 0 : -EPIPE;
}

static int mutex_recv(struct channel *ch, void *value, int64_t deadline)
{
    struct mutex_channel *m = of(ch);

    must(pthread_mutex_lock(&m->lock));
    int rc = await_value(m, deadline);
    if (rc < 0) {
        must(pthread_mutex_unlock(&m->lock));
        return rc;
    }
    copy_value(value, slot(m, 0), ch->value_size);
    take_first(m);
    unlock_and_wake(&m->lock, &m->not_full);
    return 0;
}

static size_t mutex_length(struct channel *ch)
{
    must(pthread_mutex_lock(&of(ch)->lock));
    size_t count = of(ch)->count;
    must(pthread_mutex_unlock(&of(ch)->lock));
    return count;
}

static void mutex_senders_gone(struct channel *ch)
{
    must(pthread_mutex_lock(&of(ch)->lock));
    must(pthread_cond_broadcast(&of(ch)->not_empty.changed));
    must(pthread_mutex_unlock(&of(ch)->lock));
}

/* From here on no send takes a value: each looks with the lock held. */
static void mutex_receivers_gone(struct channel *ch)
{
    must(pthread_mutex_lock(&of(ch)->lock));
    must(pthread_cond_broadcast(&of(ch)->not_full.changed));
    drop_all(of(ch));
    must(pthread_mutex_unlock(&of(ch)->lock));
}

static void mutex_free(struct channel *ch)
{
    struct mutex_channel *m = of(ch);

    assert(m->count == 0); /* the receivers went, and dropped them */
    must(pthread_cond_destroy(&m->not_full.changed));
    must(pthread_cond_destroy(&m->not_empty.changed));
    must(pthread_mutex_destroy(&m->lock));
    free(m->values);
    free(m);
}

int channel_mutex_new(struct channel **out, size_t value_size, size_t capacity)
{
    static const struct channel_ops ops = {
        mutex_send,         mutex_recv,           mutex_length,
        mutex_senders_gone, mutex_receivers_gone, mutex_free,
    };
    struct mutex_channel *m = calloc(1, sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    m->base.ops = &ops;
    m->slots = capacity == CHANNEL_UNBOUNDED ? FIRST_SLOTS : capacity;
    m->values = calloc(m->slots, value_size);
    if (m->values == NULL) {
        free(m);
        return -ENOMEM;
    }
    must(pthread_mutex_init(&m->lock, NULL));
    crowd_init(&m->not_empty);
    crowd_init(&m->not_full);
    *out = &m->base;
    return 0;
}
