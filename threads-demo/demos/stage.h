/* SPDX-License-Identifier: MIT
 *
 * stage.h - what most demos need before their story begins: the command line
 * read, the threads started.
 */
#ifndef STAGE_H
#define STAGE_H

#include <pthread.h>
#include <stddef.h>

/* An option, and what was given. Without words and number it is a mere flag. */
struct choice {
    const char *option;   /* long name; the short one is its first letter */
    const char *what;     /* its line in --help */
    int chosen;           /* which of the words; -1: none of them */
    const char *words[5]; /* NULL behind the last */
    long most, number;    /* most > 0: a number up to that will do too */
};

/* Reads the line of a verb that takes these options and nothing else. A line that
 * says something else ends the program with status 64. */
void choose(int argc, char **argv, const char *doc, struct choice *choices,
            size_t count);

/* Ends the program in the same way, for options that do not go together. */
_Noreturn void refuse(const char *why);

/* Starts a thread; without one the story cannot be told, and the program ends. */
pthread_t start_thread(void *(*run)(void *arg), void *arg);

#endif
