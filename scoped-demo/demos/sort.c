/* SPDX-License-Identifier: MIT
 *
 * sort.c - the lines of a file or of the standard input, in the order of
 * `LC_ALL=C sort`, or with -n of `LC_ALL=C sort -n` if each is a whole number.
 * Without a file: random strings, checked against qsort(). With --trace: a
 * quicksort of six numbers, and who did what.
 *
 * Try: scoped-demo sort --trace; seq 100 | scoped-demo sort -
 * Read with: Rayon's documentation of join, example quicksort; Rust Cookbook,
 * "Sort a vector in parallel".
 */
#include "../demo.h"
#include "../join.h"
#include "../lines.h"
#include "../pool.h"
#include "../worker.h"
#include "verbs.h"

/* ---- A file's lines ---- */

static int run_sort(struct task *top, void *lines)
{
    lines_sort(top, lines);
    return 0;
}

/* run() itself never fails. */
static void run_in_pool(int (*run)(struct task *top, void *arg), void *arg)
{
    int rc = pool_once(0, run, arg);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers");
}

static void refuse(const struct lines *lines, size_t which)
{
    const struct line *line = &lines->line[which];

    error(EXIT_FAILURE, 0, "line %zu: '%.*s' is not a whole number", which + 1,
          (int)(line->length < 40 ? line->length : 40), line->text);
}

static int sort_file(const char *name, bool numbers)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    size_t size = 0, which = 0;
    char *text = NULL;
    struct lines lines;

    if (file == NULL)
        error(EXIT_FAILURE, errno, "open '%s'", name);
    int rc = lines_read(file, &text, &size);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "read '%s'", name);
    if (file != stdin)
        must(fclose(file));
    rc = lines_cut(&lines, text, size);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "cut %zu bytes into lines", size);
    if (numbers && lines_as_numbers(&lines, &which) < 0)
        refuse(&lines, which);

    run_in_pool(run_sort, &lines);
    setvbuf(stdout, NULL, _IOFBF, 65536); /* this is for pipes, not for eyes */
    for (size_t i = 0; i < lines.count; i++) {
        fwrite(lines.line[i].text, 1, lines.line[i].length, stdout);
        putchar('\n');
    }
    lines_free(&lines);
    free(text);
    return EXIT_SUCCESS;
}

/* ---- Random strings ---- */

enum { STRINGS = 200000, LETTERS = 5 };

static int compare_lines(const void *a, const void *b)
{
    return line_compare(a, b);
}

static int sort_random(void)
{
    static char text[STRINGS][LETTERS + 1];
    struct lines lines, judge;
    unsigned random = 1;

    for (size_t i = 0; i < STRINGS; i++) {
        for (size_t j = 0; j < LETTERS; j++) {
            random = random * 1103515245 + 12345;
            text[i][j] = (char)('a' + (random >> 16) % 26);
        }
        text[i][LETTERS] = '\n';
    }
    if (lines_cut(&lines, text[0], sizeof text) < 0 ||
        lines_cut(&judge, text[0], sizeof text) < 0)
        error(EXIT_FAILURE, ENOMEM, "cut random strings");
    int64_t start = now_ns();
    run_in_pool(run_sort, &lines);
    int64_t ours = now_ns() - start;
    qsort(judge.line, STRINGS, sizeof *judge.line, compare_lines);
    int64_t theirs = now_ns() - start - ours;
    for (size_t i = 0; i < STRINGS; i++)
        if (line_compare(&lines.line[i], &judge.line[i]) != 0)
            error(EXIT_FAILURE, 0, "string %zu differs from qsort's", i);
    lines_free(&lines);
    lines_free(&judge);
    printf("%d random strings sorted, as by qsort: %.1f ms, qsort %.1f ms\n",
           STRINGS, (double)ours / 1e6, (double)theirs / 1e6);
    return EXIT_SUCCESS;
}

/* ---- Six numbers, step by step ---- */

struct slice {
    int *numbers, count;
    unsigned offered_by;
};

static void show(struct task *top, const struct slice *s, const char *what,
                 bool stolen)
{
    char who[24], text[64] = "";
    size_t used = 0;

    snprintf(who, sizeof who, "worker-%u", worker_id(top));
    for (int i = 0; i < s->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %d",
                                 s->numbers[i]);
    trace(who, "%s%s%s", what, text, stolen ? "  (stolen)" : "");
}

/* As in the documentation: the last is the pivot; those below it, those above. */
static int quicksort(struct task *top, void *arg)
{
    struct slice *s = arg;
    int border = 0, last = s->count - 1;

    if (s->count < 2)
        return 0;
    show(top, s, "partitions", worker_id(top) != s->offered_by);
    usleep(5000); /* as if it were work */
    for (int i = 0; i <= last; i++) {
        if (s->numbers[i] <= s->numbers[last]) {
            int kept = s->numbers[i];
            s->numbers[i] = s->numbers[border];
            s->numbers[border++] = kept;
        }
    }
    struct slice low = {s->numbers, border - 1, worker_id(top)};
    struct slice high = {s->numbers + border, s->count - border,
                         worker_id(top)};
    join(top, quicksort, &low, quicksort, &high);
    show(top, s, "has sorted", false);
    return 0;
}

static int quicksort_root(struct task *top, void *arg)
{
    ((struct slice *)arg)->offered_by = worker_id(top);
    return quicksort(top, arg);
}

static int sort_six(void)
{
    int numbers[] = {5, 1, 8, 22, 0, 44};
    struct slice all = {numbers, 6, 0};

    run_in_pool(quicksort_root, &all);
    for (int i = 1; i < 6; i++)
        if (numbers[i - 1] > numbers[i])
            error(EXIT_FAILURE, 0, "%d comes before %d", numbers[i - 1],
                  numbers[i]);
    puts("5 1 8 22 0 44 are sorted");
    return EXIT_SUCCESS;
}

/* ---- The verb ---- */

struct asked {
    bool numbers, trace;
    const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;

    if (key == 'n')
        asked->numbers = true;
    else if (key == 't')
        asked->trace = true;
    else if (key == ARGP_KEY_ARG && state->arg_num == 0)
        asked->file = arg;
    else if (key == ARGP_KEY_END && asked->trace && asked->file != NULL)
        argp_error(state, "either a file, or --trace");
    else
        return unexpected(key, arg, state);
    return 0;
}

int sort_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"numbers", 'n', NULL, 0, "lines are whole numbers", 0},
        {"trace", 't', NULL, 0, "six numbers, and who did what", 0},
        {0}};
    const struct argp argp = {
        options, parse, "[FILE]",
        .doc = "Sorts the lines of FILE, - being the standard input, as "
               "LC_ALL=C sort does; without FILE, random strings."};
    struct asked asked = {.file = NULL};

    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    if (asked.trace)
        return sort_six();
    if (asked.file != NULL)
        return sort_file(asked.file, asked.numbers);
    return sort_random();
}
