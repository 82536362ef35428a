/* SPDX-License-Identifier: MIT
 *
 * backoff.c - is there another CPU that could be at work while we spin?
 */
#include "backoff.h"

#include "cpu.h"

unsigned backoff_rounds(void)
{
    return cpu_count() == 1 ? 0 : BACKOFF_SPINS + BACKOFF_YIELDS;
}
