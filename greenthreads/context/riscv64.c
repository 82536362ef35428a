/* SPDX-License-Identifier: MIT
 *
 * riscv64.c - what riscv64.S saves, as C sees it, and a fresh one.
 *
 * A fresh context looks as if context_start had called context_switch, with entry
 * in s1. The other registers hold whatever was on the stack: entry, like any
 * function, expects nothing of them.
 */
#include "../context.h"

#include <assert.h>
#include <stdint.h>

struct context {
    double fs0_to_fs11[12];
    uint64_t s0, s1, s2_to_s11[10];
    uint64_t ra;
    uint64_t fcsr;
};

#define LAYOUT "riscv64.S knows this layout"
static_assert(offsetof(struct context, fs0_to_fs11) == 0x00, LAYOUT);
static_assert(offsetof(struct context, s0) == 0x60, LAYOUT);
static_assert(offsetof(struct context, s1) == 0x68, LAYOUT);
static_assert(offsetof(struct context, s2_to_s11) == 0x70, LAYOUT);
static_assert(offsetof(struct context, ra) == 0xc0, LAYOUT);
static_assert(offsetof(struct context, fcsr) == 0xc8, LAYOUT);
static_assert(sizeof(struct context) == 0xd0, LAYOUT);

extern const char context_end[]; /* riscv64.S: code, never called from C */

struct context_modes context_modes(void)
{
    struct context_modes modes;

    __asm__ volatile("frcsr %0" : "=r"(modes.words));
    return modes;
}

struct context *context_make(void *low, size_t size, struct context_modes modes,
                             void (*entry)(void *pass))
{
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)top - 1;

    fresh->fcsr = modes.words;
    fresh->s1 = (uintptr_t)entry;
    fresh->s0 = 0;
    fresh->ra = (uintptr_t)context_end;
    return fresh;
}

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {0xc8, "fcsr", "the rounding mode"},
        {0xc0, "ra", "context_end, in entry's caller"},
        {0xb8, "s11", NULL},
        {0xb0, "s10", NULL},
        {0xa8, "s9", NULL},
        {0xa0, "s8", NULL},
        {0x98, "s7", NULL},
        {0x90, "s6", NULL},
        {0x88, "s5", NULL},
        {0x80, "s4", NULL},
        {0x78, "s3", NULL},
        {0x70, "s2", NULL},
        {0x68, "s1", "entry, which is jumped to"},
        {0x60, "s0", "no caller: a backtrace ends here"},
        {0x58, "fs11", NULL},
        {0x50, "fs10", NULL},
        {0x48, "fs9", NULL},
        {0x40, "fs8", NULL},
        {0x38, "fs7", NULL},
        {0x30, "fs6", NULL},
        {0x28, "fs5", NULL},
        {0x20, "fs4", NULL},
        {0x18, "fs3", NULL},
        {0x10, "fs2", NULL},
        {0x08, "fs1", NULL},
        {0x00, "fs0", NULL},
        {0, NULL, NULL}};
    return words;
}
