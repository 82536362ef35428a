/* SPDX-License-Identifier: MIT
 *
 * run.c - two green threads count, and each lets the other go on after every
 * line. When the shorter has finished, the longer is alone.
 *
 * Try: greenthreads run
 * Read with: Green Threads Explained in 200 Lines, "An implementation".
 */
#include "../demo.h"
#include "../runtime.h"
#include "verbs.h"

enum { SHORT = 10, LONG = 15 };

struct log { /* both threads write it, without a lock: they take turns */
    struct line {
        int who, number;
    } lines[SHORT + LONG];
    int count;
};

struct counter {
    int who, limit;
    struct log *log;
};

static void *count(void *argument)
{
    const struct counter *self = argument;

    for (int number = 0; number < self->limit; number++) {
        trace(runtime_name(), "counts %d", number);
        self->log->lines[self->log->count++] = (struct line){self->who, number};
        must(runtime_yield());
    }
    return NULL;
}

/* How many lines, from the first, are as they must be. */
static int lines_in_turn(const struct log *log)
{
    for (int i = 0; i < log->count; i++) {
        int who = i < 2 * SHORT ? i % 2 : 1;
        int number = i < 2 * SHORT ? i / 2 : i - SHORT;
        if (log->lines[i].who != who || log->lines[i].number != number)
            return i;
    }
    return log->count;
}

int run_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc = "Two green threads count 0-9 and 0-14, alternating."};
    struct log log = {.count = 0};
    struct counter brief = {0, SHORT, &log}, lasting = {1, LONG, &log};
    struct runtime *rt;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "run: a green thread never got its turn\n");
    int rc = runtime_new(&rt, 0, GUARD_BEST);
    if (rc == 0)
        rc = runtime_spawn(rt, count, &brief, "thread-1", NULL);
    if (rc == 0)
        rc = runtime_spawn(rt, count, &lasting, "thread-2", NULL);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make two green threads");

    must(runtime_run(rt));
    must(runtime_free(rt));
    printf("%d lines, %d of them in turn; the last %d by thread-2 alone\n",
           log.count, lines_in_turn(&log), LONG - SHORT);
    return lines_in_turn(&log) == SHORT + LONG ? EXIT_SUCCESS : EXIT_FAILURE;
}
