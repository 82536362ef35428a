/* SPDX-License-Identifier: MIT
 *
 * many.c - very many green threads, all alive at once: how long it takes to make
 * one, to go round, and to end, and what each holds in memory meanwhile.
 *
 * One more, the observer, was spawned first, and so has the first turn of each
 * round: in the first all begin, in the second each gets one more turn, in the
 * third they end. Between two rounds all but the observer stand still.
 *
 * Try: greenthreads many --count 1000000; greenthreads many --guard mprotect
 *      --count 40000
 * Read with: Green Threads Explained in 200 Lines, "The stack".
 */
#include <sys/resource.h>

#include "../demo.h"
#include "../runtime.h"
#include "proc.h"
#include "verbs.h"

static const char *const guards[] = {[GUARD_BEST] = "best",
                                     [GUARD_ADVICE] = "advice",
                                     [GUARD_MPROTECT] = "mprotect",
                                     [GUARD_NONE] = "none"};

struct options {
    long count, stack_kib, runs;
    enum stack_guard guard;
};

struct memory {
    long resident, tables; /* KiB */
};

struct crowd {
    long spawned, alive, alive_at_once;
    int64_t begin, made, started, round, ending, ended; /* now_ns() */
    struct memory before, full;
};

/* ---- Room ---- */

/* Looks before a machine is filled: each thread will touch the page it stands
 * on, its share of the page tables, and its place in the runtime's own. */
static void look_for_room(const struct options *options)
{
    long page = sysconf(_SC_PAGESIZE);
    long stride = options->stack_kib * 1024 + STACK_GUARD;
    long need = options->count * (page + stride / page * 8 + 256) / 1024;
    long have = proc_number("/proc/meminfo", "MemAvailable:");
    struct rlimit limit;

    if (need > have)
        error(EXIT_FAILURE, 0,
              "%ld threads will take %ld MiB, and %ld MiB are available",
              options->count, need / 1024, have / 1024);
    must(getrlimit(RLIMIT_AS, &limit));
    need = options->count * (stride / 1024) +
           proc_number("/proc/self/status", "VmSize:");
    if (limit.rlim_cur != RLIM_INFINITY && (rlim_t)need > limit.rlim_cur / 1024)
        error(EXIT_FAILURE, 0,
              "%ld threads take %ld MiB of addresses, and ulimit -v allows %jd",
              options->count, need / 1024,
              (intmax_t)(limit.rlim_cur / 1024 / 1024));
}

/* ---- The threads ---- */

static struct memory memory_now(void)
{
    return (struct memory){proc_number("/proc/self/status", "VmRSS:"),
                           proc_number("/proc/self/status", "VmPTE:")};
}

static void *one_of_many(void *argument)
{
    struct crowd *crowd = argument;

    crowd->alive++;
    must(runtime_yield());
    must(runtime_yield());
    crowd->alive--;
    return NULL;
}

static void *observe(void *argument)
{
    struct crowd *crowd = argument;

    must(runtime_yield());
    crowd->started = now_ns();
    crowd->full = memory_now();
    crowd->alive_at_once = crowd->alive;
    crowd->round = now_ns();
    must(runtime_yield());
    crowd->ending = now_ns();
    return NULL;
}

