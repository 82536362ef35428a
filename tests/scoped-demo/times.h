/* SPDX-License-Identifier: MIT
 *
 * times.h - how much longer the long tests are: SCOPED_DEMO_TIMES in the
 * environment, which ctest sets where nobody watches each step (verbs.cmake).
 */
#ifndef TIMES_H
#define TIMES_H

#include <stdlib.h>

#include "util.h"

static inline int times(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here sets variables. */
    const char *text = getenv("SCOPED_DEMO_TIMES");
    long value = 1;

    if (text != NULL && parse_count(text, 1, 1000, &value) < 0)
        abort();
    return (int)value;
}

#endif
