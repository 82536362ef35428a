/* SPDX-License-Identifier: MIT
 *
 * x86_64.c - what x86_64.S saves, as C sees it, and a fresh one.
 *
 * A fresh context looks as if context_start had called context_switch, with entry
 * in rbx. The other registers hold whatever was on the stack: entry, like any
 * function, expects nothing of them.
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

extern const char context_end[]; /* x86_64.S: code, never called from C */

struct context_modes context_modes(void)
{
    struct context now = {.unused = 0};

    __asm__ volatile("stmxcsr %0" : "=m"(now.mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(now.x87_control));
    return (struct context_modes){now.mxcsr | (uint64_t)now.x87_control << 32};
}

struct context *context_make(void *low, size_t size, struct context_modes modes,
                             void (*entry)(void *pass))
{
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)top - 1;

    fresh->mxcsr = (uint32_t)modes.words;
    fresh->x87_control = (uint16_t)(modes.words >> 32);
    fresh->rbx = (uintptr_t)entry;
    fresh->rbp = 0;
    fresh->rip = (uintptr_t)context_end;
    return fresh;
}

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {0x38, "rip", "context_end, in entry's caller"},
        {0x30, "rbp", "no caller: a backtrace ends here"},
        {0x28, "rbx", "entry, which is jumped to"},
        {0x20, "r12", NULL},
        {0x18, "r13", NULL},
        {0x10, "r14", NULL},
        {0x08, "r15", NULL},
        {0x00, "mxcsr, x87", "the rounding modes"},
        {0, NULL, NULL}};
    return words;
}
