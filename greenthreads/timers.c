/* SPDX-License-Identifier: MIT
 *
 * timers.c - a binary heap: no timer is earlier than its parent. The children of
 * heap[i] are heap[2 * i + 1] and heap[2 * i + 2]. *place is the index plus one.
 */
#include "timers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct timer {
    int64_t deadline;
    uint64_t order;
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
    while (at > 0 && earlier(&timer, &timers->heap[(at - 1) / 2])) {
        put(timers, at, timers->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(timers, at, timer);
}

/* Fills the hole at: with timer, or with the earlier child. */
static void sift_down(struct timers *timers, size_t at, struct timer timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count &&
            earlier(&timers->heap[child + 1], &timers->heap[child]))
            child++;
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
    if (at > 0 && earlier(&last, &timers->heap[(at - 1) / 2]))
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
