/* SPDX-License-Identifier: MIT
 *
 * stack.h - memory for green threads to stand on, each piece above a guard.
 *
 * A stack grows down. The STACK_GUARD bytes below it may not be touched, so one
 * that overflows dies by SIGSEGV there and then, instead of quietly writing
 * over its neighbour. A frame larger than the guard could step over it; but
 * -fstack-clash-protection, which CMakeLists.txt sets, makes it put down a foot
 * each 4 KiB (x86-64) or 64 KiB (aarch64), and the guard is no narrower. (gcc 12
 * does so on these two only.) The C library is not compiled so: in Debian 12's,
 * fprintf() to stderr has a frame of 8 KiB and strtold() of 14, hence a guard of
 * more than one page.
 *
 * Addresses are reserved for many stacks at once, twice as many each time. They
 * cost nothing; memory is resident only once touched. What guards differs:
 *
 *   GUARD_ADVICE    a mark in the page table (madvise, MADV_GUARD_INSTALL, Linux
 *                   6.13): the mapping stays one, and there may be millions
 *   GUARD_MPROTECT  pages without access, as ever: each stack then takes two
 *                   mappings, and the kernel allows a process 65,530 of them
 *                   (vm.max_map_count), so there are at most some 32,700 stacks
 *   GUARD_NONE      nothing: to show what happens then
 *
 * One OS thread at a time may use a pool.
 *
 * Read with: Green Threads Explained in 200 Lines, "The stack"; madvise(2).
 */
#ifndef STACK_H
#define STACK_H

#include <stddef.h>

struct stack_pool; /* stack.c alone sees how memory is got */

struct stack {
    void *low;   /* its lowest byte; the guard ends here */
    size_t size; /* bytes; low + size is a page boundary */
};

enum stack_guard {
    GUARD_BEST, /* the first of those below that works here */
    GUARD_ADVICE,
    GUARD_MPROTECT,
    GUARD_NONE
};

enum {
#if defined(__x86_64__)
    STACK_GUARD = 16 * 1024,
#else
    STACK_GUARD = 64 * 1024,
#endif
    STACK_LEAST = 16 * 1024,
    STACK_DEFAULT = 64 * 1024, /* ample for printf and what it calls */
};

/* A pool of stacks of size bytes each, rounded up to whole pages; 0 stands for
 * STACK_DEFAULT. -EINVAL: less than STACK_LEAST, or absurdly much; -ENOMEM;
 * -EOPNOTSUPP: GUARD_ADVICE was asked for, and does not guard here; -EMFILE, -ENFILE:
 * no descriptors for the trial that finds out. */
int stack_pool_new(struct stack_pool **out, size_t size,
                   enum stack_guard guard);

/* Frees the pool and the memory of all its stacks: nobody may stand on one. NULL
 * is let pass. */
void stack_pool_free(struct stack_pool *pool);

/* One more stack. Its bytes are zero. Nobody gives one back: who wants to use it
 * again keeps it. -ENOMEM: no memory; -EMLINK: guarded by mprotect, and no more
 * mappings are allowed. */
int stack_take(struct stack_pool *pool, struct stack *out);

/* What guards the pool's stacks: never GUARD_BEST. */
enum stack_guard stack_pool_guard(const struct stack_pool *pool);

/* What went wrong, for the error numbers of this header: names the limit that
 * was reached, where one can be raised. The text lasts for ever. */
const char *stack_strerror(int rc);

#endif
