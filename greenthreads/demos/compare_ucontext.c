/* SPDX-License-Identifier: MIT
 *
 * compare_ucontext.c - a task is a ucontext: a stack that the C library switches
 * to. This is a whole scheduler in little: who waits goes straight to the task
 * whose moment comes first, once it has come. When both are over, main, on the
 * OS thread's own stack, goes on.
 *
 * swapcontext() keeps all registers and, by a system call each time, the signal
 * mask; makecontext() passes only ints, so a pointer travels as two halves.
 */
#include <ucontext.h>

#include "../fiber.h" /* what sanitizers must know of a stack */
#include "../stack.h"
#include "compare.h"

#define NEVER INT64_MAX

struct task {
    ucontext_t context;
    struct fiber checked; /* for the sanitizers only */
    struct task *other, *main;
    void (*function)(struct task *self);
    void *script; /* or the game */
    int number;
    int64_t moment; /* when it wants to go on; 0: at once; NEVER: it is over */
};

/* ---- The switch, announced to the sanitizers ---- */

FIBER_UNSEEN static void switch_to(struct task *self, struct task *next)
{
#if FIBER_ASAN
    void **kept = &self->checked.returned_frames;
    next->checked.before = &self->checked;
    __sanitizer_start_switch_fiber(self->moment == NEVER ? NULL : kept,
                                   next->checked.low, next->checked.size);
#endif
#if FIBER_TSAN
    if (self->checked.record == NULL)
        self->checked.record = __tsan_get_current_fiber();
    if (next->checked.record == NULL)
        next->checked.record = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(next->checked.record, 0);
#endif
    must(swapcontext(&self->context, &next->context));
    fiber_arrive(&self->checked);
}

/* ---- The scheduler ---- */

/* Goes on at that moment; the other runs before, if its own comes no later. */
static void wait_until(struct task *self, int64_t moment)
{
    struct task *next = self->other->moment <= moment ? self->other : self;

    self->moment = moment;
    if (next->moment == NEVER)
        next = self->main; /* both are over */
    else if (next->moment > 0)
        sleep_until(next->moment);
    if (next != self)
        switch_to(self, next);
}

static void start(unsigned high, unsigned low)
{
    uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
    struct task *self = (struct task *)address;

    fiber_arrive(&self->checked);
    self->function(self);
    wait_until(self, NEVER);
}

static void set_off(struct task *task, struct stack_pool *stacks)
{
    uint64_t address = (uintptr_t)task;
    struct stack stack;

    int rc = stack_take(stacks, &stack);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make a stack: %s", stack_strerror(rc));
    must(getcontext(&task->context));
    task->context.uc_stack =
        (stack_t){.ss_sp = stack.low, .ss_size = stack.size};
    task->context.uc_link = NULL; /* where to go if start() returned */
    makecontext(&task->context, (void (*)(void))start, 2,
                (unsigned)(address >> 32), (unsigned)address);
#if FIBER_ASAN
    task->checked.low = stack.low;
    task->checked.size = stack.size;
#endif
}

/* Two tasks, until both are over. */
static void run_both(void *script, void (*first)(struct task *self),
                     void (*second)(struct task *self))
{
    struct task here = {.number = 0};
    struct task task[2] = {{.function = first}, {.function = second}};
    struct stack_pool *stacks;

    int rc = stack_pool_new(&stacks, 0, GUARD_BEST);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make stacks: %s", stack_strerror(rc));
    for (int i = 0; i < 2; i++) {
        task[i].script = script;
        task[i].number = i;
        task[i].other = &task[1 - i];
        task[i].main = &here;
        set_off(&task[i], stacks);
    }
    switch_to(&here, &task[0]);
    fiber_forget(&task[0].checked);
    fiber_forget(&task[1].checked);
    stack_pool_free(stacks);
}

/* ---- The script ---- */

static void late(struct task *self)
{
    struct script *script = self->script;

    wait_until(self, after_ms(script, now_ns(), LATE_MS));
    say(script, LATE);
}

static void early(struct task *self)
{
    struct script *script = self->script;

    wait_until(self, after_ms(script, now_ns(), EARLY_MS));
    say(script, EARLY);
    wait_until(self, after_ms(script, now_ns(), NESTED_MS));
    say(script, NESTED);
}

static void timers(struct script *script)
{
    say(script, BEGIN);
    say(script, MEANWHILE); /* they begin when main waits */
    run_both(script, late, early);
}

static void player(struct task *self)
{
    struct game *game = self->script;

    for (long i = 0; i < game->rounds; i++) {
        take_turn(game, self->number);
        wait_until(self, 0);
    }
}

static void play(struct game *game)
{
    run_both(game, player, player);
}

const struct engine engine_ucontext = {
    "ucontext", "a task is a stack that the C library switches to", timers,
    play};
