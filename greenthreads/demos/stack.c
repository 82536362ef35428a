/* SPDX-License-Identifier: MIT
 *
 * stack.c - jump onto a stack made by hand. What lies on it before the jump is
 * all it takes to start: where to go, and nothing to restore. When hello() has
 * switched away, all that it is lies there too: what a function must keep for
 * its caller as the context, and the rest in frames, which nobody touches.
 *
 * Try: greenthreads stack; greenthreads-ucontext stack; greenthreads stack --bug align
 * Read with: Green Threads Explained in 200 Lines, "Background information",
 * "An example we can build upon", "The stack".
 */
#include "../stack.h"
#include "../demo.h"
#include "../fiber.h"
#include "parts.h"
#include "picture.h"
#include "verbs.h"

enum { MARKS = 6 };

struct jump {
    struct fiber here, there;
    struct stack stack;
    volatile uint64_t mark[MARKS]; /* volatile: read once, then to be kept */
    uintptr_t frame, callee;       /* hello()'s, and of one it called */
    bool kept;
};

/* Stands on two more pages, and returns. */
ON_ITS_STACK static uintptr_t use_more(void)
{
    volatile char room[2 * 4096];

    for (size_t i = 0; i < sizeof room; i++)
        room[i] = 0;
    return (uintptr_t)__builtin_frame_address(0);
}

/* Six values that are needed after the switch. The compiler puts them where the
 * switch must not lose them: in registers that a callee keeps, or in the frame. */
static void hello(void *pass)
{
    struct jump *jump = pass;

    fiber_arrive(&jump->there); /* first of all: fiber.h */
    printf("\non that stack, hello() says: hello\n\n");
    jump->frame = (uintptr_t)__builtin_frame_address(0);
    jump->callee = use_more();
    uint64_t a = jump->mark[0], b = jump->mark[1], c = jump->mark[2];
    uint64_t d = jump->mark[3], e = jump->mark[4], f = jump->mark[5];
    jump = fiber_switch(&jump->there, &jump->here, NULL);
    jump->kept = a == jump->mark[0] && b == jump->mark[1] &&
                 c == jump->mark[2] && d == jump->mark[3] &&
                 e == jump->mark[4] && f == jump->mark[5];
    fiber_exit(&jump->there, &jump->here, NULL);
}

/* ---- The story ---- */

struct stack_pool *make_fiber(struct fiber *fiber, struct stack *stack,
                              void (*entry)(void *pass))
{
    struct stack_pool *pool;

    int rc = stack_pool_new(&pool, 0, GUARD_BEST);
    if (rc == 0)
        rc = stack_take(pool, stack);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a stack");
    fiber_make(fiber, stack->low, stack->size, context_modes(), entry);
    return pool;
}

static struct picture look(const struct jump *jump)
{
    struct picture picture;

    int rc = picture_take(&picture, &jump->stack, jump->there.context);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "look at the stack");
    return picture;
}

/* How many of the marks lie on the stack, in the context or above it; and how
 * many of them in the context. */
static int find_marks(const struct jump *jump, const struct picture *picture,
                      int *in_context)
{
    int found = 0;

    *in_context = 0;
    for (int i = 0; i < MARKS; i++) {
        uint64_t mark = jump->mark[i];
        found += picture_find(&jump->stack, picture->context, mark, mark) > 0;
        for (int w = 0; w < PICTURE_WORDS; w++)
            *in_context += picture->words[w] == mark;
    }
    return found;
}

/* Draws the stack as it was and as it is. Tells if all that hello() needs to go
 * on is there. */
static bool draw(const struct jump *jump, const struct picture *fresh)
{
    const struct place places[] = {
        {"hello()", (uintptr_t)hello},
        {"fiber_switch()", (uintptr_t)fiber_switch},
        {"context_switch()", (uintptr_t)context_switch},
        {NULL, 0}};
    const uintptr_t code = (uintptr_t)hello;
    struct picture later = look(jump);
    int in_context, marks = find_marks(jump, &later, &in_context);

    picture_words(&jump->stack, fresh, &later, places);
    /* The frame that a context lies in may begin a little below it. */
    size_t back = picture_find(&jump->stack, (const char *)later.context - 64,
                               code + 1, code + 4096);
    printf(
        "Its registers are those that the ABI makes a callee keep. All of\n"
        "hello() is on its stack: %d of %d marks, %d of them in registers that\n"
        "were saved; and, %zu bytes below the top, where to go on.\n\n",
        marks, MARKS, in_context, back);
    picture_pages(&jump->stack, fresh, &later);
    return marks == MARKS && back > 0 && fresh->pages > 0 &&
           fresh->pages < later.pages && later.guarded;
}

static int show(void)
{
    struct jump jump = {.kept = false};
    struct stack_pool *pool = make_fiber(&jump.there, &jump.stack, hello);
    struct picture fresh = look(&jump);

    for (int i = 0; i < MARKS; i++)
        jump.mark[i] = (uint64_t)(i + 1) * 0x1111111111111111;
    printf("a stack of %zu bytes grows down; on top, made by hand, to reach\n"
           "hello() at 0x%jx, whose lowest byte comes first:\n\n",
           jump.stack.size, (uintmax_t)(uintptr_t)hello);
    bool good = picture_bytes(&jump.stack, &fresh, (uintptr_t)hello, "hello()");
    fiber_switch(&jump.here, &jump.there, &jump);
    good = draw(&jump, &fresh) && good;
    fiber_switch(&jump.here, &jump.there, &jump);
    bool down = jump.callee < jump.frame;
    printf("\nhello() has gone on, and its marks are %s. What it called\n"
           "stood %s it, so stacks grow %s. Its frame is at 0x%jx,\n"
           "%s multiple of 16, as the ABI has it.\n",
           jump.kept ? "what they were" : "NOT what they were",
           down ? "below" : "above", down ? "down" : "UP",
           (uintmax_t)jump.frame, jump.frame % 16 == 0 ? "a" : "NOT a");
    fiber_forget(&jump.there);
    stack_pool_free(pool);
    good = good && jump.kept && down && jump.frame % 16 == 0;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'b')
        return unexpected(key, arg, state);
    if (strcmp(arg, "align") != 0)
        argp_error(state, "--bug: '%s' is not align", arg);
    *(bool *)state->input = true;
    return 0;
}

int stack_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"bug", 'b', "align", 0, "the same, entered 8 bytes lower", 0}, {0}};
    const struct argp argp = {
        options, parse, .doc = "Jumps onto a stack made by hand and draws it."};
    bool misaligned = false;

    argp_parse(&argp, argc, argv, 0, NULL, &misaligned);
    watchdog(60, "stack: a child did not end\n");
    return misaligned ? align_show() : show();
}
