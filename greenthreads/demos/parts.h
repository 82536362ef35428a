/* SPDX-License-Identifier: MIT
 *
 * parts.h - parts of verbs that have a file of their own. Those without
 * arguments give the program's exit status, as a verb does.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stdint.h>

/* stack --bug align: align.c. */
int align_show(void);

/* A fiber that will run entry, on a stack of a pool of its own: stack.c. */
struct fiber;
struct stack;
struct stack_pool *make_fiber(struct fiber *fiber, struct stack *stack,
                              void (*entry)(void *pass));

/* overflow --bug noguard: noguard.c. */
int noguard_show(void);

/* AddressSanitizer would keep a function's arrays elsewhere: this keeps them on
 * the stack that the function runs on. */
#define ON_ITS_STACK __attribute__((noinline, no_sanitize("address")))

/* Calls itself, frame below frame, until one lies no higher than lowest, and
 * fills each with '!': the recursion of overflow.c and noguard.c. */
int recur(uintptr_t lowest);

#endif
