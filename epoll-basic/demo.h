/* SPDX-License-Identifier: MIT
 *
 * demo.h - for demos, not modules: verbs, arguments, lines that tell who and
 * when, a watchdog, a bench. The same file, to the byte, lies in each directory.
 */
#ifndef DEMO_H
#define DEMO_H

#include <argp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* ---- Verbs: one table is help, dispatch and index of the book ---- */

struct verb {
    const char *name;
    const char *what;                  /* its line in --help */
    int (*run)(int argc, char **argv); /* gives the program's exit status */
};

/* At exit: unwritten output is a failure; a reader that has left, a quiet one. */
static inline void close_stdout(void)
{
    if (ferror(stdout) == 0 && fclose(stdout) == 0)
        return;
    if (errno != EPIPE)
        error(0, errno, "write to standard output");
    _exit(EXIT_FAILURE);
}

/* --help, --usage and --version of the program itself. */
static inline int show_help(int argc, char **argv, const char *about,
                            const struct verb *verbs, size_t count)
{
    struct argp_option lines[32] = {{0}};
    const struct argp argp = {lines, NULL, "[VERB] [ARG...]", .doc = about};

    for (size_t i = 0; i < count && i < 31; i++) {
        lines[i].name = verbs[i].name;
        lines[i].doc = verbs[i].what;
        lines[i].flags = OPTION_DOC | OPTION_NO_USAGE;
        lines[i].group = (int)i + 1; /* keeps the order */
    }
    return argp_parse(&argp, argc, argv, 0, NULL, NULL);
}

/* What main() ends in. The first verb also gets a line that names no verb. */
static inline int run_verb(int argc, char **argv, const char *about,
                           const struct verb *verbs, size_t count)
{
    static char title[64];
    const char *word = argc > 1 ? argv[1] : "";
    const struct verb *verb = &verbs[0];
    argp_program_version = "Async C 1.0";
    program_invocation_name = program_invocation_short_name;
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(atexit(close_stdout));
    if (argc == 2 &&
        (strcmp(word, "--help") == 0 || strcmp(word, "--usage") == 0 ||
         strcmp(word, "--version") == 0))
        return show_help(argc, argv, about, verbs, count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, verbs[i].name) == 0)
            verb = &verbs[i];
    if (strcmp(word, verb->name) == 0)
        argc--, argv++;
    /* error() and argp put this name in front of what they say. */
    snprintf(title, sizeof title, "%s %s", program_invocation_name, verb->name);
    program_invocation_name = argv[0] = title;
    return verb->run(argc, argv);
}

/* Where an argp parser ends: what no case took is named and refused. It is the
 * whole parser of a verb that takes nothing. */
static inline error_t unexpected(int key, char *arg, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument '%s'", arg);
    return ARGP_ERR_UNKNOWN;
}

/* A checked number for an option or argument called name; a bad one ends the
 * program with status 64 and a line that names the limits. */
static inline long count_arg(struct argp_state *state, const char *name,
                             const char *arg, long min, long max)
{
    long value = min;
    if (parse_count(arg, min, max, &value) < 0)
        argp_error(state, "%s: '%s' is not a number from %ld to %ld", name, arg,
                   min, max);
    return value;
}

/* ---- Lines that tell when, in which order and who ---- */

/* One line on stdout: milliseconds since this demo's first line, a tick that
 * counts the lines, who, and what. Any thread may call it; lines never mix. */
__attribute__((format(printf, 2, 3))) static inline void
trace(const char *who, const char *format, ...)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int64_t start, tick; /* guarded by lock, as is the line */
    va_list args;
    must(pthread_mutex_lock(&lock));
    if (tick++ == 0)
        start = now_ns();
    printf("%8.2f ms %4ld %-12s ", (double)(now_ns() - start) / 1e6, tick, who);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    must(pthread_mutex_unlock(&lock));
}

/* ---- Watchdog: a demo that hangs says so, and ends ---- */

static const char *watchdog_line;
static inline void watchdog_bites(int signal_number)
{
    if (write(STDERR_FILENO, watchdog_line, strlen(watchdog_line)) < 0)
        _exit(signal_number);
    _exit(EXIT_FAILURE);
}

/* Unless watchdog(0, "") comes within so many seconds, the program ends with
 * status 1 and this line ("...\n") on stderr. */
static inline void watchdog(unsigned seconds, const char *line)
{
    watchdog_line = line;
    signal(SIGALRM, watchdog_bites);
    alarm(seconds);
}

/* ---- Bench: contenders in turn, in rounds ---- */

struct contender {
    const char *name;
    int (*run)(long operations); /* gives 0 or a negative errno */
    long operations;             /* in one round */
};

enum { BENCH_ROUNDS = 11, BENCH_MOST = 16 };

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline error_t parse_csv(int key, char *arg, struct argp_state *state)
{
    if (key != 'c')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

/* The whole of `bench [--csv]`. Each contender runs once a round, so that a slow
 * moment meets them all; a first round warms up. Ratios are to the first row. */
static inline int run_bench(int argc, char **argv, const char *about,
                            const struct contender *rows, size_t count)
{
    const struct argp_option options[] = {
        {"csv", 'c', NULL, 0, "comma-separated values", 0}, {0}};
    const struct argp argp = {options, parse_csv, .doc = about};
    double ns[BENCH_MOST][BENCH_ROUNDS];
    bool csv = false;

    argp_parse(&argp, argc, argv, 0, NULL, &csv);
    for (int round = -1; round < BENCH_ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            int64_t start = now_ns();
            int rc = rows[i].run(rows[i].operations);
            if (rc < 0)
                error(EXIT_FAILURE, -rc, "run '%s'", rows[i].name);
            ns[i][round < 0 ? 0 : round] =
                (double)(now_ns() - start) / (double)rows[i].operations;
        }
    }
    printf(csv ? "%s,%s,%s,%s,%s\n" : "%-26s %10s %10s %10s %6s\n", "name",
           "median ns", "least", "most", "ratio");
    for (size_t i = 0; i < count; i++) {
        qsort(ns[i], BENCH_ROUNDS, sizeof ns[i][0], compare_doubles);
        double median = ns[i][BENCH_ROUNDS / 2];
        printf(csv ? "\"%s\",%.2f,%.2f,%.2f,%.3f\n"
                   : "%-26s %10.2f %10.2f %10.2f %6.2f\n",
               rows[i].name, median, ns[i][0], ns[i][BENCH_ROUNDS - 1],
               median / ns[0][BENCH_ROUNDS / 2]);
    }
    return EXIT_SUCCESS;
}

#endif
