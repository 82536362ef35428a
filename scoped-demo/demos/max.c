/* SPDX-License-Identifier: MIT
 *
 * max.c - the maximum of some numbers, by divide and conquer; of a few numbers,
 * also who looked at which. maximum.c divides.
 *
 * Try: scoped-demo 1 25 -4 10; scoped-demo max --how scope --stats
 * Read with: Rust Cookbook, "Spawn a short-lived thread".
 */
#include <ctype.h>
#include <limits.h>

#include "../demo.h"
#include "../maximum.h"
#include "../pool.h"
#include "../worker.h"
#include "verbs.h"

enum { FEW = 16, LEAVES = 64 };

static const struct way {
    const char *name;
    int (*run)(struct task *top, void *slice);
    bool needs_pool;
} ways[] = {{"join", maximum_join, true},
            {"scope", maximum_scope, true},
            {"threads", maximum_threads, false},
            {"openmp", maximum_openmp, false},
            {"serial", maximum_serial, false}};

static const struct argp_option options[] = {
    {"how", 'w', "WAY", 0, "join (default), scope, threads, openmp, serial", 0},
    {"threads", 't', "N", 0, "workers in the pool (default: the CPUs)", 0},
    {"stats", 's', NULL, 0, "say how many tasks were stolen and allocated", 0},
    {0}};

struct asked {
    const struct way *way;
    unsigned threads;
    bool stats;
    int *numbers;
    size_t count, room;
};

static void add_number(struct asked *asked, int number)
{
    if (asked->count == asked->room) {
        size_t room = 2 * asked->room + 4;
        int *more = realloc(asked->numbers, room * sizeof *more);
        if (more == NULL)
            error(EXIT_FAILURE, ENOMEM, "keep %zu numbers", room);
        asked->numbers = more;
        asked->room = room;
    }
    asked->numbers[asked->count++] = number;
}

