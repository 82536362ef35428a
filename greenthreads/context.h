/* SPDX-License-Identifier: MIT
 *
 * context.h - the seam: a stack to run on, and the switch from one to another.
 *
 * A context is a computation that stands still. All of it lies on its stack;
 * what the processor held lies on top, as a struct context, and its address is
 * all one needs to go on. Behind the seam stands one of
 *
 *   context/x86_64.S, aarch64.S, riscv64.S   the switch in assembly
 *   context/ucontext.c                       the C library's, slow and portable
 *
 * chosen when the library is linked. What is kept across a switch is what a
 * function must keep for its caller: the callee-saved registers, the stack
 * pointer, and the control words that hold the rounding mode. The signal mask
 * is not promised (assembly leaves it alone, ucontext swaps it).
 *
 * Nothing here locks or allocates. A context may go on in another OS thread
 * than the one it stopped in, as long as only one runs it.
 *
 * Read with: Green Threads Explained in 200 Lines, "Background information".
 */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stddef.h>
#include <stdint.h>

struct context; /* what lies on top of a stack that stands still */

/* The processor's control words, which hold the rounding modes. */
struct context_modes {
    uint64_t words;
};

/* The modes that the caller runs in. */
struct context_modes context_modes(void);

/* Prepares the stack of size bytes at low: the first switch to the result calls
 * entry(pass) near the top of it, in those modes, aligned as the ABI asks. entry
 * must not return. The context lives in the stack and dies with it. size is at
 * least 4 KiB. (The modes are given, not looked up: reading them takes longer
 * than all the rest, and who makes many contexts reads them once.) */
struct context *context_make(void *low, size_t size, struct context_modes modes,
                             void (*entry)(void *pass));

/* Stops here, stores where in *from, and goes on in to. There pass comes out as
 * the result of the call that stopped it, or as entry's argument. Gives what
 * the one who comes back here passes. *to is used up: its stack runs. */
void *context_switch(struct context **from, struct context *to, void *pass);

/* For those who draw a stack: a word of a struct context, and what it holds in
 * a fresh one, NULL if nothing that matters. */
struct context_word {
    size_t offset;
    const char *name, *fresh;
};

/* The words, from the highest address down; the last has the name NULL. */
const struct context_word *context_words(void);

#endif
