/* SPDX-License-Identifier: MIT
 *
 * ucontext.c - the same seam on the C library's makecontext and swapcontext:
 * for processors without an assembly file here, and as the slow twin.
 *
 * swapcontext also swaps the signal mask, by a system call each time; that is
 * most of what it costs. makecontext passes only ints, so a pointer travels as
 * two halves.
 *
 * Where swapcontext is about to return, glibc 2.36's CFI is wrong: a profiler
 * that looks up the stack just then may crash. The assembly has no such moment.
 *
 * A struct context lies on the stack it belongs to, as in the assembly: a fresh
 * one at the top, a stopped one in the frame of its context_switch().
 */
#include "../context.h"

#include <fenv.h>
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

struct context_modes context_modes(void)
{
    return (struct context_modes){(uint64_t)fegetround()};
}

/* getcontext() looks at the modes itself, so they are in force meanwhile. */
struct context *context_make(void *low, size_t size, struct context_modes modes,
                             void (*entry)(void *pass))
{
    int before = fegetround();
    uintptr_t top = ((uintptr_t)low + size) & ~(uintptr_t)15;
    struct context *fresh = (struct context *)((top - sizeof *fresh) & ~15UL);
    uint64_t address = (uintptr_t)fresh;

    fesetround((int)modes.words);
    must(getcontext(&fresh->registers));
    fesetround(before);
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

#define REGISTER(name) \
    offsetof(struct context, registers.uc_mcontext.gregs[REG_##name])

const struct context_word *context_words(void)
{
    static const struct context_word words[] = {
        {offsetof(struct context, pass), "pass", NULL},
        {offsetof(struct context, entry), "entry", "what start() calls"},
#if defined(__x86_64__) /* other processors have other names for them */
        {REGISTER(RIP), "rip", "start(), which calls entry"},
        {REGISTER(RSP), "rsp", "where start() begins"},
        {REGISTER(RBX), "rbx", NULL},
        {REGISTER(RBP), "rbp", NULL},
        {REGISTER(R15), "r15", NULL},
        {REGISTER(R14), "r14", NULL},
        {REGISTER(R13), "r13", NULL},
        {REGISTER(R12), "r12", NULL},
#endif
        {offsetof(struct context, registers.uc_stack.ss_size), "stack size",
         "bytes left below this context"},
        {offsetof(struct context, registers.uc_stack.ss_sp), "stack",
         "its lowest byte"},
        {offsetof(struct context, registers.uc_link), "uc_link",
         "nowhere to go on when start() returns"},
        {0, NULL, NULL}
    };
    return words;
}
