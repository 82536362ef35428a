/* SPDX-License-Identifier: MIT
 *
 * radix_sort_keys.h - the radix sort, for one kind of key: radix_sort.c includes
 * it once for each. In the terms of the field: one pass from the most significant
 * digit, out of place, which makes 1024 buckets that each fit into a core's
 * cache; in each bucket two passes from the least significant digit up.
 *
 *   1. The least and the greatest key say which bits differ at all, and so where
 *      the top digit lies.
 *   2. Each chunk of the input counts its keys by digit. Sums over the chunks
 *      say where in the second array each chunk's keys of each digit go.
 *   3. Each chunk writes them there; keys of one digit gather in a cache line
 *      first, or each key would cost a line's way to memory and back.
 *   4. Each bucket is sorted on its own, on the way back to the first array. Two
 *      passes see 22 bits; keys that are still equal in those (few, unless they
 *      crowd) are sorted by comparisons.
 *
 * Steps 1 to 3 are parallel over chunks, step 4 over buckets.
 *
 * Read with: Knuth, The Art of Computer Programming, vol. 3, 5.2.5.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "parallel.h"
#include "worker.h"

#ifndef RADIX_SORT_KEYS_H
#define RADIX_SORT_KEYS_H
enum {
    RADIX_TOP_BITS = 10,
    RADIX_BUCKETS = 1 << RADIX_TOP_BITS,
    RADIX_LOW_BITS = 11, /* in each of the two passes in a bucket */
    RADIX_DIGITS = 1 << RADIX_LOW_BITS,
    RADIX_LINE = 64,        /* bytes that are written at once */
    RADIX_WORTH_IT = 65536, /* fewer keys are sorted by comparisons */
    RADIX_MOST_CHUNKS = 64,
    RADIX_FEW_IN_BUCKET = 256, /* likewise, in a bucket */
    RADIX_CROWD = 1 << 18      /* likewise, more than this */
};
#endif

#ifdef RADIX_KEY /* else this file is compiled alone */

struct RADIX_ID(chunk) {
    size_t from, to;
    RADIX_ORDER least, most;
    /* How many keys of a digit it has; then where its next one goes. */
    size_t place[RADIX_BUCKETS];
};

struct RADIX_ID(plan) {
    RADIX_KEY *keys, *other;
    size_t count;
    unsigned shift; /* of the top digit */
    size_t chunks;
    struct RADIX_ID(chunk) * chunk;
    size_t end[RADIX_BUCKETS]; /* of each bucket */
};

static inline RADIX_ORDER RADIX_ID(order)(RADIX_KEY key)
{
    return (RADIX_ORDER)key ^ RADIX_FLIP;
}

/* ---- 1 to 3: chunks ---- */

static void RADIX_ID(measure)(struct task *top, void *arg, size_t from,
                              size_t to)
{
    struct RADIX_ID(plan) *plan = arg;

    (void)top;
    for (size_t c = from; c < to; c++) {
        struct RADIX_ID(chunk) *chunk = &plan->chunk[c];
        RADIX_KEY least = plan->keys[chunk->from], most = least;
        for (size_t i = chunk->from; i < chunk->to; i++) {
            RADIX_KEY key = plan->keys[i];
            least = key < least ? key : least;
            most = key > most ? key : most;
        }
        chunk->least = RADIX_ID(order)(least);
        chunk->most = RADIX_ID(order)(most);
    }
}

static size_t RADIX_ID(bucket_of)(const struct RADIX_ID(plan) * plan,
                                  RADIX_KEY key)
{
    return RADIX_ID(order)(key) >> plan->shift & (RADIX_BUCKETS - 1);
}

static void RADIX_ID(count)(struct task *top, void *arg, size_t from, size_t to)
{
    struct RADIX_ID(plan) *plan = arg;

    (void)top;
    for (size_t c = from; c < to; c++) {
        struct RADIX_ID(chunk) *chunk = &plan->chunk[c];
        memset(chunk->place, 0, sizeof chunk->place);
        for (size_t i = chunk->from; i < chunk->to; i++)
            chunk->place[RADIX_ID(bucket_of)(plan, plan->keys[i])]++;
    }
}

