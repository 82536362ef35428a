/* SPDX-License-Identifier: MIT
 *
 * noguard.c - overflow --bug noguard: the same recursion, and nothing below the
 * stack but the neighbour's.
 *
 * Try: greenthreads overflow --bug noguard
 * Read with: Green Threads Explained in 200 Lines, "The stack".
 */
#include "../demo.h"
#include "../runtime.h"
#include "child.h"
#include "parts.h"

struct diary {
    volatile char *page; /* on the neighbour's stack */
    size_t size, changed;
    bool returned; /* the recursion, as if all were well */
    int to;        /* the parent hears */
};

/* Lets the other one run, and reads the page again. Its frame and its context lie
 * below the page, out of reach. What lies above is lost: it cannot return. */
ON_ITS_STACK static void read_again(struct diary *diary)
{
    must(runtime_yield());
    for (size_t i = 0; i < diary->size; i++)
        diary->changed += diary->page[i] != '.';
    bool told = write(diary->to, diary, sizeof *diary) == sizeof *diary;
    _exit(told ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The neighbour, whose stack is the next below. */
ON_ITS_STACK static void *keep_diary(void *argument)
{
    volatile char page[4096];
    struct diary *diary = argument;

    for (size_t i = 0; i < sizeof page; i++)
        page[i] = '.';
    diary->page = page;
    diary->size = sizeof page;
    read_again(diary);
    return NULL;
}

static void *recur_into_diary(void *argument)
{
    struct diary *diary = argument;

    recur((uintptr_t)diary->page + diary->size / 2);
    diary->returned = true;
    must(runtime_yield());
    return NULL;
}

/* A pool gives its stacks from the lowest up: the first spawned is below. */
static void overflow_without_guard(int to, void *argument)
{
    struct diary diary = {.to = to};
    struct runtime *rt;

    (void)argument;
    must(runtime_new(&rt, STACK_LEAST, GUARD_NONE));
    must(runtime_spawn(rt, keep_diary, &diary, "neighbour", NULL));
    must(runtime_spawn(rt, recur_into_diary, &diary, "glutton", NULL));
    must(runtime_run(rt));
    must(runtime_free(rt));
}

int noguard_show(void)
{
    struct diary got = {.changed = 0};

    struct ending ending =
        child_run(overflow_without_guard, NULL, &got, sizeof got);
    bool good = ending.status == 0 && ending.told == sizeof got &&
                got.returned && got.changed > 0;
    printf("the recursion %s;\n"
           "its neighbour finds %zu of its %zu bytes changed; the "
           "process %s\n"
           "without a guard an overflow ruins the neighbour, and is not heard "
           "of: %s\n",
           got.returned ? "returns as if all were well" : "does NOT return",
           got.changed, got.size, child_how(ending), good ? "yes" : "NO");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
