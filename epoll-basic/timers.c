/* SPDX-License-Identifier: MIT
 *
 * timers.c - a heap in one array: no timer is earlier than its parent. Each has
 * four children rather than two: half the levels, and four siblings lie in two
 * cache lines. The children of heap[i] are heap[4 * i + 1] to heap[4 * i + 4].
 * *place is the index plus one, so that cancelling need not search.
 *
 * Adding costs O(1) where deadlines are random (most timers stay in the lowest
 * level), O(log n) at worst; so do cancelling and taking. A timing wheel, which
 * is what kernels and tokio have, adds and cancels in O(1) always, but rounds
 * deadlines, and has the order of equal ones to lose.
 *
 * Read with: CLRS, ch. 6 "Heapsort"; libuv, `heap-inl.h`.
 */
#include "timers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "poller.h"

enum { CHILDREN = 4 };

struct timer {
    int64_t deadline;
    uint64_t order; /* of coming */
    void *who;
    uint32_t *place;
};

static bool earlier(const struct timer *a, const struct timer *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return a->order < b->order;
}

static void put(struct timers *timers, size_t at, struct timer timer)
{
    timers->heap[at] = timer;
    *timer.place = (uint32_t)(at + 1);
}

/* Fills the hole at: with timer, or with a parent that is later. */
static void sift_up(struct timers *timers, size_t at, struct timer timer)
{
    while (at > 0) {
        size_t parent = (at - 1) / CHILDREN;
        if (!earlier(&timer, &timers->heap[parent]))
            break;
        put(timers, at, timers->heap[parent]);
        at = parent;
    }
    put(timers, at, timer);
}

/* The earliest of the siblings from first on; there is at least one. */
static size_t earliest_sibling(const struct timers *timers, size_t first)
{
    size_t end = first + CHILDREN, best = first;

    if (end > timers->count)
        end = timers->count;
    for (size_t i = first + 1; i < end; i++)
        if (earlier(&timers->heap[i], &timers->heap[best]))
            best = i;
    return best;
}

/* Fills the hole at: with timer, or with the earliest child. */
static void sift_down(struct timers *timers, size_t at, struct timer timer)
{
    while (CHILDREN * at + 1 < timers->count) {
        size_t child = earliest_sibling(timers, CHILDREN * at + 1);
        if (earlier(&timer, &timers->heap[child]))
            break;
        put(timers, at, timers->heap[child]);
        at = child;
    }
    put(timers, at, timer);
}

/* The last timer fills the hole; it may belong further up or further down. */
static void remove_at(struct timers *timers, size_t at)
{
    *timers->heap[at].place = TIMER_NONE;
    struct timer last = timers->heap[--timers->count];
    if (at == timers->count)
        return;
    if (at > 0 && earlier(&last, &timers->heap[(at - 1) / CHILDREN]))
        sift_up(timers, at, last);
    else
        sift_down(timers, at, last);
}

int timers_add(struct timers *timers, int64_t deadline, void *who,
               uint32_t *place)
{
    if (timers->count == timers->room) {
        size_t room = timers->room == 0 ? 16 : 2 * timers->room;
        struct timer *heap =
            room > UINT32_MAX ? NULL
                              : reallocarray(timers->heap, room, sizeof *heap);
        if (heap == NULL)
            return -ENOMEM;
        timers->heap = heap;
        timers->room = room;
    }
    const struct timer timer = {deadline, timers->added++, who, place};
    sift_up(timers, timers->count++, timer);
    return 0;
}

void timers_cancel(struct timers *timers, uint32_t *place)
{
    if (*place != TIMER_NONE)
        remove_at(timers, *place - 1);
}

int64_t timers_earliest(const struct timers *timers)
{
    return timers->count > 0 ? timers->heap[0].deadline : INT64_MAX;
}

int64_t timers_left(const struct timers *timers, int64_t now)
{
    if (timers->count == 0)
        return POLLER_FOREVER;
    int64_t earliest = timers->heap[0].deadline;
    return earliest > now ? earliest - now : 0;
}

void *timers_take_due(struct timers *timers, int64_t now)
{
    if (timers->count == 0 || timers->heap[0].deadline > now)
        return NULL;
    void *who = timers->heap[0].who;
    remove_at(timers, 0);
    return who;
}

void timers_destroy(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){.count = 0};
}
