/* SPDX-License-Identifier: MIT
 *
 * workers.h - threads for handlers that block: jobs go out through a queue and
 * come back through another, and an eventfd tells the loop that one is there.
 *
 * The loop watches workers_fd() like any socket and never polls. A job that is
 * done is written down first and the eventfd told second; the loop resets the
 * eventfd first and takes the jobs second. So none is left lying: who comes
 * after the look has rung again.
 *
 * Read with: TLPI, 63.4; eventfd(2).
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <stddef.h>
#include <sys/queue.h>

/* To be the first member of the caller's own. Whose it is: the caller's, until
 * workers_give(); the workers', until workers_take(). */
struct job {
    STAILQ_ENTRY(job) link;
};

struct workers;

/* So many threads, each of which calls run for one job after the other. -ENOMEM,
 * -EAGAIN (no more threads), -EMFILE. */
int workers_new(struct workers **out, size_t count, void (*run)(struct job *));

/* Becomes readable when a job is done. Borrowed. */
int workers_fd(const struct workers *workers);

/* Hands a job over. Does not wait for it. One thread, the loop's, calls this and
 * the next. */
void workers_give(struct workers *workers, struct job *job);

/* Resets the descriptor, and takes out all that are done, in that order of being
 * done: the first is returned, and STAILQ_NEXT() leads to the others. */
struct job *workers_take(struct workers *workers);

/* Lets all jobs be run, and the threads end. What is done and not taken is the
 * caller's again. NULL is taken. */
void workers_free(struct workers *workers);

#endif
