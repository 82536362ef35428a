/* SPDX-License-Identifier: MIT
 *
 * channel_ring.c - a bounded channel without a lock: a ring whose slots say
 * themselves whose turn it is.
 *
 * Positions count up for ever; position p lies in slot p % lap. A lap is a power
 * of two, so that this is cheap; those positions of a lap for which there is no
 * slot are left out. A slot's turn is p when position p may be written there,
 * p + 1 when it may be read, and p + lap when it has been: the same slot's next
 * position. A sender takes the position at tail, a receiver the one at head, by
 * compare-and-swap, or by a plain store while it is the only one of its side.
 * Values move only between the taking of a position and the change of the turn.
 *
 * From Dmitry Vyukov's bounded MPMC queue. Changed: any capacity (as crossbeam's
 * ArrayQueue does it), the plain path, and try forms that do not take a slower
 * peer in the middle of its step for "full" or "empty".
 *
 * Read with: Rust Atomics and Locks, ch. 3.
 */
#include <assert.h>
#include <stdlib.h>

#include "backoff.h"
#include "channel_engine.h"
#include "gate.h"
#include "util.h"

enum { LINES = 128 }; /* bytes that processors fetch together: two lines */

struct slot {
    _Atomic size_t turn;
    unsigned char value[];
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the holes are meant */
struct ring {
    struct channel base;
    size_t lap;    /* a power of two, at least 2 and at least the capacity */
    size_t stride; /* bytes from slot to slot; not padded: four to a line */
    unsigned rounds;
    unsigned char *memory;

