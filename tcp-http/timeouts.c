/* SPDX-License-Identifier: MIT
 *
 * timeouts.c - a handful of queues.
 *
 * Invariant: along each list due never falls.
 */
#include "timeouts.h"

#include <stddef.h>

void timeouts_init(struct timeouts *timeouts)
{
    for (int kind = 0; kind < TIMEOUT_KINDS; kind++)
        TAILQ_INIT(&timeouts->list[kind]);
}

void timeouts_clear(struct timeouts *timeouts, struct timeout *timeout)
{
    if (timeout->waits)
        TAILQ_REMOVE(&timeouts->list[timeout->kind], timeout, link);
    timeout->waits = 0;
}

void timeouts_set(struct timeouts *timeouts, struct timeout *timeout,
                  enum timeout_kind kind, int64_t due)
{
    struct timeout_list *list = &timeouts->list[kind];

    timeouts_clear(timeouts, timeout);
    timeout->kind = (uint8_t)kind;
    timeout->due = due;
    timeout->waits = 1;

    /* Its place is behind all who are due no later: at once, where all have
     * the same patience. */
    struct timeout *before = TAILQ_LAST(list, timeout_list);
    while (before != NULL && before->due > due)
        before = TAILQ_PREV(before, timeout_list, link);
    if (before != NULL)
        TAILQ_INSERT_AFTER(list, before, timeout, link);
    else
        TAILQ_INSERT_HEAD(list, timeout, link);
}

int64_t timeouts_next(const struct timeouts *timeouts)
{
    int64_t next = INT64_MAX;

    for (int kind = 0; kind < TIMEOUT_KINDS; kind++) {
        const struct timeout *first = TAILQ_FIRST(&timeouts->list[kind]);
        if (first != NULL && first->due < next)
            next = first->due;
    }
    return next;
}

struct timeout *timeouts_take(struct timeouts *timeouts, int64_t now)
{
    for (int kind = 0; kind < TIMEOUT_KINDS; kind++) {
        struct timeout *first = TAILQ_FIRST(&timeouts->list[kind]);
        if (first != NULL && first->due <= now) {
            timeouts_clear(timeouts, first);
            return first;
        }
    }
    return NULL;
}
