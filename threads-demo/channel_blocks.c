/* SPDX-License-Identifier: MIT
 *
 * channel_blocks.c - an unbounded channel without a lock: a chain of blocks.
 *
 * Positions count up for ever, LAP to a block; the last of each block's holds
 * no value, it is passed while a new block is hung on. A sender takes the
 * position at tail, a receiver the one at head, as in channel_ring.c. Who takes
 * a block's last value position moves that end to the next block.
 *
 * A slot's turn is position + 1 once its value is there; positions do not
 * return, so a block that is used again needs no cleaning. The reader that is
 * the last in a block gives it back: nobody touches a block before it has taken
 * a position there, nor after it is done with that position.
 *
 * From crossbeam's unbounded flavour (SegQueue). Changed: the plain path of a
 * side that has one holder, turns for flags, a count for the block's end, one
 * block kept for the next.
 */
#include <assert.h>
#include <stdlib.h>

#include "backoff.h"
#include "channel_engine.h"
#include "gate.h"
#include "util.h"

enum { LINES = 128, LAP = 1024, ROOM = LAP - 1 };

struct slot {
    _Atomic size_t turn;
    unsigned char value[];
};

struct block {
    struct block *next;  /* set before the last value is there */
    _Atomic size_t read; /* how many have been, of ROOM */
    _Alignas(64) unsigned char slots[];
};

struct end {
    _Alignas(LINES) _Atomic size_t at;
    _Atomic(struct block *) block; /* changes only while at % LAP == ROOM */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the holes are meant */
struct blocks {
    struct channel base;
    size_t stride; /* bytes from slot to slot */
    unsigned rounds;
    struct end tail, head;
    _Alignas(LINES) _Atomic size_t known; /* tail was at least there */
    _Alignas(LINES) _Atomic(struct block *) spare;
    _Alignas(LINES) struct gate not_empty;
};

static struct blocks *of(struct channel *ch)
{
    return (struct blocks *)ch; /* base is its first member */
}

static struct slot *slot_of(struct blocks *b, struct block *block, size_t at)
{
    return (struct slot *)(void *)(block->slots + at % LAP * b->stride);
}

static bool is_written(struct slot *slot, size_t at)
{
    /* acquire, pairs with "turn" in gate_open(): value and next are there. */
    return atomic_load_explicit(&slot->turn, memory_order_acquire) == at + 1;
}

static size_t position(struct end *end)
{
    /* acquire, pairs with "next block" in move_on(). */
    return atomic_load_explicit(&end->at, memory_order_acquire);
}

/* ---- Blocks ---- */

static struct block *block_new(struct blocks *b)
{
    /* acquire, pairs with "spare": its readers have done with it. */
    struct block *block =
        atomic_exchange_explicit(&b->spare, NULL, memory_order_acquire);
    if (block == NULL) {
        size_t size = sizeof *block + ROOM * b->stride;
        block = aligned_alloc(LINES, (size + LINES - 1) / LINES * LINES);
        if (block == NULL)
            return NULL;
        for (size_t i = 0; i < ROOM; i++) /* 0: the turn of no position */
            atomic_init(&slot_of(b, block, i)->turn, 0);
    }
    block->next = NULL;
    atomic_init(&block->read, 0);
    return block;
}

static void block_free(struct blocks *b, struct block *block)
{
    /* release, "spare"; acquire: another reader's block is freed after it. */
    free(atomic_exchange_explicit(&b->spare, block, memory_order_acq_rel));
}

/* Who took a block's last value position moves the end into the next block. */
static void move_on(struct end *end, size_t at, struct block *next)
{
    /* relaxed: published by the store that follows. */
    atomic_store_explicit(&end->block, next, memory_order_relaxed);
    /* release, "next block": who sees this position sees that block. */
    atomic_store_explicit(&end->at, at + 2, memory_order_release);
}

/* ---- One step: put or get ---- */

/* Takes the position at tail, and *fresh with it if it is a block's last. */
static int take_room(struct blocks *b, size_t *at, struct block **block,
                     struct block **fresh)
{
    bool only = alone(&b->base.senders);
    struct backoff step = backoff_start(b->rounds);

