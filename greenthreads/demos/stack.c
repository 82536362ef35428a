/* SPDX-License-Identifier: MIT
 *
 * stack.c - jump once onto a stack made by hand. What lies on it before the
 * jump is all it takes to start a thread: where to go, and nothing to restore.
 *
 * Try: greenthreads stack; greenthreads-ucontext stack
 * Read with: Green Threads Explained in 200 Lines, "The stack".
 */
#include "../stack.h"
#include "../demo.h"
#include "../fiber.h"
#include "verbs.h"

struct jump {
    struct fiber here, there;
    struct stack stack;
    uintptr_t local; /* where a variable of hello() lay */
};

static void hello(void *pass)
{
    struct jump *jump = pass;
    _Alignas(16) volatile char word[16] = "hello";

    fiber_arrive(&jump->there); /* first of all: fiber.h */
    jump->local = (uintptr_t)word;
    printf("\non that stack, hello() says: %s\n\n", (const char *)jump->local);
    fiber_exit(&jump->there, &jump->here, NULL);
}

/* Draws the fresh context below top; tells if hello's address is in it. */
static bool draw(const struct context *context, uintptr_t top)
{
    const uintptr_t sought = (uintptr_t)hello;
    bool found = false;
    printf("below the top  bytes in memory order    word        holds\n");
    for (const struct context_word *w = context_words(); w->name; w++) {
        const unsigned char *at = (const unsigned char *)context + w->offset;
        bool match = memcmp(at, &sought, sizeof sought) == 0;
        printf("%13ju ", (uintmax_t)(top - (uintptr_t)at));
        for (size_t i = 0; i < sizeof sought; i++)
            printf(" %02x", at[i]);
        printf("  %-10s  %s%s\n", w->name, w->fresh ? w->fresh : "-",
               match ? " = hello()" : "");
        found |= match;
    }
    return found;
}

int stack_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected, .doc = "Jumps once."};
    struct jump jump = {.local = 0};
    struct stack_pool *pool;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    int rc = stack_pool_new(&pool, 0);
    if (rc < 0 || (rc = stack_take(pool, &jump.stack)) < 0)
        error(EXIT_FAILURE, -rc, "make a stack");
    uintptr_t top = (uintptr_t)jump.stack.low + jump.stack.size;
    printf("a stack of %zu bytes grows down; on top, made by hand, to reach\n"
           "hello() at 0x%jx, whose lowest byte comes first:\n\n",
           jump.stack.size, (uintmax_t)(uintptr_t)hello);
    fiber_make(&jump.there, jump.stack.low, jump.stack.size, hello);
    bool good = draw(jump.there.context, top);
    fiber_switch(&jump.here, &jump.there, &jump);
    const char *is = jump.local % 16 == 0 ? "a" : "NOT a";
    printf("back. It had a variable %ju bytes below the top, at 0x%jx: %s\n"
           "multiple of 16, as the ABI has it: movaps faults elsewhere.\n",
           (uintmax_t)(top - jump.local), (uintmax_t)jump.local, is);
    fiber_forget(&jump.there);
    stack_pool_free(pool);
    good = good && *is == 'a' && top - jump.local <= jump.stack.size;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
