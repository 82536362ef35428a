/* SPDX-License-Identifier: MIT
 *
 * overflow.c - a green thread that calls itself too often. Its stack ends at a
 * guard, and the processor refuses the first byte beyond. To tell whose stack
 * it was takes a handler, and a handler takes a stack that is still good. All
 * of this ends badly, so each part is done by a child process.
 *
 * Try: greenthreads overflow; greenthreads overflow --bug noguard
 * Read with: Writing an OS in Rust, "Double Faults"; The Node Experiment,
 * chapter 3 (--fault).
 */
#include "../overflow.h"
#include "../demo.h"
#include "../runtime.h"
#include "child.h"
#include "parts.h"
#include "verbs.h"

/* What the child tells, as bytes: in a handler printf is not allowed, write(2)
 * is. The parent makes words of them. */
struct report {
    char who[16];
    uintptr_t address, began; /* of the first frame */
};

/* For handlers, which get no argument of ours. */
static struct report report;
static int report_to;
static volatile uintptr_t began;

static void tell(const char *who, const void *address)
{
    strncpy(report.who, who, sizeof report.who - 1);
    report.began = began;
    report.address = (uintptr_t)address;
    if (write(report_to, &report, sizeof report) != sizeof report)
        _exit(EXIT_FAILURE);
}

ON_ITS_STACK int recur(uintptr_t lowest)
{
    volatile char frame[256];

    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = '!';
    if ((uintptr_t)frame <= lowest)
        return 1;
    return recur(lowest) + (frame[0] == '!');
}

static void run_one(void *(*function)(void *argument), const char *name)
{
    struct runtime *rt;

    must(runtime_new(&rt, 0, GUARD_BEST));
    must(runtime_spawn(rt, function, NULL, name, NULL));
    must(runtime_run(rt));
    must(runtime_free(rt));
}

/* ---- With a hook; and with a handler that has nowhere to stand ---- */

static void *recur_for_ever(void *argument)
{
    (void)argument;
    began = (uintptr_t)__builtin_frame_address(0);
    recur(0);
    return NULL;
}

static void overflow_with_hook(int to, void *argument)
{
    (void)argument;
    report_to = to;
    must(overflow_catch(tell));
    run_one(recur_for_ever, "glutton");
}

static void on_fault(int number, siginfo_t *info, void *ucontext)
{
    (void)ucontext;
    tell("handler", info->si_addr);
    signal(number, SIG_DFL); /* we return, it faults again, and this ends it */
}

static void catch_faults(void)
{
    const struct sigaction action = {.sa_sigaction = on_fault,
                                     .sa_flags = SA_SIGINFO};
    must(sigaction(SIGSEGV, &action, NULL));
}

/* No SA_ONSTACK: the kernel is to put the handler's frame on the stack that has
 * overflowed, cannot, and kills. */
static void overflow_with_handler(int to, void *argument)
{
    (void)argument;
    report_to = to;
    catch_faults();
    run_one(recur_for_ever, "glutton");
}

static int show_overflow(void)
{
    struct report got;

    struct ending ending =
        child_run(overflow_with_hook, NULL, &got, sizeof got);
    bool good = child_faulted(ending) && ending.told == sizeof got;
    if (good) {
        /* It faulted, so it is no byte of a stack; and is no further down than
         * one stack and its guard: so it is in the guard. */
        uintptr_t below = got.began - got.address;
        good = strcmp(got.who, "glutton") == 0 &&
               below <= STACK_DEFAULT + STACK_GUARD;
        printf("overflow_catch: '%s' touched 0x%jx, %ju bytes below its first\n"
               "    frame: %s the guard of %d below the stack of %d\n",
               got.who, (uintmax_t)got.address, (uintmax_t)below,
               good ? "in" : "NOT in", STACK_GUARD, STACK_DEFAULT);
    }
    printf("    the hook has told %zu bytes; %s\n", ending.told,
           child_how(ending));
    ending = child_run(overflow_with_handler, NULL, &got, sizeof got);
    printf("a handler on the stack that overflowed\n"
           "    has told %zu bytes; %s\n",
           ending.told, child_how(ending));
    good = good && ending.told == 0 && child_faulted(ending);
    printf("a guard stops an overflow; to report it takes another stack: %s\n",
           good ? "yes" : "NO");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- --fault: an address that was made up ---- */

static void *use_as_address(void *argument)
{
    volatile uintptr_t number = 100;

    (void)argument;
    (void)*(volatile char *)number;
    return NULL;
}

/* The hook is asked first, and knows that this was no overflow. */
static void fault(int to, void *argument)
{
    (void)argument;
    report_to = to;
    catch_faults();
    must(overflow_catch(tell));
    run_one(use_as_address, "dreamer");
}

static int show_fault(void)
{
    struct report got;
    volatile int number = 100;
    volatile int *address = &number;

    printf("at 0x%jx there is %d\n", (uintmax_t)(uintptr_t)address, *address);
    struct ending ending = child_run(fault, NULL, &got, sizeof got);
    bool good = child_faulted(ending) && ending.told == sizeof got &&
                strcmp(got.who, "handler") == 0 && got.address == 100;
    printf(
        "at 0x%jx, which is 100 taken for an address: %s\n"
        "the processor refuses, and the kernel tells the handler where: %s\n",
        good ? (uintmax_t)got.address : 0, child_how(ending),
        good ? "yes" : "NO");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Which ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    int (**show)(void) = state->input;

    if (key == 'f')
        *show = show_fault;
    else if (key == 'b' && strcmp(arg, "noguard") == 0)
        *show = noguard_show;
    else if (key == 'b')
        argp_error(state, "--bug: '%s' is not noguard", arg);
    else
        return unexpected(key, arg, state);
    return 0;
}

int overflow_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"fault", 'f', NULL, 0, "read at an address that was made up", 0},
        {"bug", 'b', "noguard", 0, "the same, and nothing below the stack", 0},
        {0}};
    const struct argp argp = {
        options, parse, .doc = "A recursion runs into the guard; who says so?"};
    int (*show)(void) = show_overflow;

    argp_parse(&argp, argc, argv, 0, NULL, &show);
    watchdog(60, "overflow: a child did not end\n");
    return show();
}
