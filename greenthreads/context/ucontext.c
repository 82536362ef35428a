/* SPDX-License-Identifier: MIT
 *
 * ucontext.c - the same seam on the C library's makecontext and swapcontext:
 * for processors without an assembly file here, and as the slow twin.
 *
 * swapcontext also swaps the signal mask, by a system call each time; that is
 * most of what it costs. makecontext passes only ints, so a pointer travels as
 * two halves.
 *
 * A struct context lies on the stack it belongs to, as in the assembly: a fresh
 * one at the top, a stopped one in the frame of its context_switch().
 */
#include "../context.h"

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#include "../util.h"

struct context {
    ucontext_t registers; /* points into itself: never copied */
    void (*entry)(void *pass);
    void *pass; /* what the one who switches to it left */
};

static void start(unsigned high, unsigned low)
{
    uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
    const struct context *self = (const struct context *)address;

    self->entry(self->pass);
    abort(); /* entry has returned: a bug */
}

struct context *context_make(void *low, size_t size, void (*entry)(void *pass))
{
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)((top - sizeof *fresh) & ~15UL);
    uint64_t address = (uintptr_t)fresh;

    must(getcontext(&fresh->registers));
    fresh->registers.uc_link = NULL;
    fresh->registers.uc_stack = (stack_t){
        .ss_sp = low, .ss_size = (size_t)((char *)fresh - (char *)low)};
    fresh->entry = entry;
    fresh->pass = NULL;
    makecontext(&fresh->registers, (void (*)(void))start, 2,
                (unsigned)(address >> 32), (unsigned)address);
    return fresh;
}

void *context_switch(struct context **from, struct context *to, void *pass)
{
    struct context self;

    self.pass = NULL;
    /* Good until we come back, and then nobody needs it any more. */
    *from = &self; /* cppcheck-suppress autoVariables */
    to->pass = pass;
    must(swapcontext(&self.registers, &to->registers));
    return self.pass;
}

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {offsetof(struct context, pass), "pass", NULL},
        {offsetof(struct context, entry), "entry", "what start() calls"},
        {offsetof(struct context, registers.uc_stack.ss_size), "stack size",
         "bytes left below this context"},
        {offsetof(struct context, registers.uc_stack.ss_sp), "stack",
         "its lowest byte"},
        {offsetof(struct context, registers.uc_link), "uc_link",
         "nowhere to go on when start() returns"},
        {0, NULL, NULL}};
    return words;
}
