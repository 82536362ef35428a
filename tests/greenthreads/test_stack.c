/* SPDX-License-Identifier: MIT
 *
 * test_stack.c - what stack.h promises.
 */
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

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND /* not installed: then it is not running */
#define RUNNING_ON_VALGRIND 0
#endif

#include "faults.h"
#include "fiber.h"
#include "stack.h"
#include "util.h"

static struct stack_pool *new_pool(enum stack_guard guard)
{
    struct stack_pool *pool = NULL;
    assert_int_equal(stack_pool_new(&pool, 0, guard), 0);
    return pool;
}

static void no_pool_of_stacks_too_small_or_too_large(void **state)
{
    struct stack_pool *pool = NULL;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, 1, GUARD_BEST), -EINVAL);
    assert_int_equal(stack_pool_new(&pool, STACK_LEAST - 1, GUARD_BEST),
                     -EINVAL);
    assert_int_equal(stack_pool_new(&pool, SIZE_MAX, GUARD_BEST), -EINVAL);
    assert_null(pool);
    stack_pool_free(NULL);
}

/* So large that a few of them are more bytes than a size_t can count. */
static void a_stack_larger_than_memory_is_refused(void **state)
{
    struct stack_pool *pool;
    struct stack stack;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, SIZE_MAX / 4, GUARD_BEST), 0);
    assert_int_equal(stack_take(pool, &stack), -ENOMEM);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
}

static void a_stack_is_whole_pages_and_writable(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct stack_pool *pool;
    struct stack stack;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, STACK_LEAST + 1, GUARD_BEST), 0);
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(stack.size > STACK_LEAST);
    assert_int_equal(stack.size % page, 0);
    assert_int_equal((uintptr_t)stack.low % page, 0);
    memset(stack.low, 0x55, stack.size);
    stack_pool_free(pool);
}

static void the_default_is_as_large_as_it_says(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    struct stack stack;
    (void)state;
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(stack.size >= STACK_DEFAULT);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
}

/* Many enough that there are several reservations. */
enum { SEVERAL = 200 };

static void each_has_memory_of_its_own_above_its_guard(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    struct stack stacks[SEVERAL];
    (void)state;
    for (int i = 0; i < SEVERAL; i++)
        assert_int_equal(stack_take(pool, &stacks[i]), 0);
    assert_true(faults.mapped <= 4); /* twice as many each time: 16 to 128 */
    for (int i = 0; i < SEVERAL; i++) {
        for (int k = 0; k < i; k++) {
            uintptr_t a = (uintptr_t)stacks[i].low;
            uintptr_t b = (uintptr_t)stacks[k].low;
            assert_true((a < b ? b - a : a - b) >=
                        stacks[i].size + STACK_GUARD);
        }
    }
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
    assert_int_equal(faults.bytes, 0);
}

static long mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    long lines = 0;
    assert_non_null(maps);
    for (int c; (c = fgetc(maps)) != EOF;)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static void guards_by_advice_leave_the_mapping_whole(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    struct stack stack;
    (void)state;
    if (stack_pool_guard(pool) != GUARD_ADVICE) {
        stack_pool_free(pool);
        skip(); /* this kernel has none */
    }
    long before = mappings();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(mappings() - before < 20);
    stack_pool_free(pool);
}

static void only_what_was_touched_is_resident(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    unsigned char resident[STACK_DEFAULT / 4096];
    struct stack stack;
    (void)state;
    assert_int_equal(stack_take(pool, &stack), 0);
    ((volatile char *)stack.low)[stack.size - 1] = 1;
    assert_int_equal(mincore(stack.low, stack.size, resident), 0);
    size_t pages = stack.size / (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < pages; i++)
        assert_int_equal(resident[i] & 1, i == pages - 1);
    stack_pool_free(pool);
}

/* ---- Which guard ---- */

static void what_guards_is_tried_and_not_believed(void **state)
{
    (void)state;
    for (faults.guard_advice = ADVICE_REFUSED;
         faults.guard_advice <= ADVICE_IGNORED; faults.guard_advice++) {
        struct stack_pool *pool = new_pool(GUARD_BEST);
        assert_int_equal(stack_pool_guard(pool), GUARD_MPROTECT);
        stack_pool_free(pool);
        assert_int_equal(stack_pool_new(&pool, 0, GUARD_ADVICE), -EOPNOTSUPP);
    }
    faults.guard_advice = ADVICE_WORKS;
    struct stack_pool *pool = new_pool(GUARD_NONE);
    assert_int_equal(stack_pool_guard(pool), GUARD_NONE);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
    assert_non_null(strstr(stack_strerror(-EOPNOTSUPP), "6.13"));
}

