/* SPDX-License-Identifier: MIT
 *
 * test_overflow.c - what overflow.h promises. Who overflows is a child process;
 * how it ends, and what it wrote, is looked at from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fiber.h"
#include "overflow.h"
#include "runtime.h"
#include "util.h"

/* What a child says goes through a pipe. */
static int report = -1;

static void say(const char *text)
{
    if (write(report, text, strlen(text)) < 0)
        _exit(99);
}

struct ending {
    int status;
    char said[256];
};

static struct ending end_of(void (*act)(void))
{
    struct ending ending = {0};
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        report = ends[1];
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        /* Neither a sanitizer's handler nor its alternate stack. */
        signal(SIGSEGV, SIG_DFL);
        must(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL));
        alarm(60);
        act();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &ending.status, 0), child);
    ssize_t size = read(ends[0], ending.said, sizeof ending.said - 1);
    assert_true(size >= 0);
    close(ends[0]);
    return ending;
}

static bool killed_by_segv(const struct ending *ending)
{
    return WIFSIGNALED(ending->status) && WTERMSIG(ending->status) == SIGSEGV;
}

/* ---- Acts ---- */

/* The frame is used after the call, so that no compiler makes a loop of it. */
static int recurse(volatile int *depth) /* NOLINT(misc-no-recursion) */
{
    volatile int frame[64];
    frame[0] = ++*depth;
    return *depth < 0 ? 0 : recurse(depth) + frame[0];
}

static void *overflow(void *argument)
{
    volatile int depth = 0;
    recurse(&depth);
    return argument;
}

/* The deepest call is now a switch, and so that is what overflows. */
static int yield_deeper(volatile int *depth) /* NOLINT(misc-no-recursion) */
{
    volatile int frame[4];
    frame[0] = ++*depth;
    must(runtime_yield());
    return *depth < 0 ? 0 : yield_deeper(depth) + frame[0];
}

static void *overflow_in_a_switch(void *argument)
{
    volatile int depth = 0;
    yield_deeper(&depth);
    return argument;
}

static void *yield_for_ever(void *argument)
{
    for (;;)
        must(runtime_yield());
    return argument;
}

static void *touch(void *argument)
{
    *(volatile char *)argument = 1;
    return NULL;
}

static void run(void *(*function)(void *), void *argument, const char *name)
{
    struct runtime *rt;
    must(runtime_new(&rt, 0, GUARD_BEST));
    must(runtime_spawn(rt, function, argument, name, NULL));
    must(runtime_run(rt));
    must(runtime_free(rt));
}

static void tell_name(const char *name, const void *address)
{
    say(name != NULL ? name : "nobody");
    say(runtime_overflowed(address) == name ? " in its guard" : " elsewhere");
}

static void catch_and_overflow(void)
{
    must(overflow_catch(tell_name));
    run(overflow, NULL, "deep");
}

static void catch_and_overflow_in_a_switch(void)
{
    struct runtime *rt;
    must(overflow_catch(tell_name));
    must(runtime_new(&rt, 0, GUARD_BEST));
    must(runtime_spawn(rt, overflow_in_a_switch, NULL, "deep", NULL));
    must(runtime_spawn(rt, yield_for_ever, NULL, "other", NULL));
    must(runtime_run(rt));
}

static void earlier_handler(int number, siginfo_t *info, void *ucontext)
{
    (void)ucontext;
    say(number == SIGSEGV && info->si_addr != NULL ? ", earlier" : ", wrong");
    _exit(42);
}

static void plain_handler(int number)
{
    say(number == SIGSEGV ? ", plain" : ", wrong");
    _exit(43);
}

static void put_first(struct sigaction action)
{
    action.sa_flags |= SA_ONSTACK;
    must(sigaction(SIGSEGV, &action, NULL));
}

static void overflow_with_an_earlier_handler(void)
{
    put_first((struct sigaction){.sa_sigaction = earlier_handler,
                                 .sa_flags = SA_SIGINFO});
    overflow_release(); /* nothing was caught: nothing is put back */
    catch_and_overflow();
}

static void overflow_with_a_plain_handler(void)
{
    put_first((struct sigaction){.sa_handler = plain_handler});
    catch_and_overflow();
}

static void overflow_though_ignored(void)
{
    put_first((struct sigaction){.sa_handler = SIG_IGN});
    catch_and_overflow();
}

