/* SPDX-License-Identifier: MIT
 *
 * aarch64.c - what aarch64.S saves, as C sees it, and a fresh one.
 *
 * A fresh context looks as if context_start had called context_switch, with entry
 * in x19. The other registers hold whatever was on the stack: entry, like any
 * function, expects nothing of them.
 */
#include "../context.h"

#include <assert.h>
#include <stdint.h>

struct context {
    double d8_to_d15[8];
    uint64_t x19, x20_to_x28[9];
    uint64_t x29, x30;
    uint64_t fpcr, unused;
};

#define LAYOUT "aarch64.S knows this layout"
static_assert(offsetof(struct context, d8_to_d15) == 0x00, LAYOUT);
static_assert(offsetof(struct context, x19) == 0x40, LAYOUT);
static_assert(offsetof(struct context, x20_to_x28) == 0x48, LAYOUT);
static_assert(offsetof(struct context, x29) == 0x90, LAYOUT);
static_assert(offsetof(struct context, x30) == 0x98, LAYOUT);
static_assert(offsetof(struct context, fpcr) == 0xa0, LAYOUT);
static_assert(sizeof(struct context) == 0xb0, LAYOUT);

extern const char context_end[]; /* aarch64.S: code, never called from C */

struct context_modes context_modes(void)
{
    struct context_modes modes;

    __asm__ volatile("mrs %0, fpcr" : "=r"(modes.words));
    return modes;
}

struct context *context_make(void *low, size_t size, struct context_modes modes,
                             void (*entry)(void *pass))
{
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)top - 1;

    fresh->fpcr = modes.words;
    fresh->x19 = (uintptr_t)entry;
    fresh->x29 = 0;
    fresh->x30 = (uintptr_t)context_end;
    return fresh;
}

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {0xa0, "fpcr", "the rounding mode"},
        {0x98, "x30", "context_end, in entry's caller"},
        {0x90, "x29", "no caller: a backtrace ends here"},
        {0x88, "x28", NULL},
        {0x80, "x27", NULL},
        {0x78, "x26", NULL},
        {0x70, "x25", NULL},
        {0x68, "x24", NULL},
        {0x60, "x23", NULL},
        {0x58, "x22", NULL},
        {0x50, "x21", NULL},
        {0x48, "x20", NULL},
        {0x40, "x19", "entry, which is jumped to"},
        {0x38, "d15", NULL},
        {0x30, "d14", NULL},
        {0x28, "d13", NULL},
        {0x20, "d12", NULL},
        {0x18, "d11", NULL},
        {0x10, "d10", NULL},
        {0x08, "d9", NULL},
        {0x00, "d8", NULL},
        {0, NULL, NULL}};
    return words;
}
