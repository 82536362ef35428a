/* SPDX-License-Identifier: MIT
 *
 * child.h - for demos: what may end badly, in a process of its own.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>

struct ending {
    int status;  /* as waitpid(2) gives it */
    size_t told; /* bytes that the child has told before it ended */
};

/* Runs act(to, argument) in a child process, and reads what it writes to the
 * descriptor to, up to room bytes, into told. In the child nobody catches a
 * fault, it leaves no core file, and after 30 seconds SIGALRM ends it. */
struct ending child_run(void (*act)(int to, void *argument), void *argument,
                        void *told, size_t room);

/* It did something that the processor refused. */
bool child_faulted(struct ending ending);

/* How it ended: "killed by SIGSEGV"; a text that the next call overwrites. */
const char *child_how(struct ending ending);

#endif
