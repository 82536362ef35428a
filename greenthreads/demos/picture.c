/* SPDX-License-Identifier: MIT
 *
 * picture.c - looks at memory that belongs to somebody else's frames.
 */
#include "picture.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "../demo.h"

static uintptr_t top(const struct stack *stack)
{
    return (uintptr_t)stack->low + stack->size;
}

static size_t below_top(const struct stack *stack, const void *address)
{
    return top(stack) - (uintptr_t)address;
}

/* AddressSanitizer forbids to look between other people's variables; valgrind
 * allows it, and warns that some of what is there was never written. */
__attribute__((noinline, no_sanitize("address"))) static uint64_t
peek(const void *address)
{
    return *(const volatile uint64_t *)address;
}

/* Told to write what is in the guard, the kernel itself cannot read it. */
static int ask_the_kernel(const char *address, bool *out)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    *out = write(ends[1], address, 1) < 0 && errno == EFAULT;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

int picture_take(struct picture *out, const struct stack *stack,
                 const struct context *context)
{
    const struct context_word *words = context_words();
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    *out = (struct picture){.context = context};
    for (size_t i = 0; words[i].name != NULL; i++) {
        if (i == PICTURE_WORDS)
            return -E2BIG;
        out->words[i] = peek((const char *)context + words[i].offset);
    }
    if (stack->size / page > PICTURE_PAGES)
        return -E2BIG;
    if (mincore(stack->low, stack->size, out->resident) < 0)
        return -errno;
    for (size_t i = 0; i < stack->size / page; i++)
        out->pages += out->resident[i] & 1;
    return ask_the_kernel((const char *)stack->low - 1, &out->guarded);
}

bool picture_bytes(const struct stack *stack, const struct picture *fresh,
                   uintptr_t sought, const char *name)
{
    bool found = false;

    printf("below the top  bytes in memory order    word        holds\n");
    for (size_t i = 0; context_words()[i].name != NULL; i++) {
        const struct context_word *w = &context_words()[i];
        const unsigned char *bytes = (const unsigned char *)&fresh->words[i];
        bool match = w->fresh != NULL && fresh->words[i] == sought;
        printf("%13zu ",
               below_top(stack, (const char *)fresh->context + w->offset));
        for (size_t b = 0; b < sizeof fresh->words[i]; b++)
            printf(" %02x", bytes[b]);
        printf("  %-10s  %s%s%s\n", w->name, w->fresh ? w->fresh : "-",
               match ? " = " : "", match ? name : "");
        found = found || match;
    }
    return found;
}

/* The place whose start is the last before value, and not far. (At a start
 * nobody returns.) */
static const struct place *place_of(const struct place *places, uint64_t value)
{
    const struct place *best = NULL;
    enum { FAR = 4096 };

    for (; places->name != NULL; places++)
        if (value > places->start && value - places->start < FAR &&
            (best == NULL || places->start > best->start))
            best = places;
    return best;
}

static void name_value(const struct stack *stack, const struct place *places,
                       uint64_t value)
{
    const uint64_t ones = 0x1111111111111111;
    const struct place *place = place_of(places, value);

    if (value > 0 && value % ones == 0)
        printf("  mark %d", (int)(value / ones));
    else if (place != NULL)
        printf("  back into %s", place->name);
    else if (value >= (uintptr_t)stack->low && value < top(stack))
        printf("  here, %zu below the top", (size_t)(top(stack) - value));
}

void picture_words(const struct stack *stack, const struct picture *fresh,
                   const struct picture *later, const struct place *places)
{
    printf("word        fresh, as a number  suspended           which is\n");
    for (size_t i = 0; context_words()[i].name != NULL; i++) {
        printf("%-10s  0x%016jx  0x%016jx", context_words()[i].name,
               (uintmax_t)fresh->words[i], (uintmax_t)later->words[i]);
        name_value(stack, places, later->words[i]);
        putchar('\n');
    }
}

void picture_pages(const struct stack *stack, const struct picture *fresh,
                   const struct picture *later)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const char *const row[] = {"|        |", "|########|"};

    printf("%-16s fresh      suspended   a line is %zu bytes; # is resident\n",
           "address", page);
    for (size_t i = stack->size / page; i-- > 0;) {
        const char *low = (const char *)stack->low + i * page;
        size_t holds = below_top(stack, low);
        size_t context = below_top(stack, later->context);
        printf("0x%-14jx %s %s", (uintmax_t)(uintptr_t)low,
               row[fresh->resident[i] & 1], row[later->resident[i] & 1]);
        if (i == stack->size / page - 1)
            printf("  the top, %zu bytes in use", context);
        else if (i == 0)
            printf("  the last page");
        else if (later->resident[i] & 1 && context <= holds - page)
            printf("  was in use, and is free again");
        putchar('\n');
    }
    printf("0x%-14jx |xxxxxxxx| |xxxxxxxx|  the guard, %d bytes: %s\n",
           (uintmax_t)((uintptr_t)stack->low - STACK_GUARD), STACK_GUARD,
           later->guarded ? "no access" : "OPEN");
}

size_t picture_find(const struct stack *stack, const void *from,
                    uintptr_t first, uintptr_t last)
{
    const char *at = from;

    for (; (uintptr_t)at < top(stack); at += sizeof(uint64_t)) {
        uint64_t value = peek(at);
        if (value >= first && value <= last)
            return below_top(stack, at);
    }
    return 0;
}
