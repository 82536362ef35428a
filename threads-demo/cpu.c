/* SPDX-License-Identifier: MIT
 *
 * cpu.c - sched_setaffinity(2), with the choice made among what is allowed: in a
 * container CPU 0 may not be ours.
 */
#include "cpu.h"

#include <errno.h>
#include <sched.h>

int cpu_count(void)
{
    cpu_set_t allowed;

    /* It fails only for more CPUs than a cpu_set_t can hold. */
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return CPU_SETSIZE;
    return CPU_COUNT(&allowed);
}

int cpu_pin(int n)
{
    cpu_set_t allowed, one;
    size_t cpu = 0;

    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return -errno;
    for (int left = n % CPU_COUNT(&allowed);; cpu++)
        if (CPU_ISSET(cpu, &allowed) && left-- == 0)
            break;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) < 0)
        return -errno;
    return (int)cpu;
}
