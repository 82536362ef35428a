/* SPDX-License-Identifier: MIT
 *
 * test_context.c - what context.h promises, on a stack from malloc. The checkers
 * are told of each switch through fiber.h, but where the test is about
 * context_switch() itself.
 */
#include <execinfo.h>
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unwind.h>

#include <cmocka.h>

#include "fiber.h"
#include "markers.h"
#include "stack.h"
#include "util.h"

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
    assert_int_equal(stack_pool_new(&talk->pool, 0, GUARD_BEST), 0);
    assert_int_equal(stack_take(talk->pool, &talk->stack), 0);
    fiber_make(&talk->there, talk->stack.low, talk->stack.size, context_modes(),
               entry);
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

static void a_new_one_has_the_rounding_mode_it_was_given(void **state)
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
                   talk.stack.size - 16, context_modes(), spill);
        go(&talk, &talk);
        assert_int_equal(talk.addresses[0] % 16, 0);
        go(&talk, NULL);
        end(&talk);
    }
}

/* ---- Backtraces ---- */

enum {
    DEEP = 64,
    OWN = FIBER_ASAN ? 2 : 1, /* who looks; ASan's backtrace() is seen itself */
};

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *frame,
                                       void *frames)
{
    (void)frame;
    return ++*(int *)frames < DEEP ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void trace_back(void *pass)
{
    struct talk *talk = pass;

    fiber_arrive(&talk->there);
    _Unwind_Backtrace(count_frame, &talk->frames); /* backtrace() stops loops */
    fiber_exit(&talk->there, &talk->here, NULL);
}

static void a_backtrace_ends_at_the_entry(void **state)
{
    uintptr_t above[16];
    struct talk talk;
    (void)state;
    begin(&talk, trace_back);
    /* What lies above the entry looks like callers, and is not taken for any. */
    for (size_t i = 0; i < sizeof above / sizeof above[0]; i++)
        above[i] = (uintptr_t)trace_back + 1;
    char *top = (char *)talk.stack.low + talk.stack.size - sizeof above;
    memcpy(top, above, sizeof above);
    fiber_make(&talk.there, talk.stack.low, talk.stack.size - sizeof above,
               context_modes(), trace_back);
    go(&talk, &talk);
    assert_true(talk.frames >= 2 && talk.frames <= 4);
    end(&talk);
}

/* The assembly's; NULL with ucontext. */
extern const char context_end[] __attribute__((weak, visibility("hidden")));

/* A profiler and what it must see: from some frame on, the callers of the one
 * who runs. They are always the same, only where it stands itself differs. */
static struct {
    const struct stack *stack;
    struct trace {
        void *frames[DEEP];
        int count;
    } here, there;
    volatile sig_atomic_t taken[2], wrong;
} profile;

static void take_trace(int signal)
{
    void *frames[DEEP];
    int count = backtrace(frames, DEEP);
    uintptr_t at = (uintptr_t)__builtin_frame_address(0);
    bool there = at - (uintptr_t)profile.stack->low < profile.stack->size;
    const struct trace *expected = there ? &profile.there : &profile.here;
    int callers = expected->count - OWN;

    (void)signal;
    profile.taken[there]++;
    if (count <= callers ||
        memcmp(&frames[count - callers], &expected->frames[OWN],
               (size_t)callers * sizeof frames[0]) != 0)
        profile.wrong++;
}

static void switch_for_ever(void *pass)
{
    struct talk *talk = pass;

    fiber_arrive(&talk->there);
    profile.there.count = backtrace(profile.there.frames, DEEP);
    while (back(talk, NULL) != NULL)
        talk->calls++;
    fiber_exit(&talk->there, &talk->here, NULL);
}

/* Lets both sides note whence they were called; the first backtrace() also loads
 * libgcc, which no signal handler may. Always inlined: here is the test. */
static inline __attribute__((always_inline)) void
begin_profile(struct talk *talk, int signal, struct sigaction *before)
{
    const struct sigaction look = {.sa_handler = take_trace,
                                   .sa_flags = SA_RESTART};
    begin(talk, switch_for_ever);
    profile.stack = &talk->stack;
    profile.taken[0] = profile.taken[1] = profile.wrong = 0;
    profile.here.count = backtrace(profile.here.frames, DEEP);
    go(talk, talk);
    must(sigaction(signal, &look, before));
}

static void end_profile(struct talk *talk, int signal,
                        const struct sigaction *before)
{
    must(sigaction(signal, before, NULL));
    go(talk, NULL);
    end(talk);
}

static void a_profiler_may_look_at_any_moment(void **state)
{
    enum { SWITCHES = 1000000, TRACES = 100 };
    const struct itimerval each_ms = {{0, 1000}, {0, 1000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction before;
    struct talk talk;
    (void)state;
    if (FIBER_TSAN) /* keeps signals back until the next system call */
        skip();
    if (context_end == NULL) /* glibc says wrongly how to leave swapcontext */
        skip();
    begin_profile(&talk, SIGPROF, &before);
    must(setitimer(ITIMER_PROF, &each_ms, NULL));
    while (talk.calls < SWITCHES / 2 || profile.taken[0] < TRACES ||
           profile.taken[1] < TRACES)
        go(&talk, &talk);
    must(setitimer(ITIMER_PROF, &never, NULL));
    end_profile(&talk, SIGPROF, &before);
    assert_int_equal(profile.wrong, 0);
}

#if defined(__x86_64__)
/* The trap flag: SIGTRAP after each instruction. Valgrind knows none. */
static void a_backtrace_is_whole_at_each_instruction_of_a_switch(void **state)
{
    struct sigaction before;
    struct talk talk;
    (void)state;
    if (FIBER_TSAN || context_end == NULL)
        skip(); /* as above */
    begin_profile(&talk, SIGTRAP, &before);
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    go(&talk, &talk);
    /* Before the next pushfq, which moves rsp and tells nobody. */
    const int wrong = profile.wrong;
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
    end_profile(&talk, SIGTRAP, &before);
    assert_int_equal(wrong, 0);
    assert_true(profile.taken[0] > 20 || profile.taken[0] == 0);
}
#endif

static void the_words_lie_in_the_stack_from_the_top_down(void **state)
{
    struct talk talk;
    bool entry = false;
    (void)state;
    begin(&talk, echo);
    /* Made again where somebody else has stood. */
    memset(talk.stack.low, 0x55, talk.stack.size);
    fiber_make(&talk.there, talk.stack.low, talk.stack.size, context_modes(),
               echo);
    const char *base = (const char *)talk.there.context;
    const char *above = (const char *)talk.stack.low + talk.stack.size;
    for (const struct context_word *w = context_words(); w->name; w++) {
        void (*value)(void *);
        memcpy(&value, base + w->offset, sizeof value);
        entry = entry || value == echo;
        if (w->fresh != NULL && strstr(w->fresh, "no caller") != NULL)
            assert_true(value == NULL);
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
        cmocka_unit_test(a_new_one_has_the_rounding_mode_it_was_given),
        cmocka_unit_test(the_stack_is_aligned_for_sse),
        cmocka_unit_test(a_crooked_piece_of_memory_is_straightened),
        cmocka_unit_test(a_backtrace_ends_at_the_entry),
        cmocka_unit_test(a_profiler_may_look_at_any_moment),
#if defined(__x86_64__)
        cmocka_unit_test(a_backtrace_is_whole_at_each_instruction_of_a_switch),
#endif
        cmocka_unit_test(the_words_lie_in_the_stack_from_the_top_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
