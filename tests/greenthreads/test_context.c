/* SPDX-License-Identifier: MIT
 *
 * test_context.c - what context.h promises, on a stack from malloc. The checkers
 * are told of each switch through fiber.h, but where the test is about
 * context_switch() itself.
 */
#include <execinfo.h>
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fiber.h"
#include "markers.h"
#include "stack.h"

/* A test and the fiber it talks to; what the fiber saw is asserted here. */
struct talk {
    struct fiber here, there;
    struct stack_pool *pool;
    struct stack stack;

    int calls;
    void *passed[3];
    uintptr_t addresses[2];
    char text[32];
    int frames;
    unsigned rounding[3];
    uint64_t in[MARKERS + 1], out[MARKERS + 1];
};

static void begin(struct talk *talk, void (*entry)(void *pass))
{
    *talk = (struct talk){.calls = 0};
    assert_int_equal(stack_pool_new(&talk->pool, 0), 0);
    assert_int_equal(stack_take(talk->pool, &talk->stack), 0);
    fiber_make(&talk->there, talk->stack.low, talk->stack.size, entry);
}

static void *go(struct talk *talk, void *pass)
{
    return fiber_switch(&talk->here, &talk->there, pass);
}

static void *back(struct talk *talk, void *pass)
{
    return fiber_switch(&talk->there, &talk->here, pass);
}

static void end(struct talk *talk)
{
    fiber_forget(&talk->there);
    stack_pool_free(talk->pool);
}

/* ---- Passing ---- */

static void echo(void *pass)
{
    struct talk *talk = pass;

    fiber_arrive(&talk->there);
    talk->passed[0] = pass;
    talk->passed[1] = back(talk, &talk->passed[0]);
    talk->passed[2] = back(talk, &talk->passed[1]);
    fiber_exit(&talk->there, &talk->here, &talk->passed[2]);
}

static void each_switch_passes_one_pointer_across(void **state)
{
    struct talk talk;
    int one, two;
    (void)state;
    begin(&talk, echo);
    assert_ptr_equal(go(&talk, &talk), &talk.passed[0]);
    assert_ptr_equal(go(&talk, &one), &talk.passed[1]);
    assert_ptr_equal(go(&talk, &two), &talk.passed[2]);
    assert_ptr_equal(talk.passed[0], &talk);
    assert_ptr_equal(talk.passed[1], &one);
    assert_ptr_equal(talk.passed[2], &two);
    end(&talk);
}

static void a_null_pointer_passes_too(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, echo);
    go(&talk, &talk);
    go(&talk, NULL);
    assert_null(talk.passed[1]);
    go(&talk, NULL);
    end(&talk);
}

/* ---- Registers ---- */

static void clobber(void *pass)
{
    struct talk *talk = pass;
    uint64_t others[MARKERS + 1], ignored[MARKERS + 1];

    fiber_arrive(&talk->there);
    memset(others, 0x55, sizeof others);
    for (;;) {
        switch_with_markers(&talk->there.context, talk->here.context, NULL,
                            others, ignored);
        /* What we had put there must be there, not what the test had. */
        talk->calls += memcmp(ignored, others, MARKERS * sizeof *others) == 0;
    }
}

static void callee_saved_registers_outlive_a_switch(void **state)
{
    struct talk talk;
    (void)state;
#if FIBER_ASAN || FIBER_TSAN
    skip(); /* switch_with_markers() tells nobody */
#endif
    begin(&talk, clobber);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MARKERS; i++)
            talk.in[i] = UINT64_C(0x0123456789abcd00) + (uint64_t)(i + round);
        switch_with_markers(&talk.here.context, talk.there.context, &talk,
                            talk.in, talk.out);
        for (int i = 0; i < MARKERS; i++)
            assert_true(talk.in[i] == talk.out[i]);
    }
    assert_int_equal(talk.calls, 2);
    end(&talk);
}

/* The rounding modes of the registers themselves: valgrind keeps those as the
 * processor does, but always calculates to the nearest. On x86-64 there are two,
 * and fegetround() looks only at the x87's. */
static unsigned rounding(void)
{
#if defined(__x86_64__)
    unsigned sse = __builtin_ia32_stmxcsr() >> 13 & 3;
    return sse << 16 | (unsigned)(fegetround() != FE_TONEAREST);
#else
    return (unsigned)fegetround();
#endif
}

