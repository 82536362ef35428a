/* SPDX-License-Identifier: MIT
 *
 * stack.h - memory for green threads to stand on, each piece above a guard.
 *
 * A stack grows down. The STACK_GUARD bytes below it may not be touched, so one
 * that overflows dies by SIGSEGV there and then, instead of quietly writing
 * over its neighbour. A frame larger than the guard could step over it; but
 * -fstack-clash-protection, which CMakeLists.txt sets, makes it put down a foot
 * each 4 KiB (x86-64) or 64 KiB (aarch64). A guard costs addresses, no memory.
 *
 * Memory is reserved when a stack is made, and resident only once touched. A
 * stack given back is kept and given out again, the last one first: its top is
 * still in the processor's cache.
 *
 * One OS thread at a time may use a pool.
 *
 * Read with: Green Threads Explained in 200 Lines, "The stack"; mmap(2).
 */
#ifndef STACK_H
#define STACK_H

#include <stddef.h>

struct stack_pool; /* stack.c alone sees how memory is got */

struct stack {
    void *low;           /* its lowest byte; the guard ends here */
    size_t size;         /* bytes; low + size is a page boundary */
    unsigned checker_id; /* valgrind's name for it */
};

enum {
    STACK_GUARD = 64 * 1024,
    STACK_LEAST = 16 * 1024,
    STACK_DEFAULT = 64 * 1024, /* ample for printf and what it calls */
};

/* A pool of stacks of size bytes each, rounded up to whole pages; 0 stands for
 * STACK_DEFAULT. -EINVAL: less than STACK_LEAST, or absurdly much; -ENOMEM. */
int stack_pool_new(struct stack_pool **out, size_t size);

/* Frees the pool and the memory of all its stacks, also of those not given
 * back: nobody may stand on one. NULL is let pass. */
void stack_pool_free(struct stack_pool *pool);

/* Gives out a stack. Its contents are whatever they were. -ENOMEM: no memory,
 * or more mappings than vm.max_map_count allows (a guarded stack takes two, so
 * some 32,700 stacks under the default of 65,530). */
int stack_take(struct stack_pool *pool, struct stack *out);

/* Takes a stack back. Its bytes are not touched: a thread may give back the
 * stack it stands on, if it leaves it before the next stack_take(). */
void stack_give(struct stack_pool *pool, struct stack stack);

#endif
