/* SPDX-License-Identifier: MIT
 *
 * align.c - stack --bug align: the ABI has the stack pointer a multiple of 16 at
 * each call, and the compiler counts on it. One that is 8 bytes off goes
 * unnoticed until a function spills a 16-byte register into its frame.
 *
 * Try: greenthreads stack --bug align
 * Read with: Green Threads Explained in 200 Lines, "Background information".
 */
#include "../demo.h"
#include "../fiber.h"
#include "../stack.h"
#include "child.h"
#include "parts.h"
#include "picture.h"

struct entry {
    struct fiber here, there;
    struct stack stack;
    int to; /* the parent hears */
};

typedef uint64_t pair __attribute__((vector_size(16))); /* one register */

/* Tells its frame's address, and spills a 16-byte register into the frame. The
 * compiler takes movaps: the ABI has promised it an aligned frame. */
static void spill(void *pass)
{
    struct entry *entry = pass;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    volatile pair spilled;

    fiber_arrive(&entry->there);
    if (write(entry->to, &frame, sizeof frame) < 0)
        _exit(EXIT_FAILURE);
    spilled = (pair){frame, 1};
    (void)spilled;
    fiber_exit(&entry->there, &entry->here, NULL);
}

static void enter(int to, void *argument)
{
    struct entry *entry = argument;

    entry->to = to;
    fiber_switch(&entry->here, &entry->there, entry);
}

/* As if nobody had seen to it that the top is a multiple of 16. A context that
 * holds no address on its own stack may be moved; others may not. */
static bool move_down(struct entry *entry)
{
    char *at = (char *)entry->there.context;
    uintptr_t low = (uintptr_t)entry->stack.low, top = low + entry->stack.size;

    if (picture_find(&entry->stack, entry->there.context, low, top) > 0)
        return false;
    memmove(at - 8, at, top - (uintptr_t)at);
    entry->there.context = (struct context *)(at - 8);
    return true;
}

/* Enters spill() in a child, and gives where its frame was. */
static uintptr_t try_spill(struct entry *entry, const char *how,
                           struct ending *ending)
{
    uintptr_t frame = 0;

    *ending = child_run(enter, entry, &frame, sizeof frame);
    printf("entered %-16s frame at 0x%jx, 16 * n + %d: %s\n", how,
           (uintmax_t)frame, (int)(frame % 16), child_how(*ending));
    return frame;
}

int align_show(void)
{
    struct entry entry = {.to = -1};
    struct stack_pool *pool = make_fiber(&entry.there, &entry.stack, spill);
    struct ending ending;

    uintptr_t frame = try_spill(&entry, "as the ABI asks:", &ending);
    bool good = ending.status == 0 && frame % 16 == 0;
    if (move_down(&entry)) {
        frame = try_spill(&entry, "8 bytes lower:", &ending);
        good = good && frame % 16 != 0;
        printf("8 bytes off %s: %s\n",
               child_faulted(ending)
                   ? "is deadly where a 16-byte register is spilled"
                   : "goes unpunished here, and only the address tells",
               good ? "yes" : "NO");
    } else {
        printf(
            "it holds addresses of its own stack, so it cannot be moved by 8 "
            "bytes;\nthe C library has aligned it, and nobody gets that "
            "wrong: %s\n",
            good ? "yes" : "NO");
    }
    fiber_forget(&entry.there);
    stack_pool_free(pool);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
