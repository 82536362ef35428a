/* SPDX-License-Identifier: MIT
 *
 * channel.c - who holds which side, and when that ends. How values travel is
 * the engines' business.
 *
 * Each side counts its holds; whoever lets go of the last one tells the engine.
 * A third count, of all holds, says when the memory goes: by then nobody else
 * can be in here.
 */
#include "channel.h"

#include <assert.h>
#include <stdlib.h>

#include "channel_engine.h"
#include "util.h"

/* Could the values lie in memory at all? The engines then compute sizes without
 * fear of overflow, with 15 bytes more for each. */
static bool has_a_size(size_t value_size, size_t capacity)
{
    const size_t most = PTRDIFF_MAX / 4;

    if (value_size > most / 4096)
        return false;
    return capacity == CHANNEL_UNBOUNDED ||
           capacity <= most / (value_size + 15);
}

int channel_new(struct channel **out, enum channel_engine engine,
                size_t value_size, size_t capacity)
{
    struct channel *ch = NULL;
    int rc;

    if (value_size == 0)
        return -EINVAL;
    if (!has_a_size(value_size, capacity))
        return -ENOMEM;
    if (capacity == CHANNEL_NO_ROOM)
        rc = channel_meet_new(&ch);
    else if (engine == CHANNEL_MUTEX)
        rc = channel_mutex_new(&ch, value_size, capacity);
    else if (capacity == CHANNEL_UNBOUNDED)
        rc = channel_blocks_new(&ch, value_size);
    else
        rc = channel_ring_new(&ch, value_size, capacity);
    if (rc < 0)
        return rc;

    ch->value_size = value_size;
    ch->capacity = capacity;
    ch->drop = NULL;
    atomic_init(&ch->senders, 1);
    atomic_init(&ch->receivers, 1);
    atomic_init(&ch->holds, 2);
    *out = ch;
    return 0;
}

void channel_set_drop(struct channel *ch, void (*drop)(void *value))
{
    ch->drop = drop;
}

static void add_hold(struct channel *ch, _Atomic size_t *side)
{
    /* relaxed: the caller's own hold keeps both above 0, and the new holder
     * learns of the channel from the caller. */
    atomic_fetch_add_explicit(&ch->holds, 1, memory_order_relaxed);
    size_t before = atomic_fetch_add_explicit(side, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
}

void channel_add_sender(struct channel *ch)
{
    add_hold(ch, &ch->senders);
}

void channel_add_receiver(struct channel *ch)
{
    add_hold(ch, &ch->receivers);
}

static void drop_hold(struct channel *ch, _Atomic size_t *side,
                      void (*gone)(struct channel *ch))
{
    /* release, "side let go": what this holder did here is done. acquire: the
     * last to go has the others' work behind it. */
    if (atomic_fetch_sub_explicit(side, 1, memory_order_acq_rel) == 1)
        gone(ch);
    /* The same for the memory: it goes after all that anyone did with it. */
    if (atomic_fetch_sub_explicit(&ch->holds, 1, memory_order_acq_rel) == 1)
        ch->ops->free(ch);
}

void channel_drop_sender(struct channel *ch)
{
    drop_hold(ch, &ch->senders, ch->ops->senders_gone);
}

void channel_drop_receiver(struct channel *ch)
{
    drop_hold(ch, &ch->receivers, ch->ops->receivers_gone);
}

int channel_send(struct channel *ch, const void *value)
{
    return ch->ops->send(ch, value, NEVER);
}

int channel_try_send(struct channel *ch, const void *value)
{
    return ch->ops->send(ch, value, NO_WAIT);
}

int channel_send_until(struct channel *ch, const void *value, int64_t deadline)
{
    int rc = ch->ops->send(ch, value, deadline);
    return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

int channel_recv(struct channel *ch, void *value)
{
    return ch->ops->recv(ch, value, NEVER);
}

int channel_try_recv(struct channel *ch, void *value)
{
    return ch->ops->recv(ch, value, NO_WAIT);
}

int channel_recv_until(struct channel *ch, void *value, int64_t deadline)
{
    int rc = ch->ops->recv(ch, value, deadline);
    return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

size_t channel_length(struct channel *ch)
{
    return ch->ops->length(ch);
}
