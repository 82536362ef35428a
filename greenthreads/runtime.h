/* SPDX-License-Identifier: MIT
 *
 * runtime.h - green threads: many stacks, one OS thread, and turns taken
 * politely. A green thread runs until it yields, waits or returns; nobody takes
 * the processor from it.
 *
 * All state is in a struct runtime; a program may have several, and one OS
 * thread at a time may use each. Calls with a runtime as argument may come from
 * outside too; those without are for the green thread that runs, called the
 * caller here. It finds its runtime as it finds its errno: one variable of the
 * OS thread tells which runtime this is running. (Handing it around would cost:
 * who is next would come from registers that lay on a cold stack.)
 *
 * Nothing here prints or ends the program; each call says what went wrong.
 *
 * Read with: Green Threads Explained in 200 Lines, "An implementation".
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "stack.h"

struct runtime; /* runtime.c alone sees these two */
struct thread;

/* Which green thread. The places of those that are over are used again, but the
 * number of the use tells them apart: an old id is refused, not mistaken. */
struct thread_id {
    uint32_t place, use;
};

/* A runtime without threads. Theirs will be stacks of stack_size bytes, 0 for
 * STACK_DEFAULT, and the rounding modes that are in force now. Errors as
 * stack_pool_new(). */
int runtime_new(struct runtime **out, size_t stack_size,
                enum stack_guard guard);

/* Frees the runtime. -ECANCELED: done, but there were threads that had not
 * finished; they were dropped where they stood, and what they own is lost.
 * -EBUSY: it is running, and nothing was freed. NULL is let pass. */
int runtime_free(struct runtime *rt);

/* A green thread that calls function(argument), once its turn comes; the caller
 * goes on. name must live as long as the thread; NULL stands for "". With out,
 * someone must join it; without (NULL), nobody can. When it is over, its stack
 * is the next to be used again: it is still warm. Errors as stack_take(). */
int runtime_spawn(struct runtime *rt, void *(*function)(void *argument),
                  void *argument, const char *name, struct thread_id *out);

/* Runs green threads in turn until all have finished. -EDEADLK: those that are
 * left all wait for each other; -EBUSY: it is running already; or what the
 * driver (below) reports. */
int runtime_run(struct runtime *rt);

/* Waits until thread id has returned, stores what it returned in *result
 * (unless NULL) and forgets it. Once it has finished it may be joined from
 * outside as well. -ESRCH: no such thread, or joined before; -EDEADLK: it is
 * the caller itself; -EBUSY: another one waits for it already; -EPERM: it has
 * not finished, and there is no green thread that could wait. */
int runtime_join(struct runtime *rt, struct thread_id id, void **result);

/* What guards the stacks: stack_pool_guard(). */
enum stack_guard runtime_guard(const struct runtime *rt);

/* ---- For the green thread that runs ---- */

/* Lets all others who are ready run first. -EPERM: no green thread runs here. */
int runtime_yield(void);

/* Lets others run for so many nanoseconds, or somewhat longer. -EPERM; -ENOMEM.
 * While somebody is ready, clocks and descriptors are looked at once in a round
 * of turns, not after each. */
int runtime_sleep(int64_t ns);

/* The runtime, and the name of the caller; NULL if no green thread runs. */
struct runtime *runtime_current(void);
const char *runtime_name(void);

/* If address is in the guard below the caller's stack: its name. Else NULL. For
 * signal handlers, too. */
const char *runtime_overflowed(const void *address);

/* ---- For those who build other ways to wait: io.c is one ---- */

#define RUNTIME_NEVER INT64_MAX /* a deadline that does not come */

/* Stops the caller until somebody wakes it, or until now_ns() is past deadline:
 * -ETIMEDOUT. -EPERM; -ENOMEM. */
int runtime_park(int64_t deadline);

/* The caller, for whoever is to wake it. */
struct thread *runtime_self(void);

/* Ends the park of a green thread of rt. Nothing happens if it is not parked. */
void runtime_wake(struct runtime *rt, struct thread *thread);

/* What the OS thread does when nobody is ready, and once in a while when
 * somebody is. It wakes those for whom something has happened. */
struct runtime_driver {
    size_t waiting; /* how many only the driver can wake */

    /* Waits for something to happen, but not past deadline; only looks if that
     * is past. A signal may end it early. A negative errno ends runtime_run(). */
    int (*wait)(struct runtime_driver *driver, int64_t deadline);

    void (*free)(struct runtime_driver *driver); /* called by runtime_free() */
};

/* Gives the runtime its driver, for good. -EBUSY: it has one. */
int runtime_set_driver(struct runtime *rt, struct runtime_driver *driver);
struct runtime_driver *runtime_driver(const struct runtime *rt);

#endif