/* Returns, and is not called a second time: without us the process would die of
 * the second fault. */
static void one_time_handler(int number)
{
    say(number == SIGSEGV ? ", once" : ", wrong");
}

static void overflow_with_a_handler_for_once(void)
{
    put_first((struct sigaction){.sa_handler = one_time_handler,
                                 .sa_flags = (int)SA_RESETHAND});
    catch_and_overflow();
}

/* What the kernel leaves where a one-time handler has been. */
static void overflow_after_a_handler_for_once(void)
{
    put_first((struct sigaction){.sa_handler = SIG_DFL,
                                 .sa_flags = SA_SIGINFO | (int)SA_RESETHAND});
    catch_and_overflow();
}

static void send_one(void)
{
    must(overflow_catch(tell_name));
    must(raise(SIGSEGV));
    say("survived");
}

static void send_one_that_is_ignored(void)
{
    put_first((struct sigaction){.sa_handler = SIG_IGN});
    must(overflow_catch(tell_name));
    must(raise(SIGSEGV));
    say("ignored, ");
    run(overflow, NULL, "deep");
}

/* Memory without access that is nobody's guard. */
static void *forbidden(void)
{
    void *page =
        mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        abort();
    return page;
}

static void catch_and_fault_elsewhere(void)
{
    must(overflow_catch(tell_name));
    run(touch, forbidden(), "astray");
}

static void catch_and_fault_outside(void)
{
    must(overflow_catch(tell_name));
    touch(forbidden());
}

static void catch_release_and_overflow(void)
{
    unsigned char resident[16];
    stack_t during, after;
    must(overflow_catch(tell_name));
    must(sigaltstack(NULL, &during));
    overflow_release();
    overflow_release(); /* nothing is left to be done */
    must(sigaltstack(NULL, &after));
    say(after.ss_flags == SS_DISABLE ? "" : "not disabled, ");
    bool gone = mincore(during.ss_sp, 4096, resident) < 0 && errno == ENOMEM;
    say(gone ? "" : "not freed, ");
    run(overflow, NULL, "deep");
}

static void catch_without_memory(void)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_AS, &limit));
    must(setrlimit(RLIMIT_AS, &(struct rlimit){0, limit.rlim_max}));
    int rc = overflow_catch(tell_name);
    must(setrlimit(RLIMIT_AS, &limit));
    say(rc == -ENOMEM ? "no memory, " : "wrong, ");
    catch_and_overflow();
}

static void catch_twice(void)
{
    must(overflow_catch(tell_name));
    say(overflow_catch(tell_name) == -EBUSY ? "busy, " : "wrong, ");
    overflow_release();
    catch_and_overflow();
}

static char own_stack[64 * 1024];

static void bring_a_stack_and_overflow(void)
{
    stack_t now;
    must(overflow_catch(tell_name)); /* with one of ours, which is forgotten */
    overflow_release();
    must(sigaltstack(
        &(stack_t){.ss_sp = own_stack, .ss_size = sizeof own_stack}, NULL));
    must(overflow_catch(tell_name));
    must(sigaltstack(NULL, &now));
    say(now.ss_sp == own_stack ? "kept, " : "lost, ");
    overflow_release();
    must(sigaltstack(NULL, &now));
    say(now.ss_sp == own_stack ? "kept, " : "lost, ");
    catch_and_overflow();
}

/* Counts the pages, from above its stack to the next one's, that are said to be
 * in its guard, and whether they are those below the lowest that is not. */
static void *ask_about_each_page(void *argument)
{
    enum { PAGE = 4096, AROUND = (STACK_DEFAULT + STACK_GUARD) / PAGE };
    const char *here = __builtin_frame_address(0);
    int guarded = 0, first = 0;
    for (int i = -AROUND; i < AROUND; i++) {
        if (runtime_overflowed(here - (ptrdiff_t)i * PAGE) == NULL)
            continue;
        first = guarded++ == 0 ? i : first;
    }
    *(bool *)argument = guarded == STACK_GUARD / PAGE && first > 0 &&
                        first <= STACK_DEFAULT / PAGE;
    return NULL;
}

/* ---- Promises ---- */