    for (;;) {
        *at = position(&b->tail);
        if (*at % LAP == ROOM) { /* another sender is in move_on() */
            backoff_for_a_step(&step);
            continue;
        }
        /* relaxed: position() ordered it; if tail has moved, we start again. */
        *block = atomic_load_explicit(&b->tail.block, memory_order_relaxed);
        if (*at % LAP == ROOM - 1 && *fresh == NULL) {
            *fresh = block_new(b);
            if (*fresh == NULL)
                return -ENOMEM;
        }
        if (only) {
            /* relaxed: a position is no right to read what is there. */
            atomic_store_explicit(&b->tail.at, *at + 1, memory_order_relaxed);
            return 0;
        }
        /* release, pairs with position(): who takes the block's last position,
         * and changes block, does so after we have read it. */
        if (atomic_compare_exchange_weak_explicit(&b->tail.at, at, *at + 1,
                                                  memory_order_release,
                                                  memory_order_relaxed))
            return 0;
    }
}

static int get(struct blocks *b, void *value);

/* Somebody sleeps until there is a value, or nobody is left to take it. */
static __attribute__((noinline)) void tell_receivers(struct blocks *b)
{
    if (!no_receiver_left(&b->base))
        gate_wake_one(&b->not_empty);
    else
        while (get(b, NULL) == 0)
            ;
}

static int put(struct blocks *b, const void *value)
{
    struct block *block = NULL, *fresh = NULL;
    size_t at = 0;

    if (no_receiver_left(&b->base))
        return -EPIPE;
    int rc = take_room(b, &at, &block, &fresh);
    if (rc < 0)
        return rc;
    if (at % LAP == ROOM - 1) {
        block->next = fresh;
        move_on(&b->tail, at, fresh);
    } else if (fresh != NULL) {
        block_free(b, fresh); /* another sender took that position */
    }
    struct slot *slot = slot_of(b, block, at);
    copy_value(slot->value, value, b->base.value_size);
    if (gate_open(&b->not_empty, &slot->turn, at + 1))
        tell_receivers(b);
    return 0;
}

/* Is there a value to take at this position of head? Receivers look at tail only
 * if what they know of it does not say so: seldom do they take its line from the
 * senders. */
static bool was_sent(struct blocks *b, size_t at)
{
    /* acquire, pairs with "known": who goes by it, and who comes after that one,
     * cannot find an older tail, behind head. An older note is true as well. */
    if (atomic_load_explicit(&b->known, memory_order_acquire) > at)
        return true;
    size_t tail = position(&b->tail);
    /* release, "known". */
    atomic_store_explicit(&b->known, tail, memory_order_release);
    return tail != at;
}

/* Takes the position at head while others do the same. The sender that took it
 * may still be writing: then we wait for its step. */
static bool take_value(struct blocks *b, size_t *at, struct block **block)
{
    struct backoff step = backoff_start(b->rounds);

    for (;;) {
        *at = position(&b->head);
        if (*at % LAP == ROOM) { /* another receiver is in move_on() */
            backoff_for_a_step(&step);
            continue;
        }
        if (!was_sent(b, *at))
            return false;
        /* relaxed, release, relaxed: as in take_room(). */
        *block = atomic_load_explicit(&b->head.block, memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&b->head.at, at, *at + 1,
                                                  memory_order_release,
                                                  memory_order_relaxed))
            break;
    }
    while (!is_written(slot_of(b, *block, *at), *at))
        backoff_for_a_step(&step);
    return true;
}

/* The same for the only receiver: nobody else moves head or gives the block
 * back, so it may look at the slot first. */
static bool take_value_alone(struct blocks *b, size_t *at, struct block **block)
{
    /* relaxed, all: these are our own. */
    *at = atomic_load_explicit(&b->head.at, memory_order_relaxed);
    *block = atomic_load_explicit(&b->head.block, memory_order_relaxed);
    if (!is_written(slot_of(b, *block, *at), *at))
        return false;
    atomic_store_explicit(&b->head.at, *at + 1, memory_order_relaxed);
    return true;
}

/* One more value of the block has been read. */
static void count_read(struct blocks *b, struct block *block, bool only)
{
    size_t before;

    if (only) {
        /* relaxed, both: no other receiver is there. */
        before = atomic_load_explicit(&block->read, memory_order_relaxed);
        atomic_store_explicit(&block->read, before + 1, memory_order_relaxed);
    } else {
        /* release: our reading is done; acquire: so is the others', if we are
         * the last. */
        before =
            atomic_fetch_add_explicit(&block->read, 1, memory_order_acq_rel);
    }
    if (before + 1 == ROOM)
        block_free(b, block);
}

