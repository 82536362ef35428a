/* SPDX-License-Identifier: MIT
 *
 * channel.c - one lock, two conditions, one ring.
 *
 * Invariant, whenever the lock is free: count values wait in slots head,
 * head + 1, ... (modulo slots), and count <= slots <= capacity. A waiter waits
 * for count or for the other side's holders to change, and whoever changes
 * either signals: not_empty when count grows or the last sender goes, not_full
 * when count falls or the last receiver goes. Nothing else can end a wait.
 *
 * One value arrives: one receiver can use it, so one is woken. A side goes: all
 * who wait for it must know, so all are woken.
 *
 * Read with: OSTEP, ch. 30 "Condition Variables".
 */
#include "channel.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct channel {
    size_t value_size, capacity; /* fixed by channel_new() */

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t not_empty, not_full;
    size_t senders, receivers;
    size_t head, count;
    size_t slots;          /* how many values the ring has room for now */
    unsigned char *values; /* slots * value_size bytes */
};

enum { FIRST_SLOTS = 16 }; /* an unbounded ring doubles from here */

int channel_new(struct channel **out, size_t value_size, size_t capacity)
{
    if (value_size == 0 || capacity == 0)
        return -EINVAL;

    struct channel *ch = calloc(1, sizeof *ch);
    if (ch == NULL)
        return -ENOMEM;
    ch->value_size = value_size;
    ch->capacity = capacity;
    ch->slots = capacity == CHANNEL_UNBOUNDED ? FIRST_SLOTS : capacity;
    ch->values = calloc(ch->slots, value_size);
    if (ch->values == NULL) {
        free(ch);
        return -ENOMEM;
    }
    must(pthread_mutex_init(&ch->lock, NULL));
    must(pthread_cond_init(&ch->not_empty, NULL));
    must(pthread_cond_init(&ch->not_full, NULL));
    ch->senders = 1;
    ch->receivers = 1;
    *out = ch;
    return 0;
}

static void channel_free(struct channel *ch)
{
    must(pthread_cond_destroy(&ch->not_full));
    must(pthread_cond_destroy(&ch->not_empty));
    must(pthread_mutex_destroy(&ch->lock));
    free(ch->values);
    free(ch);
}

static void add_hold(struct channel *ch, size_t *side)
{
    must(pthread_mutex_lock(&ch->lock));
    (*side)++;
    must(pthread_mutex_unlock(&ch->lock));
}

void channel_add_sender(struct channel *ch)
{
    add_hold(ch, &ch->senders);
}

void channel_add_receiver(struct channel *ch)
{
    add_hold(ch, &ch->receivers);
}

static void drop_hold(struct channel *ch, size_t *side, pthread_cond_t *awaited)
{
    must(pthread_mutex_lock(&ch->lock));
    if (--*side == 0)
        must(pthread_cond_broadcast(awaited));
    bool last = ch->senders + ch->receivers == 0;
    must(pthread_mutex_unlock(&ch->lock));
    if (last) /* no one else has a hold, so no one else can be in here */
        channel_free(ch);
}

void channel_drop_sender(struct channel *ch)
{
    drop_hold(ch, &ch->senders, &ch->not_empty);
}

void channel_drop_receiver(struct channel *ch)
{
    drop_hold(ch, &ch->receivers, &ch->not_full);
}

static unsigned char *slot(struct channel *ch, size_t i)
{
    assert(ch->slots > 0);
    return ch->values + (ch->head + i) % ch->slots * ch->value_size;
}

/* Doubles the ring of an unbounded channel; the values move to its start. */
static int grow(struct channel *ch)
{
    unsigned char *values = reallocarray(NULL, ch->slots, 2 * ch->value_size);
    if (values == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < ch->count; i++)
        memcpy(values + i * ch->value_size, slot(ch, i), ch->value_size);
    free(ch->values);
    ch->values = values;
    ch->head = 0;
    ch->slots *= 2;
    return 0;
}

/* Waits until there is room, or no reader for it. Called with the lock held. */
static int await_room(struct channel *ch)
{
    while (ch->count == ch->slots && ch->receivers > 0) {
        if (ch->capacity == CHANNEL_UNBOUNDED)
            return grow(ch);
        must(pthread_cond_wait(&ch->not_full, &ch->lock));
    }
    return ch->receivers > 0 ? 0 : -EPIPE;
}

int channel_send(struct channel *ch, const void *value)
{
    must(pthread_mutex_lock(&ch->lock));
    int rc = await_room(ch);
    if (rc == 0) {
        memcpy(slot(ch, ch->count), value, ch->value_size);
        ch->count++;
        must(pthread_cond_signal(&ch->not_empty));
    }
    must(pthread_mutex_unlock(&ch->lock));
    return rc;
}

int channel_recv(struct channel *ch, void *value)
{
    must(pthread_mutex_lock(&ch->lock));
    while (ch->count == 0 && ch->senders > 0)
        must(pthread_cond_wait(&ch->not_empty, &ch->lock));
    int rc = ch->count > 0 ? 0 : -EPIPE;
    if (rc == 0) {
        memcpy(value, slot(ch, 0), ch->value_size);
        ch->head = (ch->head + 1) % ch->slots;
        ch->count--;
        must(pthread_cond_signal(&ch->not_full));
    }
    must(pthread_mutex_unlock(&ch->lock));
    return rc;
}
