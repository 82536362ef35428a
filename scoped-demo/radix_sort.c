/* SPDX-License-Identifier: MIT
 *
 * radix_sort.c - both kinds of keys, out of one text: radix_sort_keys.h.
 */
#include "radix_sort.h"

#define SORT_NAME       compare_int32
#define SORT_ELEMENT    int32_t
#define SORT_LESS(a, b) ((a) < (b))
#include "sort.h"

#define SORT_NAME       compare_uint64
#define SORT_ELEMENT    uint64_t
#define SORT_LESS(a, b) ((a) < (b))
#include "sort.h"

/* An int32_t with its sign turned about is in the order of a uint32_t. */
#define RADIX_ID(name) name##_int32
#define RADIX_KEY      int32_t
#define RADIX_ORDER    uint32_t
#define RADIX_FLIP     0x80000000
#define RADIX_COMPARE  compare_int32
#include "radix_sort_keys.h"

#define RADIX_ID(name) name##_uint64
#define RADIX_KEY      uint64_t
#define RADIX_ORDER    uint64_t
#define RADIX_FLIP     0
#define RADIX_COMPARE  compare_uint64
#include "radix_sort_keys.h"

void radix_sort_int32(struct task *top, int32_t *keys, size_t count)
{
    sort_int32(top, keys, count);
}

void radix_sort_uint64(struct task *top, uint64_t *keys, size_t count)
{
    sort_uint64(top, keys, count);
}
