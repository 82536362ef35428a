/* SPDX-License-Identifier: MIT
 *
 * numbers.h - numbers that look random and are the same for the same seed.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* So many of them, from the whole range of int, for free(). 0, or -ENOMEM. */
int numbers_make(int **out, size_t count, uint64_t seed);

#endif