static void round_up(void *pass)
{
    struct talk *talk = pass;

    fiber_arrive(&talk->there);
    talk->rounding[0] = rounding();
    fesetround(FE_UPWARD);
    talk->rounding[1] = rounding();
    back(talk, NULL);
    talk->rounding[2] = rounding();
    fiber_exit(&talk->there, &talk->here, NULL);
}

static void each_keeps_its_own_rounding_mode(void **state)
{
    const unsigned nearest = rounding();
    struct talk talk;
    (void)state;
    begin(&talk, round_up);
    go(&talk, &talk);
    assert_int_equal(rounding(), nearest);
    go(&talk, NULL);
    assert_int_equal(rounding(), nearest);
    assert_int_equal(talk.rounding[0], nearest);
    assert_true(talk.rounding[1] != nearest);
    assert_int_equal(talk.rounding[2], talk.rounding[1]);
    end(&talk);
}

static void a_new_one_has_its_makers_rounding_mode(void **state)
{
    struct talk talk;
    (void)state;
    fesetround(FE_DOWNWARD);
    const unsigned downward = rounding();
    begin(&talk, round_up);
    fesetround(FE_TONEAREST);
    const unsigned nearest = rounding();
    go(&talk, &talk);
    assert_int_equal(talk.rounding[0], downward);
    assert_int_equal(rounding(), nearest);
    go(&talk, NULL);
    end(&talk);
}

/* ---- The stack ---- */

/* An address the compiler knows nothing about, not even its alignment. */
static uintptr_t address_of(volatile void *p)
{
    __asm__ volatile("" : "+r"(p));
    return (uintptr_t)p;
}

static void spill(void *pass)
{
    typedef float four_floats __attribute__((vector_size(16)));
    struct talk *talk = pass;
    volatile four_floats wide = {1, 2, 3, 4}; /* stored by movaps */

    fiber_arrive(&talk->there);
    talk->addresses[0] = address_of(&wide);
    snprintf(talk->text, sizeof talk->text, "%.3f", 2.5 * (double)wide[3]);
    back(talk, NULL);
    wide += wide;
    talk->addresses[1] = address_of(&wide);
    fiber_exit(&talk->there, &talk->here, NULL);
}

static void the_stack_is_aligned_for_sse(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, spill);
    go(&talk, &talk);
    assert_int_equal(talk.addresses[0] % 16, 0);
    assert_string_equal(talk.text, "10.000");
    go(&talk, NULL);
    assert_int_equal(talk.addresses[1] % 16, 0);
    end(&talk);
}

static void a_crooked_piece_of_memory_is_straightened(void **state)
{
    struct talk talk;
    (void)state;
    for (size_t off = 1; off < 16; off++) {
        begin(&talk, spill);
        fiber_make(&talk.there, (char *)talk.stack.low + off,
                   talk.stack.size - 16, spill);
        go(&talk, &talk);
        assert_int_equal(talk.addresses[0] % 16, 0);
        go(&talk, NULL);
        end(&talk);
    }
}

static void trace_back(void *pass)
{
    struct talk *talk = pass;
    void *frames[64];

    fiber_arrive(&talk->there);
    talk->frames = backtrace(frames, 64);
    fiber_exit(&talk->there, &talk->here, NULL);
}

static void a_backtrace_ends_at_the_entry(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, trace_back);
    go(&talk, &talk);
    assert_true(talk.frames >= 2 && talk.frames <= 4);
    end(&talk);
}

static void the_words_lie_in_the_stack_from_the_top_down(void **state)
{
    struct talk talk;
    bool entry = false;
    (void)state;
    begin(&talk, echo);
    const char *base = (const char *)talk.there.context;
    const char *above = (const char *)talk.stack.low + talk.stack.size;
    for (const struct context_word *w = context_words(); w->name; w++) {
        void (*value)(void *);
        memcpy(&value, base + w->offset, sizeof value);
        entry = entry || value == echo;
        assert_true(base + w->offset + 8 <= above);
        above = base + w->offset;
    }
    assert_true(entry);
    end(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_switch_passes_one_pointer_across),
        cmocka_unit_test(a_null_pointer_passes_too),
        cmocka_unit_test(callee_saved_registers_outlive_a_switch),
        cmocka_unit_test(each_keeps_its_own_rounding_mode),
        cmocka_unit_test(a_new_one_has_its_makers_rounding_mode),
        cmocka_unit_test(the_stack_is_aligned_for_sse),
        cmocka_unit_test(a_crooked_piece_of_memory_is_straightened),
        cmocka_unit_test(a_backtrace_ends_at_the_entry),
        cmocka_unit_test(the_words_lie_in_the_stack_from_the_top_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
