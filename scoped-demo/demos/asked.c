/* SPDX-License-Identifier: MIT
 *
 * asked.c - the command line of `max`: which numbers, and which way.
 */
#include "asked.h"

#include <limits.h>

#include "../demo.h"
#include "../maximum.h"
#include "../numbers.h"
#include "../words.h"

static const struct way ways[4] = {{"join", maximum_join, true},
                                   {"scope", maximum_scope, true},
                                   {"threads", maximum_threads, false},
                                   {"serial", maximum_serial, false}};
static const struct argp_option options[] = {
    {"how", 'w', "WAY", 0, "join (default), scope, threads, serial", 0},
    {"count", 'c', "N", 0, "make so many numbers, at most 100000000", 0},
    {"seed", 's', "S", 0, "make them from this seed (default: 1)", 0},
    {0}};
struct line {
    struct asked asked;
    long made; /* how many are to be made; -1: none */
    uint64_t seed;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    struct asked *asked = &line->asked;
    const char *word = words_bare(arg);
    if (key == 'w') {
        for (asked->way = ways; asked->way < ways + 4; asked->way++)
            if (strcmp(word, asked->way->name) == 0)
                return 0;
        argp_error(state, "how: no such way as '%s'", word);
    } else if (key == 'c') {
        line->made = count_arg(state, "count", word, 0, 100000000);
    } else if (key == 's') {
        line->seed = (uint64_t)count_arg(state, "seed", word, 0, LONG_MAX);
    } else if (key == ARGP_KEY_ARG) {
        asked->numbers[asked->count++] =
            (int)count_arg(state, "number", word, INT_MIN, INT_MAX);
    } else if (key == ARGP_KEY_END && line->made >= 0 && asked->count > 0) {
        argp_error(state, "either numbers, or --count to have some made");
    }
    return key == ARGP_KEY_ARG || arg != NULL ? 0 : ARGP_ERR_UNKNOWN;
}

struct asked ask(int argc, char **argv)
{
    const struct argp argp = {options, parse, "[NUMBER...]",
                              .doc = "The maximum, by default of 1 25 -4 10."};
    struct line line = {.asked.way = ways, .made = -1, .seed = 1};
    struct asked *asked = &line.asked;
    char **words = words_shield(argc, argv);
    asked->numbers = calloc((size_t)argc + 4, sizeof *asked->numbers);
    if (words == NULL || asked->numbers == NULL)
        error(EXIT_FAILURE, ENOMEM, "copy the command line");
    argp_parse(&argp, argc, words, 0, NULL, &line);
    free(words);
    if (line.made >= 0) {
        free(asked->numbers);
        asked->count = (size_t)line.made;
        int rc = numbers_make(&asked->numbers, asked->count, line.seed);
        if (rc < 0)
            error(EXIT_FAILURE, -rc, "make %ld numbers", line.made);
    } else if (asked->count == 0) {
        memcpy(asked->numbers, (int[]){1, 25, -4, 10}, 4 * sizeof(int));
        asked->count = 4;
    }
    return *asked;
}
