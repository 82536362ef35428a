/* SPDX-License-Identifier: MIT
 *
 * futex.c - glibc has no wrapper for futex(2); this is one, for waits with
 * absolute deadlines between the threads of one process.
 */
#include "futex.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

enum { SECOND = 1000000000 };

int futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline)
{
    if (deadline < 0)
        deadline = 0; /* long past; the kernel takes no negative time */
    const struct timespec at = {.tv_sec = deadline / SECOND,
                                .tv_nsec = deadline % SECOND};
    long rc;
    /* The plain FUTEX_WAIT counts from now; this one takes the clock's time. */
    do
        rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                     deadline == NEVER ? NULL : &at, NULL,
                     FUTEX_BITSET_MATCH_ANY);
    while (rc < 0 && errno == EINTR);
    return rc < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

void futex_wake(_Atomic uint32_t *word, int most)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most);
}
