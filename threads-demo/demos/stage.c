/* SPDX-License-Identifier: MIT
 *
 * stage.c - argp for options that take one of a few words.
 */
#include "stage.h"

#include "../demo.h"

enum { USAGE = 64, MOST_CHOICES = 4 };

struct line {
    struct choice *choices;
    size_t count;
};

static bool takes_nothing(const struct choice *c)
{
    return c->words[0] == NULL && c->most == 0;
}

/* What was given is one of the words, or a number: then it is noted. */
static bool take(struct choice *c, const char *arg)
{
    for (c->chosen = 0; c->words[c->chosen] != NULL; c->chosen++)
        if (strcmp(c->words[c->chosen], arg) == 0)
            return true;
    c->chosen = -1;
    return c->most > 0 && parse_count(arg, 0, c->most, &c->number) == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const struct line *line = state->input;

    for (size_t i = 0; i < line->count; i++) {
        struct choice *c = &line->choices[i];
        if ((unsigned char)c->option[0] != key)
            continue;
        if (takes_nothing(c))
            c->chosen = 0;
        else if (!take(c, arg))
            argp_error(state, "--%s: '%s' is not %s", c->option, arg, c->what);
        return 0;
    }
    return unexpected(key, arg, state);
}

void choose(int argc, char **argv, const char *doc, struct choice *choices,
            size_t count)
{
    struct argp_option options[MOST_CHOICES + 1] = {{0}};
    const struct argp argp = {count > 0 ? options : NULL, parse, .doc = doc};
    struct line line = {choices, count};

    for (size_t i = 0; i < count && i < MOST_CHOICES; i++) {
        const struct choice *c = &choices[i];
        options[i].name = c->option;
        options[i].key = (unsigned char)c->option[0];
        options[i].doc = c->what;
        options[i].arg = takes_nothing(c) ? NULL : c->most > 0 ? "N" : "NAME";
    }
    argp_parse(&argp, argc, argv, 0, NULL, &line);
}

void refuse(const char *why)
{
    fprintf(stderr, "%s: %s\nTry `%s --help' for more information.\n",
            program_invocation_name, why, program_invocation_name);
    exit(USAGE);
}

pthread_t start_thread(void *(*run)(void *arg), void *arg)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, run, arg);

    if (rc != 0)
        error(EXIT_FAILURE, rc, "start a thread");
    return thread;
}