/* value NULL: drops it where it is. */
static int get(struct blocks *b, void *value)
{
    bool only = alone(&b->base.receivers);
    struct block *block = NULL;
    size_t at = 0;

    if (!(only ? take_value_alone(b, &at, &block) : take_value(b, &at, &block)))
        return -EAGAIN;
    if (at % LAP == ROOM - 1)
        move_on(&b->head, at, block->next);
    struct slot *slot = slot_of(b, block, at);
    if (value != NULL)
        copy_value(value, slot->value, b->base.value_size);
    else
        drop_value(&b->base, slot->value);
    count_read(b, block, only);
    return 0;
}

/* Closed only if empty after the last sender has gone. */
static int get_or_closed(struct blocks *b, void *value)
{
    int rc = get(b, value);
    if (rc == -EAGAIN && no_sender_left(&b->base)) {
        rc = get(b, value);
        if (rc == -EAGAIN)
            rc = -EPIPE;
    }
    return rc;
}

/* ---- Waiting: receivers only ---- */

/* The number of values before a position: one in LAP holds none. */
static size_t values_before(size_t at)
{
    return at / LAP * ROOM + at % LAP;
}

static size_t blocks_length(struct channel *ch)
{
    size_t head = values_before(position(&of(ch)->head));
    return values_before(position(&of(ch)->tail)) - head;
}

/* -EAGAIN of get() may mean that a sender is still writing while a later one is
 * done. Who gives up or goes to sleep must know, as in channel_ring.c: this one
 * means that there was no value at a moment, the one when tail was read. */
static int get_unless_empty(struct blocks *b, void *value)
{
    struct backoff step = backoff_start(b->rounds);

    for (;;) {
        int rc = get_or_closed(b, value);
        if (rc != -EAGAIN || blocks_length(&b->base) == 0)
            return rc;
        backoff_for_a_step(&step);
    }
}

struct errand {
    struct blocks *blocks;
    void *out;
};

static int attempt_get(void *arg)
{
    const struct errand *errand = arg;
    return get_unless_empty(errand->blocks, errand->out);
}

static __attribute__((noinline)) int wait_get(struct blocks *b, void *value,
                                              int64_t deadline)
{
    struct errand errand = {.blocks = b, .out = value};
    struct backoff wait = backoff_start(b->rounds);

    if (deadline <= NO_WAIT)
        return get_unless_empty(b, value);
    while (backoff_again(&wait)) {
        int rc = get_or_closed(b, value);
        if (rc != -EAGAIN)
            return rc;
    }
    return gate_await(&b->not_empty, attempt_get, &errand, deadline);
}

/* ---- The engine ---- */

/* There is always room: a deadline has nothing to end. */
static int blocks_send(struct channel *ch, const void *value, int64_t deadline)
{
    (void)deadline;
    return put(of(ch), value);
}

static int blocks_recv(struct channel *ch, void *value, int64_t deadline)
{
    int rc = get(of(ch), value);
    return rc == -EAGAIN ? wait_get(of(ch), value, deadline) : rc;
}

static void blocks_senders_gone(struct channel *ch)
{
    gate_wake_all(&of(ch)->not_empty);
}

/* A sender that does not know yet may put a value after our last look. Then it
 * finds the gate shut, and takes the value out itself: tell_receivers(). */
static void blocks_receivers_gone(struct channel *ch)
{
    gate_shut(&of(ch)->not_empty);
    while (get(of(ch), NULL) == 0)
        ;
}

static void blocks_free(struct channel *ch)
{
    struct blocks *b = of(ch);

    assert(blocks_length(ch) == 0);
    /* relaxed, both: nobody else is left. Empty, both ends are in one block. */
    free(atomic_load_explicit(&b->head.block, memory_order_relaxed));
    free(atomic_load_explicit(&b->spare, memory_order_relaxed));
    gate_destroy(&b->not_empty);
    free(b);
}

int channel_blocks_new(struct channel **out, size_t value_size)
{
    static const struct channel_ops ops = {
        blocks_send,         blocks_recv,           blocks_length,
        blocks_senders_gone, blocks_receivers_gone, blocks_free,
    };
    struct blocks *b = aligned_alloc(LINES, sizeof *b);
    if (b == NULL)
        return -ENOMEM;
    b->base.ops = &ops;
    b->stride = (sizeof(struct slot) + value_size + 7) / 8 * 8;
    b->rounds = backoff_rounds();
    atomic_init(&b->spare, NULL);
    struct block *first = block_new(b);
    if (first == NULL) {
        free(b);
        return -ENOMEM;
    }
    atomic_init(&b->tail.at, 0);
    atomic_init(&b->head.at, 0);
    atomic_init(&b->known, 0);
    atomic_init(&b->tail.block, first);
    atomic_init(&b->head.block, first);
    gate_init(&b->not_empty);
    *out = &b->base;
    return 0;
}
