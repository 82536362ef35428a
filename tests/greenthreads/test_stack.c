/* SPDX-License-Identifier: MIT
 *
 * test_stack.c - what stack.h promises.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "faults.h"
#include "fiber.h"
#include "stack.h"
#include "util.h"

static void no_pool_of_stacks_too_small_or_too_large(void **state)
{
    struct stack_pool *pool = NULL;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, 1), -EINVAL);
    assert_int_equal(stack_pool_new(&pool, STACK_LEAST - 1), -EINVAL);
    assert_int_equal(stack_pool_new(&pool, SIZE_MAX), -EINVAL);
    assert_null(pool);
    stack_pool_free(NULL);
}

static void a_stack_is_whole_pages_and_writable(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct stack_pool *pool;
    struct stack stack;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, STACK_LEAST + 1), 0);
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(stack.size > STACK_LEAST);
    assert_int_equal(stack.size % page, 0);
    assert_int_equal((uintptr_t)stack.low % page, 0);
    memset(stack.low, 0x55, stack.size);
    stack_give(pool, stack);
    stack_pool_free(pool);
}

static void the_default_is_as_large_as_it_says(void **state)
{
    struct stack_pool *pool;
    struct stack stack;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, 0), 0);
    assert_int_equal(stack_take(pool, &stack), 0);
    assert_true(stack.size >= STACK_DEFAULT);
    stack_pool_free(pool); /* it is still out: freed all the same */
    assert_int_equal(faults.mapped, 0);
}

static void the_last_one_given_back_comes_first(void **state)
{
    struct stack_pool *pool;
    struct stack a, b, again;
    (void)state;
    assert_int_equal(stack_pool_new(&pool, 0), 0);
    assert_int_equal(stack_take(pool, &a), 0);
    assert_int_equal(stack_take(pool, &b), 0);
    assert_ptr_equal(a.low == b.low ? a.low : NULL, NULL);
    stack_give(pool, b);
    stack_give(pool, a);
    assert_int_equal(stack_take(pool, &again), 0);
    assert_ptr_equal(again.low, a.low);
    assert_int_equal(stack_take(pool, &again), 0);
    assert_ptr_equal(again.low, b.low);
    assert_int_equal(faults.mapped, 2);
    stack_pool_free(pool);
    assert_int_equal(faults.mapped, 0);
}

static void running_out_of_memory_leaves_the_pool_as_it_was(void **state)
{
    struct stack_pool *pool;
    struct stack stack;
    (void)state;
    faults.calls_left = 1;
    assert_int_equal(stack_pool_new(&pool, 0), -ENOMEM);
    assert_int_equal(stack_pool_new(&pool, 0), 0);
    /* Two lists, mmap, mprotect: each fails once. What had been got of them
     * stays, so the next try comes further. */
    for (int left = 4; left > 0; left--) {
        faults.calls_left = left <= 2 ? 3 - left : 1;
        assert_int_equal(stack_take(pool, &stack), -ENOMEM);
        assert_int_equal(faults.mapped, 0);
        faults.calls_left = 0;
    }
    assert_int_equal(stack_take(pool, &stack), 0);
    stack_give(pool, stack);
    stack_pool_free(pool);
}

/* ---- The guard: a child dies of it ---- */

/* Runs act(pool's stack) in a child; gives how the child ended. */
static int status_of(void (*act)(const struct stack *stack))
{
    struct stack_pool *pool;
    struct stack stack;
    int status;
    assert_int_equal(stack_pool_new(&pool, 0), 0);
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

static void touch_the_guards_lowest_byte(const struct stack *stack)
{
    ((volatile char *)stack->low)[-STACK_GUARD] = 1;
}

static void the_bytes_below_are_guarded(void **state)
{
    (void)state;
    assert_int_equal(status_of(touch_the_lowest_byte), 0);
    int status = status_of(touch_the_byte_below);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = status_of(touch_the_guards_lowest_byte);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
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
    fiber_make(&there, stack->low, stack->size, entry);
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
    int status = status_of(overflow);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void a_large_frame_does_not_step_over_the_guard(void **state)
{
    (void)state;
    int status = status_of(overflow_at_once);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pool_of_stacks_too_small_or_too_large),
        cmocka_unit_test(a_stack_is_whole_pages_and_writable),
        cmocka_unit_test(the_default_is_as_large_as_it_says),
        cmocka_unit_test(the_last_one_given_back_comes_first),
        cmocka_unit_test(running_out_of_memory_leaves_the_pool_as_it_was),
        cmocka_unit_test(the_bytes_below_are_guarded),
        cmocka_unit_test(too_deep_a_recursion_ends_in_the_guard),
        cmocka_unit_test(a_large_frame_does_not_step_over_the_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