/* Adds what stands in the file; "-" is the standard input. */
static void add_file(struct asked *asked, const char *name)
{
    bool is_stdin = strcmp(name, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(name, "re");
    char word[32];
    int begin, end;
    long number;

    if (file == NULL)
        error(EXIT_FAILURE, errno, "open '%s'", name);
    while (fscanf(file, " %n%31s%n", &begin, word, &end) == 1) {
        /* A word that fills `word` may go on, one that is shorter holds a NUL. */
        size_t length = (size_t)(end - begin);
        if (length == sizeof word - 1 || length != strlen(word) ||
            parse_count(word, INT_MIN, INT_MAX, &number) < 0)
            error(EXIT_FAILURE, 0, "%s: '%s' is not a number from %d to %d",
                  name, word, INT_MIN, INT_MAX);
        add_number(asked, (int)number);
    }
    if (ferror(file))
        error(EXIT_FAILURE, errno, "read '%s'", name);
    if (!is_stdin)
        must(fclose(file));
}

static bool looks_like_number(const char *word)
{
    word += *word == '-' || *word == '+';
    return isdigit((unsigned char)*word);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;

    if (key == 'w') {
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            if (strcmp(arg, ways[i].name) == 0) {
                asked->way = &ways[i];
                return 0;
            }
        }
        argp_error(state, "how: no such way as '%s'", arg);
    } else if (key == 't') {
        asked->threads =
            (unsigned)count_arg(state, "threads", arg, 1, POOL_MOST_WORKERS);
    } else if (key == 's') {
        asked->stats = true;
    } else if (key == ARGP_KEY_ARG && looks_like_number(arg)) {
        add_number(asked,
                   (int)count_arg(state, "number", arg, INT_MIN, INT_MAX));
    } else if (key == ARGP_KEY_ARG) {
        add_file(asked, arg);
    } else if (key == ARGP_KEY_NO_ARGS) {
        for (size_t i = 0; i < 4; i++)
            add_number(asked, (const int[]){1, 25, -4, 10}[i]);
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* Not what an option wants to be told, however wrong that is. */
static bool is_negative(char **argv, int i)
{
    return i > 0 && *argv[i] == '-' && looks_like_number(argv[i]) &&
           strcmp(argv[i - 1], "-t") != 0 &&
           strcmp(argv[i - 1], "--threads") != 0;
}

/* argp takes "-4" for an option, unless it stands behind "--": so that is where
 * the negative numbers go, the others before it. For free(). */
static char **negatives_last(int argc, char **argv)
{
    static char dashes[] = "--";
    char **words = calloc((size_t)argc + 2, sizeof *words);
    int count = 0, ends = 0;

    if (words == NULL)
        error(EXIT_FAILURE, ENOMEM, "copy the command line");
    while (ends < argc && strcmp(argv[ends], dashes) != 0)
        ends++;
    for (int i = 0; i < ends; i++)
        if (!is_negative(argv, i))
            words[count++] = argv[i];
    words[count++] = dashes;
    for (int i = 0; i < argc; i++)
        if (i != ends && (i > ends || is_negative(argv, i)))
            words[count++] = argv[i];
    if (words[count - 1] == dashes)
        words[--count] = NULL; /* nothing is behind it */
    return words;
}

/* A pause, as if a leaf were work: time enough for a second worker to come. */
static void tell(struct task *top, const int *numbers, size_t count)
{
    char who[24];

    snprintf(who, sizeof who, "%s", gettid() == getpid() ? "main" : "thread");
    if (top != NULL)
        snprintf(who, sizeof who, "worker-%u", worker_id(top));
    for (size_t i = 0; i < count; i++)
        trace(who, "looks at %d", numbers[i]);
    usleep(10000);
}

static int run_in_pool(const struct asked *asked, struct slice *slice)
{
    struct pool *pool;
    size_t steals = 0;

    int rc = pool_new(&pool, asked->threads);
    if (rc < 0)
        return rc;
    rc = pool_run(pool, asked->way->run, slice);
    for (unsigned i = 0; i < pool_size(pool); i++)
        steals += pool_steals(pool, i);
    if (asked->stats)
        printf("%u workers, %zu tasks stolen, %zu tasks on the heap\n",
               pool_size(pool), steals, pool_allocations(pool));
    pool_free(pool);
    return rc;
}

int max_main(int argc, char **argv)
{
    const struct argp argp = {
        options, parse, "[NUMBER|FILE...]",
        .doc = "The maximum, by default of 1 25 -4 10. A FILE holds numbers, "
               "with blanks or line ends between; - is the standard input."};
    struct asked asked = {.way = &ways[0]};
    char **words = negatives_last(argc, argv);

    for (argc = 0; words[argc] != NULL; argc++)
        continue;
    argp_parse(&argp, argc, words, 0, NULL, &asked);
    free(words);
    if (asked.count == 0)
        error(EXIT_FAILURE, 0, "an empty input has no maximum");
    struct slice slice = {.numbers = asked.numbers,
                          .count = asked.count,
                          .leaf = asked.count / LEAVES,
                          .tell = asked.count <= FEW ? tell : NULL};
    struct slice all = {.numbers = asked.numbers, .count = asked.count};

    watchdog(60, "max: a half never ended\n");
    int rc = asked.way->needs_pool ? run_in_pool(&asked, &slice)
                                   : asked.way->run(NULL, &slice);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "search %zu numbers, how: %s", asked.count,
              asked.way->name);
    must(maximum_loop(NULL, &all));
    free(asked.numbers);
    if (slice.max != all.max)
        error(EXIT_FAILURE, 0, "%s finds %d, but a plain loop %d",
              asked.way->name, slice.max, all.max);
    printf("the maximum of %zu numbers is %d, by %s as by a plain loop\n",
           asked.count, slice.max, asked.way->name);
    return EXIT_SUCCESS;
}
