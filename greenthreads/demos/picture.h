/* SPDX-License-Identifier: MIT
 *
 * picture.h - for demos: what lies on a stack, drawn as text.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "../context.h"
#include "../stack.h"

enum { PICTURE_PAGES = 64, PICTURE_WORDS = 32 };

/* A stack at a moment when nobody runs on it. */
struct picture {
    const struct context *context;
    uint64_t words[PICTURE_WORDS]; /* those of context_words() */
    unsigned char resident[PICTURE_PAGES];
    size_t pages; /* that are resident */
    bool guarded; /* below, nothing can be read */
};

/* A function that a return address may lie in. */
struct place {
    const char *name; /* the last of several has NULL */
    uintptr_t start;
};

/* 0 or a negative errno; -E2BIG: more pages or words than are drawn here. */
int picture_take(struct picture *out, const struct stack *stack,
                 const struct context *context);

/* The words of a fresh context, as bytes in the order of memory. Tells if one
 * of them is sought. */
bool picture_bytes(const struct stack *stack, const struct picture *fresh,
                   uintptr_t sought, const char *name);

/* The words of two contexts side by side; what the second holds is named if it
 * is a mark (all digits the same), a place, or an address on the stack. */
void picture_words(const struct stack *stack, const struct picture *fresh,
                   const struct picture *later, const struct place *places);

/* The whole stack, twice, a line for each page. */
void picture_pages(const struct stack *stack, const struct picture *fresh,
                   const struct picture *later);

/* How far below the top the lowest word with a value from first to last lies;
 * looks from an address up. 0: nowhere. */
size_t picture_find(const struct stack *stack, const void *from,
                    uintptr_t first, uintptr_t last);

#endif