/* Of each digit, the first chunk's keys come first, then the second's... */
static void RADIX_ID(find_places)(struct RADIX_ID(plan) * plan)
{
    size_t place = 0;

    for (size_t b = 0; b < RADIX_BUCKETS; b++) {
        for (size_t c = 0; c < plan->chunks; c++) {
            size_t count = plan->chunk[c].place[b];
            plan->chunk[c].place[b] = place;
            place += count;
        }
        plan->end[b] = place;
    }
}

static void RADIX_ID(scatter)(struct task *top, void *arg, size_t from,
                              size_t to)
{
    enum { IN_LINE = RADIX_LINE / sizeof(RADIX_KEY) };
    struct RADIX_ID(plan) *plan = arg;
    _Alignas(RADIX_LINE) RADIX_KEY line[RADIX_BUCKETS][IN_LINE];
    unsigned char filled[RADIX_BUCKETS];

    (void)top;
    for (size_t c = from; c < to; c++) {
        struct RADIX_ID(chunk) *chunk = &plan->chunk[c];
        memset(filled, 0, sizeof filled);
        for (size_t i = chunk->from; i < chunk->to; i++) {
            RADIX_KEY key = plan->keys[i];
            size_t b = RADIX_ID(bucket_of)(plan, key);
            line[b][filled[b]++] = key;
            if (filled[b] == IN_LINE) {
                memcpy(plan->other + chunk->place[b], line[b], RADIX_LINE);
                chunk->place[b] += IN_LINE;
                filled[b] = 0;
            }
        }
        for (size_t b = 0; b < RADIX_BUCKETS; b++)
            memcpy(plan->other + chunk->place[b], line[b],
                   filled[b] * sizeof(RADIX_KEY));
    }
}

/* ---- 4: buckets ---- */

/* One pass: from in to out, by the digit at this shift. */
static void RADIX_ID(pass)(const RADIX_KEY *in, RADIX_KEY *out, size_t count,
                           unsigned shift, unsigned bits)
{
    const RADIX_ORDER mask = ((RADIX_ORDER)1 << bits) - 1;
    uint32_t place[RADIX_DIGITS] = {0};
    uint32_t next = 0;

    for (size_t i = 0; i < count; i++)
        place[RADIX_ID(order)(in[i]) >> shift & mask]++;
    for (size_t d = 0; d <= mask; d++) {
        uint32_t here = place[d];
        place[d] = next;
        next += here;
    }
    for (size_t i = 0; i < count; i++)
        out[place[RADIX_ID(order)(in[i]) >> shift & mask]++] = in[i];
}

/* Keys are in the order of what is left of `bits`; now of the rest too. */
static void RADIX_ID(finish)(struct task *top, RADIX_KEY *keys, size_t count,
                             unsigned bits)
{
    for (size_t from = 0, to; from < count; from = to) {
        RADIX_ORDER high = RADIX_ID(order)(keys[from]) >> bits;
        for (to = from + 1; to < count; to++)
            if (RADIX_ID(order)(keys[to]) >> bits != high)
                break;
        if (to - from > 1)
            RADIX_COMPARE(top, keys + from, to - from);
    }
}

