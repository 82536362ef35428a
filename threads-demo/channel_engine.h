/* SPDX-License-Identifier: MIT
 *
 * channel_engine.h - the seam between channel.c, which counts who holds a side,
 * and the engines, which hold the values. For those files only.
 */
#ifndef CHANNEL_ENGINE_H
#define CHANNEL_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "channel.h"
#include "futex.h"

/* A deadline that means: do not wait at all. */
#define NO_WAIT 0

/* What an engine does. send and recv give -EAGAIN when they could not do it by
 * the deadline, and else what channel.h says. */
struct channel_ops {
    int (*send)(struct channel *ch, const void *value, int64_t deadline);
    int (*recv)(struct channel *ch, void *value, int64_t deadline);
    size_t (*length)(struct channel *ch);
    /* The count of that side has just become 0: tell who waits for it. */
    void (*senders_gone)(struct channel *ch);
    void (*receivers_gone)(struct channel *ch); /* and drop what is queued */
    void (*free)(struct channel *ch); /* nobody else is in here; may be full */
};

/* The first member of every engine's own struct. Read by every call, written
 * when a hold is taken or let go. */
struct channel {
    const struct channel_ops *ops;
    size_t value_size, capacity;
    void (*drop)(void *value);
    _Atomic size_t senders, receivers; /* holds on each side */
    _Atomic size_t holds;              /* on both */
};

int channel_mutex_new(struct channel **out, size_t value_size, size_t capacity);
int channel_ring_new(struct channel **out, size_t value_size, size_t capacity);
int channel_blocks_new(struct channel **out, size_t value_size);
int channel_meet_new(struct channel **out);

static inline bool no_sender_left(struct channel *ch)
{
    /* acquire, pairs with "side let go" in channel.c: all that was sent by
     * those who have gone is there to be received. */
    return atomic_load_explicit(&ch->senders, memory_order_acquire) == 0;
}

static inline bool no_receiver_left(struct channel *ch)
{
    /* acquire, as above. */
    return atomic_load_explicit(&ch->receivers, memory_order_acquire) == 0;
}

/* True: the caller's hold is the only one on the side, and only the caller could
 * make it two. Then it needs no atomic step against its own kind. */
static inline bool alone(_Atomic size_t *side)
{
    /* acquire, as above: what the others did here is done. */
    return atomic_load_explicit(side, memory_order_acquire) == 1;
}

/* Words, which most values are, in one move. */
static inline void copy_value(void *to, const void *from, size_t size)
{
    if (size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else
        memcpy(to, from, size);
}

static inline void drop_value(struct channel *ch, void *value)
{
    if (ch->drop != NULL)
        ch->drop(value);
}

#endif
