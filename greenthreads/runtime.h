/* SPDX-License-Identifier: MIT
 *
 * runtime.h - green threads: many stacks, one OS thread, and turns taken
 * politely. A green thread runs until it yields, joins or returns; nobody takes
 * the processor from it.
 *
 * All state is in a struct runtime; a program may have several. One OS thread
 * at a time may use a runtime. Whom a function's text speaks of as "the caller"
 * is the green thread that runs; before and after runtime_run() there is none.
 *
 * Nothing here prints or ends the program; each call says what went wrong.
 *
 * Read with: Green Threads Explained in 200 Lines, "An implementation".
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>
#include <stdint.h>

struct runtime; /* runtime.c alone sees the threads */

/* Which green thread. The places of those that are over are used again, but the
 * number of the use tells them apart: an old id is refused, not mistaken. */
struct thread_id {
    uint32_t place, use;
};

/* A runtime without threads. Their stacks have stack_size bytes, 0 stands for
 * STACK_DEFAULT. -EINVAL: less than STACK_LEAST, or absurdly much; -ENOMEM. */
int runtime_new(struct runtime **out, size_t stack_size);

/* Frees the runtime. Threads that have not finished are dropped where they
 * stand: what they own is not released. -EBUSY: called by one of its own green
 * threads; nothing was freed. NULL is let pass. */
int runtime_free(struct runtime *rt);

/* A green thread that calls function(rt, argument), once its turn comes; the
 * caller goes on. Anyone may spawn, from outside too. name is copied, up to
 * 15 bytes of it; NULL stands for "". With out, someone must join it; without (NULL), nobody can,
 * and all of it is used again when it ends. -ENOMEM. */
int runtime_spawn(struct runtime *rt,
                  void *(*function)(struct runtime *rt, void *argument),
                  void *argument, const char *name, struct thread_id *out);

/* Runs green threads in turn until all have finished. -EDEADLK: those that are
 * left all wait for each other; -EBUSY: called while it runs already. */
int runtime_run(struct runtime *rt);

/* Lets all others who are ready run first. -EPERM: no green thread of this
 * runtime is running, so nobody can yield. */
int runtime_yield(struct runtime *rt);

/* Waits until thread id has returned, stores what it returned in *result
 * (unless NULL) and forgets it. Once it has finished it may be joined from
 * outside as well. -ESRCH: no such thread, or joined before; -EDEADLK: it is
 * the caller itself; -EBUSY: another one waits for it already; -EPERM: it has
 * not finished, and there is no green thread that could wait. */
int runtime_join(struct runtime *rt, struct thread_id id, void **result);

/* The caller's name, good until it ends; NULL if no green thread is running. */
const char *runtime_name(const struct runtime *rt);

#endif
