/* SPDX-License-Identifier: MIT
 *
 * overflow.h - whose stack was it? For programs that want to say more than
 * "Segmentation fault" when a green thread runs into the guard below its stack.
 *
 * A handler needs a stack that is good, and the one that overflowed is not: so
 * it runs on an alternate one. Signals belong to the process, so this is the one
 * thing here that the whole process shares; nobody has it who did not ask.
 *
 * Read with: Writing an OS in Rust, "Double Faults"; sigaltstack(2).
 */
#ifndef OVERFLOW_H
#define OVERFLOW_H

/* From now on, when a green thread of this OS thread touches its guard, hook is
 * called with its name and the address; then the signal takes the way it would
 * have taken without us: to the handler that was there before, or to the end of
 * the process. hook runs in a signal handler: write(2) is allowed, printf is
 * not. Other faults only take that way. -EBUSY: on already; -ENOMEM. */
int overflow_catch(void (*hook)(const char *name, const void *address));

/* Puts things back as they were. Called by the OS thread that called
 * overflow_catch(), outside of green threads. */
void overflow_release(void);

#endif