static void a_guard_is_no_larger_and_no_smaller(void **state)
{
    bool right = false;
    int here;
    (void)state;
    run(ask_about_each_page, &right, "curious");
    assert_true(right);
    assert_null(runtime_overflowed(&here)); /* outside of all threads */
}

static void the_hook_is_told_who_and_where_and_the_process_dies(void **state)
{
    (void)state;
    struct ending ending = end_of(catch_and_overflow);
    assert_string_equal(ending.said, "deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void who_overflows_in_a_switch_is_still_the_one_who_left(void **state)
{
    (void)state;
    if (FIBER_TSAN) /* its own part of a switch must not be interrupted so */
        skip();
    struct ending ending = end_of(catch_and_overflow_in_a_switch);
    assert_string_equal(ending.said, "deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void a_handler_that_was_there_comes_next(void **state)
{
    (void)state;
    struct ending ending = end_of(overflow_with_an_earlier_handler);
    assert_string_equal(ending.said, "deep in its guard, earlier");
    assert_true(WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == 42);
    ending = end_of(overflow_with_a_plain_handler);
    assert_string_equal(ending.said, "deep in its guard, plain");
    assert_true(WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == 43);
}

static void a_handler_for_once_is_called_once(void **state)
{
    (void)state;
    struct ending ending = end_of(overflow_with_a_handler_for_once);
    assert_string_equal(ending.said, "deep in its guard, once");
    assert_true(killed_by_segv(&ending));
    ending = end_of(overflow_after_a_handler_for_once);
    assert_string_equal(ending.said, "deep in its guard");
    assert_true(killed_by_segv(&ending));
}

/* By kill(2): no instruction is there to fault again. */
static void a_signal_that_was_sent_is_not_lost(void **state)
{
    (void)state;
    struct ending ending = end_of(send_one);
    assert_string_equal(ending.said, "");
    assert_true(killed_by_segv(&ending));
    ending = end_of(send_one_that_is_ignored);
    assert_string_equal(ending.said, "ignored, deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void a_fault_is_not_ignored(void **state)
{
    (void)state;
    struct ending ending = end_of(overflow_though_ignored);
    assert_string_equal(ending.said, "deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void other_faults_are_none_of_the_hooks_business(void **state)
{
    (void)state;
    struct ending ending = end_of(catch_and_fault_elsewhere);
    assert_string_equal(ending.said, "");
    assert_true(killed_by_segv(&ending));
    ending = end_of(catch_and_fault_outside);
    assert_string_equal(ending.said, "");
    assert_true(killed_by_segv(&ending));
}

static void after_the_release_all_is_as_before(void **state)
{
    (void)state;
    struct ending ending = end_of(catch_release_and_overflow);
    assert_string_equal(ending.said, "");
    assert_true(killed_by_segv(&ending));
}

static void without_memory_it_is_not_caught(void **state)
{
    (void)state;
    struct ending ending = end_of(catch_without_memory);
    assert_string_equal(ending.said, "no memory, deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void it_is_caught_once_at_a_time(void **state)
{
    (void)state;
    struct ending ending = end_of(catch_twice);
    assert_string_equal(ending.said, "busy, deep in its guard");
    assert_true(killed_by_segv(&ending));
}

static void an_alternate_stack_that_is_there_is_used(void **state)
{
    (void)state;
    struct ending ending = end_of(bring_a_stack_and_overflow);
    assert_string_equal(ending.said, "kept, kept, deep in its guard");
    assert_true(killed_by_segv(&ending));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guard_is_no_larger_and_no_smaller),
        cmocka_unit_test(the_hook_is_told_who_and_where_and_the_process_dies),
        cmocka_unit_test(who_overflows_in_a_switch_is_still_the_one_who_left),
        cmocka_unit_test(a_handler_that_was_there_comes_next),
        cmocka_unit_test(a_handler_for_once_is_called_once),
        cmocka_unit_test(a_signal_that_was_sent_is_not_lost),
        cmocka_unit_test(a_fault_is_not_ignored),
        cmocka_unit_test(other_faults_are_none_of_the_hooks_business),
        cmocka_unit_test(after_the_release_all_is_as_before),
        cmocka_unit_test(without_memory_it_is_not_caught),
        cmocka_unit_test(it_is_caught_once_at_a_time),
        cmocka_unit_test(an_alternate_stack_that_is_there_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