static void without_descriptors_it_cannot_be_tried(void **state)
{
    struct stack_pool *pool = NULL;
    struct rlimit limit, none;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int rc = stack_pool_new(&pool, 0, GUARD_BEST);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(rc, -EMFILE);
    assert_null(pool);
    assert_int_equal(faults.mapped, 0);
}

static int lowest_free_descriptor(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

static void the_trial_leaves_no_descriptor_open(void **state)
{
    const int before = lowest_free_descriptor();
    (void)state;
    stack_pool_free(new_pool(GUARD_BEST));
    assert_int_equal(lowest_free_descriptor(), before);
}

/* ---- Limits ---- */

static void running_out_of_memory_leaves_the_pool_as_it_was(void **state)
{
    struct stack_pool *pool = NULL;
    struct stack stack, next;
    (void)state;
    for (int good = 0; good < 2; good++) { /* the trial's page, the pool */
        fail_after(good, false);
        assert_int_equal(stack_pool_new(&pool, 0, GUARD_BEST), -ENOMEM);
        fail_after(-1, false);
        assert_null(pool);
        assert_int_equal(faults.mapped, 0);
    }
    pool = new_pool(GUARD_BEST);
    fail_after(0, true);
    assert_int_equal(stack_take(pool, &stack), -ENOMEM);
    fail_after(-1, false);
    assert_int_equal(faults.mapped, 0);
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_int_equal(stack_take(pool, &next), 0);
    assert_int_equal(faults.mapped, 1);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
    assert_non_null(strstr(stack_strerror(-ENOMEM), "memory"));
}

static void where_many_addresses_are_refused_fewer_are_asked_for(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    struct stack stack;
    (void)state;
    fail_after(0, false);
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(faults.failed);
    fail_after(-1, false);
    for (int i = 1; i < SEVERAL; i++)
        assert_int_equal(stack_take(pool, &stack), 0);
    memset(stack.low, 0x55, stack.size);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
}

/* Addresses in small pieces: at some time there are too many of these. */
static void so_many_reservations_and_no_more(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_BEST);
    struct stack stack;
    int taken = 0, rc;
    (void)state;
    faults.largest = STACK_GUARD + STACK_DEFAULT;
    while ((rc = stack_take(pool, &stack)) == 0 && taken < 1000)
        taken++;
    assert_int_equal(rc, -ENOMEM);
    assert_int_equal(faults.mapped, taken); /* one stack in each */
    faults.largest = 0;
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
}

static void a_refused_guard_is_an_error_and_named(void **state)
{
    struct stack_pool *pool = new_pool(GUARD_MPROTECT);
    struct stack stack;
    (void)state;
    /* mmap is good, mprotect is not; valgrind's list is allocated between. */
    fail_after(RUNNING_ON_VALGRIND ? 2 : 1, false);
    assert_int_equal(stack_take(pool, &stack), -EMLINK);
    fail_after(-1, false);
    assert_int_equal(stack_take(pool, &stack), 0);
    stack_pool_free(pool);
    assert_non_null(strstr(stack_strerror(-EMLINK), "vm.max_map_count"));
}

/* As many mprotect stacks as the kernel lets us have. Valgrind keeps a list of
 * mappings that is shorter than the kernel's. */
static void forty_thousand_stacks_or_a_clean_limit(void **state)
{
    const int wanted = RUNNING_ON_VALGRIND ? 4000 : 40000;
    struct stack_pool *pool;
    struct stack stack;
    int taken = 0, rc = 0;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, STACK_LEAST, GUARD_MPROTECT), 0);
    while (taken < wanted && (rc = stack_take(pool, &stack)) == 0)
        taken++;
    assert_true(taken == wanted || rc == -EMLINK);
    assert_true(taken == wanted || taken > 20000);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);

    pool = new_pool(GUARD_BEST);
    for (rc = 0, taken = 0; taken < wanted && rc == 0; taken++)
        rc = stack_take(pool, &stack);
    assert_true(rc == 0 || stack_pool_guard(pool) != GUARD_ADVICE);
    stack_pool_free(pool);
}

/* ---- The guard: a child dies of it ---- */

/* Runs act(pool's stack) in a child; gives how the child ended. */
static int status_of(void (*act)(const struct stack *stack),
                     enum stack_guard guard)
{
    static struct stack_pool *pool; /* the child leaks nothing */
    struct stack below, stack;
    int status;
    pool = new_pool(guard);
    assert_int_equal(stack_take(pool, &below), 0);
    assert_int_equal(stack_take(pool, &stack), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGSEGV, SIG_DFL);
        act(&stack);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    stack_pool_free(pool);
    return status;
}

static void touch_the_lowest_byte(const struct stack *stack)
{
    *(volatile char *)stack->low = 1;
}

static void touch_the_byte_below(const struct stack *stack)
{
    ((volatile char *)stack->low)[-1] = 1;
}

