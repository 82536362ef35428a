/* SPDX-License-Identifier: MIT
 *
 * parker.h - one thread parks here until another hands it a token.
 *
 * There is at most one token. Unpark before park is remembered, so no wake-up
 * is lost; two unparks before a park are remembered once, so a parked thread
 * must look at what it waits for each time it comes back.
 *
 * One thread parks; any thread may unpark. The memory is the caller's.
 *
 * Read with: Rust's std::thread::park; Rust Atomics and Locks, ch. 1 and 8;
 * Futures Explained in 200 Lines, "Bonus: a proper Parker".
 */
#ifndef PARKER_H
#define PARKER_H

#include <stdatomic.h>
#include <stdint.h>

struct parker {
    _Atomic uint32_t state; /* parker.c knows the three */
};

/* No token, nobody parked. Nothing to undo it with: a parker owns nothing. */
void parker_init(struct parker *p);

/* Takes the token, waiting for it if need be. What the unparker did before
 * parker_unpark() is visible afterwards. */
void parker_park(struct parker *p);

/* The same, at most until the deadline (a moment of now_ns(), NEVER for none).
 * 0: has the token; -ETIMEDOUT: there was none by then. */
int parker_park_until(struct parker *p, int64_t deadline);

/* Makes the token be there. Touches no memory of *p once the parked thread can
 * see the token: that thread may return and its stack may go. */
void parker_unpark(struct parker *p);

#endif
