/* SPDX-License-Identifier: MIT
 *
 * numbers.c - SplitMix64: a counter that takes long steps, and a shaker.
 *
 * Read with: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
 * Generators" (2014).
 */
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t next(uint64_t *counter)
{
    uint64_t z = *counter += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int numbers_make(int **out, size_t count, uint64_t seed)
{
    /* One more, for malloc(0) may give NULL. */
    int *number = count < SIZE_MAX / sizeof(int)
                      ? malloc((count + 1) * sizeof(int))
                      : NULL;
    if (number == NULL)
        return -ENOMEM;

    for (size_t i = 0; i < count; i++)
        number[i] = (int)(int32_t)(next(&seed) >> 32);
    *out = number;
    return 0;
}
