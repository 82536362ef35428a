/* SPDX-License-Identifier: MIT
 *
 * fiber.h - a context together with what the checkers must know of it.
 *
 * AddressSanitizer keeps, for each stack, its bounds and a store of frames that
 * have returned; ThreadSanitizer keeps a call stack for each thread. To both a
 * switch by hand is a riddle unless it is announced: before it, where we are
 * going; after it, that we have arrived. (Valgrind only wants to hear of stacks:
 * stack.c.) In a plain build a fiber is its context pointer and fiber_switch()
 * is context_switch().
 *
 * Whoever leaves a fiber for good says so (fiber_exit), or AddressSanitizer
 * keeps its store for ever. ThreadSanitizer's record of a fiber is made at its
 * first switch, not before: one that never runs then needs none. It knows at
 * most some 8,000 at a time.
 */
#ifndef FIBER_H
#define FIBER_H

#include <stddef.h>

#include "context.h"

#if defined(__has_feature)
#define FIBER_FEATURE(name) __has_feature(name)
#else
#define FIBER_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || FIBER_FEATURE(address_sanitizer)
#define FIBER_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define FIBER_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || FIBER_FEATURE(thread_sanitizer)
#define FIBER_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define FIBER_TSAN 0
#endif

/* A function that enters in one fiber and leaves in another is not itself to be
 * counted as entered or left. (gcc inlines no such function into others.) */
#if FIBER_TSAN && defined(__clang__)
#define FIBER_UNSEEN \
    __attribute__((noinline, disable_sanitizer_instrumentation))
#elif FIBER_TSAN
#define FIBER_UNSEEN __attribute__((no_sanitize("thread")))
#else
#define FIBER_UNSEEN
#endif

struct fiber {
    struct context *context; /* where it goes on, while it stands still */
#if FIBER_ASAN
    const void *low; /* its stack; unknown (NULL, 0) for an OS thread's own */
    size_t size;
    void *returned_frames; /* ASan's store, while it stands still */
    struct fiber *before;  /* who switched to it */
#endif
#if FIBER_TSAN
    void *record; /* NULL before its first switch */
#endif
};

/* A fiber that will run entry(pass) on this stack, in those modes, where nobody
 * else stands; entry must call fiber_arrive() first. One that ended may be made anew. An OS
 * thread that switches to fibers has one of its own too, all zero at first. */
static inline void fiber_make(struct fiber *fiber, void *low, size_t size,
                              struct context_modes modes,
                              void (*entry)(void *pass));

/* In entry, before all else: tells that the first switch has arrived. */
static inline void fiber_arrive(struct fiber *self);

/* As context_switch(), from self, who runs, to next, who stands still. */
static inline void *fiber_switch(struct fiber *self, struct fiber *next,
                                 void *pass);

/* The same, and nobody will switch to self again. */
static inline void fiber_exit(struct fiber *self, struct fiber *next,
                              void *pass);

/* Before the memory of a fiber made by fiber_make(), or of its stack, goes away
 * or is used otherwise. It has ended, or is dropped where it stands. */
static inline void fiber_forget(struct fiber *fiber);

/* ---- How ---- */

static inline void fiber_forget(struct fiber *fiber)
{
    (void)fiber;
#if FIBER_ASAN /* red zones of frames that never returned */
    if (fiber->low != NULL)
        __asan_unpoison_memory_region(fiber->low, fiber->size);
#endif
#if FIBER_TSAN
    if (fiber->record != NULL)
        __tsan_destroy_fiber(fiber->record);
    fiber->record = NULL;
#endif
}

static inline void fiber_make(struct fiber *fiber, void *low, size_t size,
                              struct context_modes modes,
                              void (*entry)(void *pass))
{
#if FIBER_ASAN
    *fiber = (struct fiber){.low = low, .size = size};
#endif
    fiber_forget(fiber);
    fiber->context = context_make(low, size, modes, entry);
}

static inline void fiber_arrive(struct fiber *self)
{
    (void)self;
#if FIBER_ASAN
    __sanitizer_finish_switch_fiber(self->returned_frames, &self->before->low,
                                    &self->before->size);
#endif
}

FIBER_UNSEEN static inline void *fiber_switch(struct fiber *self,
                                              struct fiber *next, void *pass)
{
#if FIBER_ASAN
    next->before = self;
    __sanitizer_start_switch_fiber(&self->returned_frames, next->low,
                                   next->size);
#endif
#if FIBER_TSAN
    if (self->record == NULL)
        self->record = __tsan_get_current_fiber();
    if (next->record == NULL)
        next->record = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(next->record, 0);
#endif
    pass = context_switch(&self->context, next->context, pass);
    fiber_arrive(self);
    return pass;
}

FIBER_UNSEEN static inline void fiber_exit(struct fiber *self,
                                           struct fiber *next, void *pass)
{
#if FIBER_ASAN
    next->before = self;
    __sanitizer_start_switch_fiber(NULL, next->low, next->size);
#endif
#if FIBER_TSAN
    if (next->record == NULL)
        next->record = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(next->record, 0);
#endif
    context_switch(&self->context, next->context, pass);
}

#endif