static void show_progress(long done, long of)
{
    if (done % 65536 == 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%ld of %ld\033[K%s", done, of,
                of - done < 65536 ? "\r\033[K" : "");
}

/* As many as there can be; tells what stopped it. */
static int spawn_all(struct runtime *rt, struct crowd *crowd, long count)
{
    int rc = runtime_spawn(rt, observe, crowd, "observer", NULL);

    while (rc == 0 && crowd->spawned < count) {
        rc = runtime_spawn(rt, one_of_many, crowd, NULL, NULL);
        if (rc == 0)
            show_progress(++crowd->spawned, count);
    }
    return rc;
}

static void print_row(const struct crowd *crowd)
{
    double each = 1.0 / (double)(crowd->spawned > 0 ? crowd->spawned : 1);

    printf("%8ld %7.0f ns %7.0f ns %7.0f ns %7.0f ns %8.0f B %8.0f B\n",
           crowd->spawned, (double)(crowd->made - crowd->begin) * each,
           (double)(crowd->started - crowd->made) * each,
           (double)(crowd->ending - crowd->round) * each,
           (double)(crowd->ended - crowd->ending) * each,
           (double)(crowd->full.resident - crowd->before.resident) * 1024 *
               each,
           (double)(crowd->full.tables - crowd->before.tables) * 1024 * each);
}

/* Whether all were made, ran, and were alive at once. */
static bool run_once(const struct options *options, bool first)
{
    struct crowd crowd = {.before = memory_now()};
    struct runtime *rt;

    crowd.begin = now_ns();
    int rc =
        runtime_new(&rt, (size_t)options->stack_kib * 1024, options->guard);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make a runtime: %s", stack_strerror(rc));
    if (first)
        printf(
            "green threads on stacks of %ld KiB, guard: %s; for each:\n\n"
            " threads     create      start     switch     finish   resident "
            "page tables\n",
            options->stack_kib, guards[runtime_guard(rt)]);
    rc = spawn_all(rt, &crowd, options->count);
    crowd.made = now_ns();
    if (rc < 0)
        error(0, 0, "make thread %ld: %s", crowd.spawned + 1,
              stack_strerror(rc));
    must(runtime_run(rt));
    crowd.ended = now_ns();
    print_row(&crowd);
    must(runtime_free(rt));
    if (rc == 0 && crowd.alive_at_once < options->count)
        error(0, 0, "only %ld were alive at once", crowd.alive_at_once);
    return crowd.alive_at_once == options->count && crowd.alive == 0;
}

/* ---- The verb ---- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'c':
        options->count = count_arg(state, "--count", arg, 1, 1000000000);
        return 0;
    case 's':
        options->stack_kib =
            count_arg(state, "--stack", arg, STACK_LEAST / 1024, 1048576);
        return 0;
    case 'r':
        options->runs = count_arg(state, "--runs", arg, 1, 1000);
        return 0;
    case 'g':
        for (enum stack_guard g = GUARD_BEST; g <= GUARD_NONE; g++) {
            if (strcmp(arg, guards[g]) == 0) {
                options->guard = g;
                return 0;
            }
        }
        argp_error(state,
                   "--guard: '%s' is none of best, advice, mprotect, none",
                   arg);
        return 0;
    default:
        return unexpected(key, arg, state);
    }
}

int many_main(int argc, char **argv)
{
    const struct argp_option lines[] = {
        {"count", 'c', "N", 0, "so many (10000)", 0},
        {"stack", 's', "KIB", 0, "stacks of so many KiB, from 16 on (32)", 0},
        {"guard", 'g', "KIND", 0,
         "guarded by advice, mprotect, none, or the best there is (best)", 0},
        {"runs", 'r', "N", 0, "does it again, and looks what is left over", 0},
        {0}};
    const struct argp argp = {lines, parse,
                              .doc = "Very many green threads, all at once."};
    struct options options = {.count = 10000, .stack_kib = 32, .runs = 1};
    long first_maps = 0, first_fds = 0;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    look_for_room(&options);
    for (long run = 1; run <= options.runs; run++) {
        if (!run_once(&options, run == 1))
            return EXIT_FAILURE;
        long maps = proc_mappings(), fds = proc_descriptors();
        if (run == 1) {
            first_maps = maps;
            first_fds = fds;
        }
        if (maps != first_maps || fds != first_fds)
            error(
                EXIT_FAILURE, 0,
                "run %ld left %ld mappings and %ld descriptors, not %ld and %ld",
                run, maps, fds, first_maps, first_fds);
    }
    printf("\nall %ld ran, and were alive at once\n", options.count);
    if (options.runs > 1)
        printf("%ld runs: nothing left over, mapping or descriptor\n",
               options.runs);
    return EXIT_SUCCESS;
}
