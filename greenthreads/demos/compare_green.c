/* SPDX-License-Identifier: MIT
 *
 * compare_green.c - a task is a green thread. The text is that of OS threads;
 * but a task runs until it waits, so what tasks share needs no lock, and a
 * hand-over is a function call.
 */
#include "../runtime.h"
#include "compare.h"

static void *late(void *argument)
{
    struct script *script = argument;

    must(runtime_sleep(LATE_MS * script->ms));
    say(script, LATE);
    return NULL;
}

static void *early(void *argument)
{
    struct script *script = argument;

    must(runtime_sleep(EARLY_MS * script->ms));
    say(script, EARLY);
    must(runtime_sleep(NESTED_MS * script->ms));
    say(script, NESTED);
    return NULL;
}

static struct runtime *make_runtime(void)
{
    struct runtime *rt;

    int rc = runtime_new(&rt, 0, GUARD_BEST);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make a runtime: %s", stack_strerror(rc));
    return rt;
}

static void start(struct runtime *rt, void *(*function)(void *argument),
                  void *argument)
{
    int rc = runtime_spawn(rt, function, argument, NULL, NULL);
    if (rc < 0)
        error(EXIT_FAILURE, 0, "make a green thread: %s", stack_strerror(rc));
}

static void timers(struct script *script)
{
    struct runtime *rt = make_runtime();

    say(script, BEGIN);
    start(rt, late, script);
    start(rt, early, script);
    say(script, MEANWHILE);
    must(runtime_run(rt)); /* they begin here */
    must(runtime_free(rt));
}

struct player {
    struct game *game;
    int number;
};

static void *player(void *argument)
{
    const struct player *self = argument;

    for (long i = 0; i < self->game->rounds; i++) {
        take_turn(self->game, self->number);
        must(runtime_yield());
    }
    return NULL;
}

static void play(struct game *game)
{
    struct player first = {game, 0}, second = {game, 1};
    struct runtime *rt = make_runtime();

    start(rt, player, &first);
    start(rt, player, &second);
    must(runtime_run(rt));
    must(runtime_free(rt));
}

const struct engine engine_green = {
    "green", "a task is a green thread, and yields", timers, play};
