/* SPDX-License-Identifier: MIT
 *
 * x86_64.c - what x86_64.S saves, as C sees it, and a fresh one.
 *
 * A fresh context looks as if a function with the caller's control words had
 * been about to return to context_start, with entry in rbx.
 */
#include "../context.h"

#include <assert.h>
#include <stdint.h>

struct context {
    uint32_t mxcsr;
    uint16_t x87_control, unused;
    uint64_t r15, r14, r13, r12, rbx, rbp;
    uint64_t rip;
};

#define LAYOUT "x86_64.S knows this layout"
static_assert(offsetof(struct context, mxcsr) == 0x00, LAYOUT);
static_assert(offsetof(struct context, x87_control) == 0x04, LAYOUT);
static_assert(offsetof(struct context, r15) == 0x08, LAYOUT);
static_assert(offsetof(struct context, r14) == 0x10, LAYOUT);
static_assert(offsetof(struct context, r13) == 0x18, LAYOUT);
static_assert(offsetof(struct context, r12) == 0x20, LAYOUT);
static_assert(offsetof(struct context, rbx) == 0x28, LAYOUT);
static_assert(offsetof(struct context, rbp) == 0x30, LAYOUT);
static_assert(offsetof(struct context, rip) == 0x38, LAYOUT);
static_assert(sizeof(struct context) == 0x40, LAYOUT);

extern const char context_start[]; /* x86_64.S: code, never called from C */

struct context *context_make(void *low, size_t size, void (*entry)(void *pass))
{
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)top - 1;

    *fresh = (struct context){.rbx = (uintptr_t)entry,
                              .rip = (uintptr_t)context_start};
    __asm__("stmxcsr %0" : "=m"(fresh->mxcsr));
    __asm__("fnstcw %0" : "=m"(fresh->x87_control));
    return fresh;
}

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {0x38, "rip", "context_start, where ret goes"},
        {0x30, "rbp", "no caller: a backtrace ends here"},
        {0x28, "rbx", "entry, which context_start calls"},
        {0x20, "r12", NULL},
        {0x18, "r13", NULL},
        {0x10, "r14", NULL},
        {0x08, "r15", NULL},
        {0x00, "mxcsr, x87", "the maker's rounding modes"},
        {0, NULL, NULL}};
    return words;
}
