/* SPDX-License-Identifier: MIT
 *
 * status.c - a sum a line.
 */
#include "status.h"

#include <stdio.h>

static unsigned long long sum(const struct counters *counters, size_t threads,
                              enum counter which)
{
    uint64_t all = 0;

    for (size_t i = 0; i < threads; i++)
        all += count_of(&counters[i], which);
    return all;
}

size_t status_write(const struct counters *counters, size_t threads,
                    char text[STATUS_MAX])
{
    /* Closed first: who leaves between the two loads is then counted as here,
     * and the difference does not fall below zero. */
    unsigned long long closed = sum(counters, threads, COUNT_CLOSED);
    unsigned long long accepted = sum(counters, threads, COUNT_ACCEPTED);
    int length =
        snprintf(text, STATUS_MAX,
                 "{\"threads\":%zu,\"connections\":%llu,\"accepted\":%llu,"
                 "\"requests\":%llu,\"errors\":%llu,\"timed_out\":%llu,"
                 "\"sleeping\":%llu,\"exchanges\":%llu,\"wakes\":%llu}\n",
                 threads, accepted > closed ? accepted - closed : 0, accepted,
                 sum(counters, threads, COUNT_REQUESTS),
                 sum(counters, threads, COUNT_ERRORS),
                 sum(counters, threads, COUNT_TIMED_OUT),
                 sum(counters, threads, COUNT_SLEEPING),
                 sum(counters, threads, COUNT_EXCHANGES),
                 sum(counters, threads, COUNT_WAKES));
    return (size_t)length;
}