static void read_the_byte_below(const struct stack *stack)
{
    (void)((volatile char *)stack->low)[-1];
}

static void touch_the_guards_lowest_byte(const struct stack *stack)
{
    ((volatile char *)stack->low)[-STACK_GUARD] = 1;
}

static bool dies_by_segv(void (*act)(const struct stack *stack),
                         enum stack_guard guard)
{
    int status = status_of(act, guard);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void the_bytes_below_are_guarded(void **state)
{
    const enum stack_guard guards[] = {GUARD_BEST, GUARD_MPROTECT};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(status_of(touch_the_lowest_byte, guards[i]), 0);
        assert_true(dies_by_segv(touch_the_byte_below, guards[i]));
        assert_true(dies_by_segv(read_the_byte_below, guards[i]));
        assert_true(dies_by_segv(touch_the_guards_lowest_byte, guards[i]));
    }
}

static void without_a_guard_nobody_notices(void **state)
{
    (void)state;
    assert_int_equal(status_of(touch_the_byte_below, GUARD_NONE), 0);
}

static uintptr_t guard_low, guard_high; /* for the child's signal handler */

static void say_where(int number, siginfo_t *info, void *ucontext)
{
    uintptr_t where = (uintptr_t)info->si_addr;
    (void)number;
    (void)ucontext;
    _exit(where >= guard_low && where < guard_high ? 42 : 1);
}

/* The frame is used after the call, so that no compiler makes a loop of it. */
static int recurse(volatile int *depth) /* NOLINT(misc-no-recursion) */
{
    volatile int frame[64];
    frame[0] = ++*depth;
    return *depth < 0 ? 0 : recurse(depth) + frame[0];
}

static void recurse_for_ever(void *pass)
{
    volatile int depth = 0;
    fiber_arrive(pass);
    recurse(&depth);
}

/* A frame larger than the stack and the guard: its far end is beyond them. */
static void write_far_away(void)
{
    char frame[STACK_DEFAULT + 2 * STACK_GUARD];
    char *far = frame;
    __asm__ volatile("" : "+r"(far)); /* the compiler must make all of it */
    *far = 1;
}

static void take_a_large_frame(void *pass)
{
    fiber_arrive(pass);
    write_far_away();
}

static void run_on(const struct stack *stack, void (*entry)(void *pass))
{
    static char handler_stack[64 * 1024];
    struct fiber here = {0}, there = {0};
    struct sigaction action = {.sa_sigaction = say_where,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    guard_high = (uintptr_t)stack->low;
    guard_low = guard_high - STACK_GUARD;
    must(sigaltstack(
        &(stack_t){.ss_sp = handler_stack, .ss_size = sizeof handler_stack},
        NULL));
    must(sigaction(SIGSEGV, &action, NULL));
    fiber_make(&there, stack->low, stack->size, context_modes(), entry);
    fiber_switch(&here, &there, &there);
}

static void overflow(const struct stack *stack)
{
    run_on(stack, recurse_for_ever);
}

static void overflow_at_once(const struct stack *stack)
{
    run_on(stack, take_a_large_frame);
}

static void too_deep_a_recursion_ends_in_the_guard(void **state)
{
    (void)state;
    int status = status_of(overflow, GUARD_BEST);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void a_large_frame_does_not_step_over_the_guard(void **state)
{
    (void)state;
    int status = status_of(overflow_at_once, GUARD_BEST);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pool_of_stacks_too_small_or_too_large),
        cmocka_unit_test(a_stack_larger_than_memory_is_refused),
        cmocka_unit_test(a_stack_is_whole_pages_and_writable),
        cmocka_unit_test(the_default_is_as_large_as_it_says),
        cmocka_unit_test(each_has_memory_of_its_own_above_its_guard),
        cmocka_unit_test(guards_by_advice_leave_the_mapping_whole),
        cmocka_unit_test(only_what_was_touched_is_resident),
        cmocka_unit_test(what_guards_is_tried_and_not_believed),
        cmocka_unit_test(without_descriptors_it_cannot_be_tried),
        cmocka_unit_test(the_trial_leaves_no_descriptor_open),
        cmocka_unit_test(running_out_of_memory_leaves_the_pool_as_it_was),
        cmocka_unit_test(where_many_addresses_are_refused_fewer_are_asked_for),
        cmocka_unit_test(so_many_reservations_and_no_more),
        cmocka_unit_test(a_refused_guard_is_an_error_and_named),
        cmocka_unit_test(forty_thousand_stacks_or_a_clean_limit),
        cmocka_unit_test(the_bytes_below_are_guarded),
        cmocka_unit_test(without_a_guard_nobody_notices),
        cmocka_unit_test(too_deep_a_recursion_ends_in_the_guard),
        cmocka_unit_test(a_large_frame_does_not_step_over_the_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