    /* Apart, so that who writes one does not take the others' line away. */
    _Alignas(LINES) _Atomic size_t tail; /* the next position to be written */
    _Alignas(LINES) _Atomic size_t head; /* the next to be read */
    _Alignas(LINES) struct gate not_empty;
    _Alignas(LINES) struct gate not_full;
};

static struct ring *of(struct channel *ch)
{
    return (struct ring *)ch; /* base is its first member */
}

static struct slot *slot_of(struct ring *r, size_t position)
{
    return (struct slot *)(void *)(r->memory +
                                   (position & (r->lap - 1)) * r->stride);
}

static size_t after(struct ring *r, size_t position)
{
    size_t slot = position & (r->lap - 1);
    return slot + 1 < r->base.capacity ? position + 1
                                       : position - slot + r->lap;
}

/* The number of values before a position. */
static size_t values_before(struct ring *r, size_t position)
{
    return position / r->lap * r->base.capacity + (position & (r->lap - 1));
}

static size_t turn_of(struct slot *slot)
{
    /* acquire, pairs with "turn" in gate_open(): the value is there to be
     * read, or has been read and may be overwritten. */
    return atomic_load_explicit(&slot->turn, memory_order_acquire);
}

/* A position alone gives no right to a slot; the slot's turn does. */
static size_t position(_Atomic size_t *end)
{
    /* acquire, for the load that follows: who compares the two ends must not
     * have looked at the second one first. It pairs with no release. */
    return atomic_load_explicit(end, memory_order_acquire);
}

/* ---- One step: put or get, without waiting ---- */

enum { TO_WRITE = 0, TO_READ = 1 };

/* Takes the position at this end, if its slot's turn is to be written or read. */
static inline bool take_position(struct ring *r, _Atomic size_t *end,
                                 _Atomic size_t *side, size_t turn, size_t *at)
{
    bool only = alone(side);
    *at = position(end);

    for (;;) {
        if (turn_of(slot_of(r, *at)) == *at + turn) {
            /* relaxed, both: the turn carries the value, see position(). */
            if (only) {
                atomic_store_explicit(end, after(r, *at), memory_order_relaxed);
                return true;
            }
            if (atomic_compare_exchange_weak_explicit(end, at, after(r, *at),
                                                      memory_order_relaxed,
                                                      memory_order_relaxed))
                return true;
        } else {
            size_t now = position(end);
            if (now == *at)
                return false;
            *at = now; /* others went ahead while we looked */
        }
    }
}

static int get(struct ring *r, void *value);

/* Nobody is left to take what is there. Several may be in here: the last receiver
 * as it goes, and senders that learned of it only after their put(). Each shuts
 * the gate anew before it looks: of two that wrote at the same moment, the later
 * one to pass that barrier sees what both have written. */
static void drop_all(struct ring *r)
{
    gate_shut(&r->not_empty);
    while (get(r, NULL) == 0)
        ;
}

/* Somebody sleeps until there is a value, or nobody is left to take it. */
static __attribute__((noinline)) void tell_receivers(struct ring *r)
{
    if (!no_receiver_left(&r->base))
        gate_wake_one(&r->not_empty);
    else
        drop_all(r);
}

static int put(struct ring *r, const void *value)
{
    size_t at;

    if (no_receiver_left(&r->base))
        return -EPIPE;
    if (!take_position(r, &r->tail, &r->base.senders, TO_WRITE, &at))
        return -EAGAIN;
    struct slot *slot = slot_of(r, at);
    copy_value(slot->value, value, r->base.value_size);
    if (gate_open(&r->not_empty, &slot->turn, at + 1))
        tell_receivers(r);
    return 0;
}

/* value NULL: drops it where it is. */
static int get(struct ring *r, void *value)
{
    size_t at;

    if (!take_position(r, &r->head, &r->base.receivers, TO_READ, &at))
        return -EAGAIN;
    struct slot *slot = slot_of(r, at);
    if (value != NULL)
        copy_value(value, slot->value, r->base.value_size);
    else
        drop_value(&r->base, slot->value);
    if (gate_open(&r->not_full, &slot->turn, at + r->lap))
        gate_wake_one(&r->not_full);
    return 0;
}

/* Closed only if empty after the last sender has gone. */
static int get_or_closed(struct ring *r, void *value)
{
    int rc = get(r, value);
    if (rc == -EAGAIN && no_sender_left(&r->base)) {
        rc = get(r, value);
        if (rc == -EAGAIN)
            rc = -EPIPE;
    }
    return rc;
}

/* ---- Full, empty: put and get that mean their -EAGAIN ----
 *
 * That of put() may mean that a receiver is in the middle of its step, still
 * copying out of the slot, while a later slot is free already; get()'s, that a
 * sender is. Fine for who will try again. But who gives up or goes to sleep must
 * know: full means that as many values as the capacity were there at a moment,
 * the one when head was read, and empty the like. Until one or the other is
 * clear, these wait for the peer's step. */

/* How many values there were when head was read, or more. */
static size_t length(struct ring *r)
{
    size_t head = position(&r->head);
    return values_before(r, position(&r->tail)) - values_before(r, head);
}

static int put_unless_full(struct ring *r, const void *value)
{
    struct backoff step = backoff_start(r->rounds);

    for (;;) {
        int rc = put(r, value);
        size_t tail = values_before(r, position(&r->tail));
        size_t head = values_before(r, position(&r->head));
        if (rc != -EAGAIN || tail - head >= r->base.capacity)
            return rc;
        backoff_for_a_step(&step);
    }
}

static int get_unless_empty(struct ring *r, void *value)
{
    struct backoff step = backoff_start(r->rounds);

    for (;;) {
        int rc = get_or_closed(r, value);
        size_t head = position(&r->head);
        if (rc != -EAGAIN || position(&r->tail) == head)
            return rc;
        backoff_for_a_step(&step);
    }
}

/* ---- Waiting ---- */

struct errand {
    struct ring *ring;
    const void *in;
    void *out;
};

static int attempt_put(void *arg)
{
    const struct errand *errand = arg;
    return put_unless_full(errand->ring, errand->in);
}

static int attempt_get(void *arg)
{
    const struct errand *errand = arg;
    return get_unless_empty(errand->ring, errand->out);
}

/* A sender that finds the ring full waits a while for it to be half empty: the
 * two sides then work on different lines. Only a while: if the receivers stop
 * short of that, any free slot will do. */
static bool half_empty(struct ring *r)
{
    return length(r) <= r->base.capacity / 2;
}

static __attribute__((noinline)) int wait_put(struct ring *r, const void *value,
                                              int64_t deadline)
{
    struct errand errand = {.ring = r, .in = value};
    struct backoff wait = backoff_start(r->rounds);

    if (deadline <= NO_WAIT)
        return put_unless_full(r, value);
    while (backoff_again(&wait))
        if (half_empty(r) || no_receiver_left(&r->base)) {
            int rc = put(r, value);
            if (rc != -EAGAIN)
                return rc;
        }
    return gate_await(&r->not_full, attempt_put, &errand, deadline);
}

static __attribute__((noinline)) int wait_get(struct ring *r, void *value,
                                              int64_t deadline)
{
    struct errand errand = {.ring = r, .out = value};
    struct backoff wait = backoff_start(r->rounds);

    if (deadline <= NO_WAIT)
        return get_unless_empty(r, value);
    while (backoff_again(&wait)) {
        int rc = get_or_closed(r, value);
        if (rc != -EAGAIN)
            return rc;
    }
    return gate_await(&r->not_empty, attempt_get, &errand, deadline);
}

/* ---- The engine ---- */

static int ring_send(struct channel *ch, const void *value, int64_t deadline)
{
    int rc = put(of(ch), value);
    return rc == -EAGAIN ? wait_put(of(ch), value, deadline) : rc;
}

static int ring_recv(struct channel *ch, void *value, int64_t deadline)
{
    int rc = get(of(ch), value);
    return rc == -EAGAIN ? wait_get(of(ch), value, deadline) : rc;
}

static size_t ring_length(struct channel *ch)
{
    size_t count = length(of(ch));
    return count > ch->capacity ? ch->capacity : count;
}

static void ring_senders_gone(struct channel *ch)
{
    gate_wake_all(&of(ch)->not_empty);
}

/* A sender that does not know yet may put a value after our last look. Then it
 * finds the gate shut, and takes the value out itself: tell_receivers(). */
static void ring_receivers_gone(struct channel *ch)
{
    drop_all(of(ch));
    gate_wake_all(&of(ch)->not_full);
}

static void ring_free(struct channel *ch)
{
    struct ring *r = of(ch);

    assert(position(&r->head) == position(&r->tail));
    gate_destroy(&r->not_empty);
    gate_destroy(&r->not_full);
    free(r->memory);
    free(r);
}

static size_t lap_for(size_t capacity)
{
    size_t lap = 2; /* were it 1, "to read" and "to write again" were equal */
    while (lap < capacity)
        lap *= 2;
    return lap;
}

int channel_ring_new(struct channel **out, size_t value_size, size_t capacity)
{
    static const struct channel_ops ops = {
        ring_send,         ring_recv,           ring_length,
        ring_senders_gone, ring_receivers_gone, ring_free,
    };
    struct ring *r = aligned_alloc(LINES, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->base.ops = &ops;
    r->lap = lap_for(capacity);
    r->stride = (sizeof(struct slot) + value_size + 7) / 8 * 8;
    r->rounds = backoff_rounds();
    r->memory = calloc(capacity, r->stride);
    if (r->memory == NULL) {
        free(r);
        return -ENOMEM;
    }
    for (size_t i = 0; i < capacity; i++)
        atomic_init(&slot_of(r, i)->turn, i);
    atomic_init(&r->tail, 0);
    atomic_init(&r->head, 0);
    gate_init(&r->not_empty);
    gate_init(&r->not_full);
    *out = &r->base;
    return 0;
}
