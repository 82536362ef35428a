/* SPDX-License-Identifier: MIT
 *
 * radix_sort.h - integers in parallel, by their digits instead of comparisons.
 *
 * It wants keys that are spread out. Where they crowd, in one digit or in many
 * equal ones, the crowd is sorted by comparisons (sort.h), and so is all if
 * there is no memory for a second array. So it cannot fail.
 */
#ifndef RADIX_SORT_H
#define RADIX_SORT_H

#include <stddef.h>
#include <stdint.h>

struct task;

void radix_sort_int32(struct task *top, int32_t *keys, size_t count);
void radix_sort_uint64(struct task *top, uint64_t *keys, size_t count);

#endif
