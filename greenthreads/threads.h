/* SPDX-License-Identifier: MIT
 *
 * threads.h - the table of a runtime's green threads: what is known of each, and
 * which of them may be used again. For runtime.c; nobody else looks inside.
 *
 * A thread and its stack stay together for good. So whoever is used again stands
 * on a stack that is warm: the last one put back is the first one taken.
 */
#ifndef THREADS_H
#define THREADS_H

#include <stdbool.h>

#include "fiber.h"
#include "runtime.h"
#include "timers.h"

/* READY: or it runs. JOINING: only the end of another thread can wake it. */
enum thread_state { UNUSED, READY, WAITING, JOINING, FINISHED };

struct thread {
    struct fiber fiber; /* first: what a switch needs */
    void *(*function)(void *argument);
    void *value; /* argument; later what it returned */
    const char *name;
    void *stack; /* its lowest byte */
    union {
        struct thread *joiner; /* who waits for it, or NULL */
        struct thread *unused; /* the next unused one, while UNUSED */
    };
    struct thread_id id;
    uint32_t timer; /* timers.h */
    unsigned char state;
    bool joinable, timed_out;
};

struct threads {
    struct thread *unused; /* the next to be used; NULL: threads_add() first */
    struct thread **block; /* thread i is block[i / BLOCK][i % BLOCK] */
    size_t blocks, used;
    size_t stack_size;
    struct stack_pool *stacks;
};

/* An empty table. Errors as stack_pool_new(). */
int threads_init(struct threads *threads, size_t stack_size,
                 enum stack_guard guard);

/* Frees all threads and their stacks, wherever they stand. */
void threads_destroy(struct threads *threads);

/* One more, unused, with a stack. Errors as stack_take(). */
int threads_add(struct threads *threads);

/* The one that id means, if it may be joined; else NULL. */
struct thread *threads_find(const struct threads *threads, struct thread_id id);

/* An unused one; there is one. */
static inline struct thread *threads_take(struct threads *threads)
{
    struct thread *thread = threads->unused;
    threads->unused = thread->unused;
    return thread;
}

/* It is over, and what it returned has been fetched. Its stack is not touched:
 * it may still stand there. */
static inline void threads_put_back(struct threads *threads,
                                    struct thread *thread)
{
    thread->state = UNUSED;
    thread->unused = threads->unused;
    threads->unused = thread;
}

#endif
