/* SPDX-License-Identifier: MIT
 *
 * interest.h - what to be told of, and how often.
 *
 * Edge-triggered unless said otherwise: one event when the descriptor becomes
 * ready (or gets more of what made it so), and silence until it happens again.
 * So whoever gets an event reads or writes until EAGAIN; what is left in the
 * buffer is not told of twice.
 *
 * Read with: mio, `Interest`; Linux epoll(7), "Level-triggered and
 * edge-triggered".
 */
#ifndef INTEREST_H
#define INTEREST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Joined with |. At least one of the first two. */
enum interest {
    INTEREST_READABLE = 1 << 0,
    INTEREST_WRITABLE = 1 << 1,
    INTEREST_LEVEL = 1 << 2,    /* an event at every wait while it is ready */
    INTEREST_ONE_SHOT = 1 << 3, /* one event, then none until reregistered:
                                   the entry stays, asleep */
};

static inline bool interest_is_valid(unsigned interest)
{
    return (interest & (INTEREST_READABLE | INTEREST_WRITABLE)) != 0 &&
           interest < 1 << 4;
}

/* In the kernel's words. EPOLLERR and EPOLLHUP need no asking: they come. */
static inline uint32_t interest_to_epoll(unsigned interest)
{
    uint32_t mask = 0;

    if (interest & INTEREST_READABLE)
        mask |= EPOLLIN | EPOLLRDHUP;
    if (interest & INTEREST_WRITABLE)
        mask |= EPOLLOUT;
    if ((interest & INTEREST_LEVEL) == 0)
        mask |= EPOLLET;
    if (interest & INTEREST_ONE_SHOT)
        mask |= EPOLLONESHOT;
    return mask;
}

#endif
