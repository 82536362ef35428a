/* SPDX-License-Identifier: MIT
 *
 * asked.h - what the command line of `max` asks for.
 */
#ifndef ASKED_H
#define ASKED_H

#include <stdbool.h>
#include <stddef.h>

struct worker;

struct way {
    const char *name;
    int (*run)(struct worker *w, void *slice);
    bool needs_pool;
};

struct asked {
    const struct way *way;
    int *numbers; /* the caller's, for free() */
    size_t count;
};

/* Reads the line. Bad usage ends the program, as argp does. */
struct asked ask(int argc, char **argv);

#endif