static void RADIX_ID(sort_bucket)(struct task *top,
                                  const struct RADIX_ID(plan) * plan,
                                  size_t from, size_t count)
{
    RADIX_KEY *keys = plan->keys + from, *other = plan->other + from;
    const unsigned bits = plan->shift; /* still to be sorted by */

    if (count < RADIX_FEW_IN_BUCKET || count > RADIX_CROWD || bits == 0) {
        memcpy(keys, other, count * sizeof *keys);
        if (bits > 0)
            RADIX_COMPARE(top, keys, count);
        return;
    }
    unsigned high = bits < 2 * RADIX_LOW_BITS ? (bits + 1) / 2 : RADIX_LOW_BITS;
    unsigned low = bits - high < high ? bits - high : high;
    unsigned rest = bits - high - low;
    RADIX_ID(pass)(other, keys, count, rest, low);
    RADIX_ID(pass)(keys, other, count, rest + low, high);
    memcpy(keys, other, count * sizeof *keys);
    if (rest > 0)
        RADIX_ID(finish)(top, keys, count, rest);
}

static void RADIX_ID(sort_buckets)(struct task *top, void *arg, size_t from,
                                   size_t to)
{
    const struct RADIX_ID(plan) *plan = arg;

    for (size_t b = from; b < to; b++) {
        size_t begin = b == 0 ? 0 : plan->end[b - 1];
        if (plan->end[b] > begin)
            RADIX_ID(sort_bucket)(top, plan, begin, plan->end[b] - begin);
    }
}

/* ---- All together ---- */

/* Where the top digit lies, so that it sees the highest bit that differs. False:
 * none does. */
static bool RADIX_ID(find_shift)(struct RADIX_ID(plan) * plan)
{
    RADIX_ORDER least = plan->chunk[0].least, most = plan->chunk[0].most;

    for (size_t c = 1; c < plan->chunks; c++) {
        least = plan->chunk[c].least < least ? plan->chunk[c].least : least;
        most = plan->chunk[c].most > most ? plan->chunk[c].most : most;
    }
    unsigned bits = 0;
    for (RADIX_ORDER differ = least ^ most; differ != 0; differ >>= 1)
        bits++;
    plan->shift = bits > RADIX_TOP_BITS ? bits - RADIX_TOP_BITS : 0;
    return bits > 0;
}

static void RADIX_ID(run)(struct task *top, struct RADIX_ID(plan) * plan)
{
    for (size_t c = 0; c < plan->chunks; c++) {
        plan->chunk[c].from = plan->count / plan->chunks * c;
        plan->chunk[c].to = c + 1 == plan->chunks
                                ? plan->count
                                : plan->count / plan->chunks * (c + 1);
    }
    parallel_for_each(top, plan->chunks, RADIX_ID(measure), plan);
    if (!RADIX_ID(find_shift)(plan))
        return;
    parallel_for_each(top, plan->chunks, RADIX_ID(count), plan);
    RADIX_ID(find_places)(plan);
    parallel_for_each(top, plan->chunks, RADIX_ID(scatter), plan);
    parallel_for_each(top, RADIX_BUCKETS, RADIX_ID(sort_buckets), plan);
}

static void RADIX_ID(sort)(struct task *top, RADIX_KEY *keys, size_t count)
{
    size_t chunks = 4 * (size_t)worker_of(top)->crew->count;
    struct RADIX_ID(plan) plan = {.keys = keys, .count = count};

    plan.chunks = chunks < RADIX_MOST_CHUNKS ? chunks : RADIX_MOST_CHUNKS;
    /* The second array, and behind it the chunks. Fresh pages are big ones if
     * that may be: the first touch of each is what they cost. */
    size_t other_size = (count * sizeof *keys + 63) / 64 * 64;
    size_t size = other_size + plan.chunks * sizeof *plan.chunk;
    void *memory = MAP_FAILED;
    if (count >= RADIX_WORTH_IT)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        RADIX_COMPARE(top, keys, count);
        return;
    }
    madvise(memory, size, MADV_HUGEPAGE); /* a wish; refused is fine */
    plan.other = memory;
    plan.chunk = (struct RADIX_ID(chunk) *)((char *)memory + other_size);
    RADIX_ID(run)(top, &plan);
    munmap(memory, size);
}

#undef RADIX_ID
#undef RADIX_KEY
#undef RADIX_ORDER
#undef RADIX_FLIP
#undef RADIX_COMPARE
#endif
