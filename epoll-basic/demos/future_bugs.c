/* SPDX-License-Identifier: MIT
 *
 * future_bugs.c - what a future points to must live, and stay, as long as the
 * future does. Rust's compiler demands the one ('static) and its Pin the other;
 * in C it is the caller's word.
 *
 * --bug frame: undefined, and so done in a child. The future gets a pointer to
 * a local of the function that makes it; the next call has its own locals
 * there. AddressSanitizer reports it (in a build that has it).
 *
 * --bug moved: two futures that point into themselves are swapped after their
 * first poll. Each then reads the other's text.
 *
 * Try: epoll-basic future --bug frame; epoll-basic future --bug moved
 * Read with: the async book, "async/await Lifetimes", "Pinning"; Futures
 * Explained in 200 Lines, "Pin".
 */
#include "future_bugs.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "../demo.h"
#include "../future.h"

static const struct task_waker nobody = {.table = NULL};

/* ---- Frame ---- */

enum { LETTERS = 4000, NO_SYMPTOM = 3 };

struct counter { /* counts the letters 'a' of a text that is not its own */
    struct future future;
    const volatile char *volatile text;
    int found;
};

#if defined(__GNUC__) && !defined(__clang__)
/* The bug is meant, and gcc's -fanalyzer sees it. */
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-pointer-in-stale-stack-frame"
#endif

static enum progress poll_counter(struct future *future,
                                  const struct task_waker *waker)
{
    struct counter *self = (struct counter *)future;

    (void)waker;
    for (int i = 0; i < LETTERS; i++)
        self->found += self->text[i] == 'a';
    return FUTURE_READY;
}

/* The same frame for whoever calls it: a text full of one letter. */
__attribute__((noinline)) static void write_on_stack(struct counter *counter,
                                                     char letter)
{
    volatile char text[LETTERS];

    for (int i = 0; i < LETTERS; i++)
        text[i] = letter;
    volatile uintptr_t address = (uintptr_t)text; /* or compilers object */
    if (counter != NULL)
        counter->text = (const volatile char *)address;
}

/* In the child; gives its exit status. */
static int poll_with_lost_frame(void)
{
    struct counter counter = {.future = {poll_counter, NULL}};

    write_on_stack(&counter, 'a'); /* makes it, and returns */
    write_on_stack(NULL, 'b');     /* something else meanwhile */
    (void)future_poll(&counter.future, &nobody);
    printf("of %d letters 'a' the future still finds %d\n", LETTERS,
           counter.found);
    fflush(stdout);
    return counter.found < LETTERS ? EXIT_SUCCESS : NO_SYMPTOM;
}

int future_bug_frame(void)
{
    const struct rlimit none = {0, 0};
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        error(EXIT_FAILURE, errno, "make a child process");
    if (child == 0) {
        must(setrlimit(RLIMIT_CORE, &none));
        alarm(30);
        _exit(poll_with_lost_frame());
    }
    if (waitpid(child, &status, 0) < 0)
        error(EXIT_FAILURE, errno, "hear how the child ended");
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SYMPTOM)
        return EXIT_FAILURE;
    puts(status == 0 ? "who made it has returned: its frame is someone else's"
                     : "the read was reported, and stopped");
    return EXIT_SUCCESS;
}

/* ---- Moved ---- */

struct greeting {
    struct future future;
    char name[8];
    const char *whom; /* into name, from the first poll on */
    char text[16];    /* valid once it is ready */
};

static enum progress poll_greeting(struct future *future,
                                   const struct task_waker *waker)
{
    struct greeting *self = (struct greeting *)future;

    (void)waker;
    if (self->whom == NULL) {
        self->whom = self->name;
        return FUTURE_PENDING;
    }
    snprintf(self->text, sizeof self->text, "hello %s", self->whom);
    return FUTURE_READY;
}

static void swap(struct greeting *a, struct greeting *b)
{
    struct greeting kept = *a;

    *a = *b;
    *b = kept;
}

/* Swapped before the first poll, or after it. True: each greets its own. */
static bool greet(bool polled)
{
    struct greeting a = {.future = {poll_greeting, NULL}, .name = "Ada"};
    struct greeting b = {.future = {poll_greeting, NULL}, .name = "Bob"};

    if (!polled)
        swap(&a, &b); /* nothing points to them: they may move */
    (void)future_poll(&a.future, &nobody);
    (void)future_poll(&b.future, &nobody);
    if (polled)
        swap(&a, &b);
    (void)future_poll(&a.future, &nobody);
    (void)future_poll(&b.future, &nobody);
    printf("swapped %s the first poll: %s says \"%s\", %s says \"%s\"\n",
           polled ? "after" : "before", a.name, a.text, b.name, b.text);
    return strcmp(a.text + strlen("hello "), a.name) == 0 &&
           strcmp(b.text + strlen("hello "), b.name) == 0;
}

int future_bug_moved(void)
{
    bool before = greet(false), after = greet(true);

    puts("a future that was polled must stay where it is");
    return before && !after ? EXIT_SUCCESS : EXIT_FAILURE;
}
