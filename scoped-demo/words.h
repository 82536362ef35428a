/* SPDX-License-Identifier: MIT
 *
 * words.h - a command line on which negative numbers are numbers.
 */
#ifndef WORDS_H
#define WORDS_H

/* A copy of argv, with a blank put in front of each word that begins as a
 * negative number does (-4). argp, which takes "-4" for an option, leaves " -4"
 * alone, and strtol() skips the blank. It is one piece, for free(); NULL: out
 * of memory. */
char **words_shield(int argc, char **argv);

/* The word as it was typed; NULL stays NULL. */
char *words_bare(char *word);

#endif
