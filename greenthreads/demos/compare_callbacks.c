/* SPDX-License-Identifier: MIT
 *
 * compare_callbacks.c - a task is a chain of functions. Each leaves word what is
 * to be called when its wait is over, and returns: nothing lies on the stack
 * meanwhile, and what must outlive the wait lies in a context.
 *
 * Who frees what: set_timeout() makes a record of what to call; the loop frees it
 * just before it calls. The context is only lent: it belongs to the one who set
 * the first timer, and must live until the last callback of the chain has run.
 */
#include "../timers.h"
#include "compare.h"

struct callback {
    void (*function)(struct timers *loop, void *context);
    void *context;
    uint32_t place; /* timers.h */
};

static void set_timeout(struct timers *loop, int64_t moment,
                        void (*function)(struct timers *loop, void *context),
                        void *context)
{
    struct callback *callback = malloc(sizeof *callback);

    if (callback == NULL)
        error(EXIT_FAILURE, errno, "remember a callback");
    *callback = (struct callback){function, context, TIMER_NONE};
    int rc = timers_add(loop, moment, callback, &callback->place);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "set a timer");
}

static void run(struct timers *loop)
{
    int64_t moment;

    while ((moment = timers_earliest(loop)) != INT64_MAX) {
        if (moment > 0) /* 0: at once, and no look at the clock */
            sleep_until(moment);
        struct callback *due = timers_take_due(loop, moment);
        struct callback call = *due;
        free(due);
        call.function(loop, call.context);
    }
    timers_destroy(loop);
}

static void late(struct timers *loop, void *context)
{
    (void)loop;
    say(context, LATE);
}

static void nested(struct timers *loop, void *context)
{
    (void)loop;
    say(context, NESTED);
}

static void early(struct timers *loop, void *context)
{
    struct script *script = context;

    say(script, EARLY);
    set_timeout(loop, after_ms(script, now_ns(), NESTED_MS), nested, script);
}

static void timers(struct script *script)
{
    struct timers loop = {.heap = NULL};

    say(script, BEGIN);
    set_timeout(&loop, after_ms(script, now_ns(), LATE_MS), late, script);
    set_timeout(&loop, after_ms(script, now_ns(), EARLY_MS), early, script);
    say(script, MEANWHILE);
    run(&loop);
}

struct player {
    struct game *game;
    int number;
    long left; /* a loop's counter cannot lie on the stack here */
};

static void player(struct timers *loop, void *context)
{
    struct player *self = context;

    take_turn(self->game, self->number);
    if (--self->left > 0)
        set_timeout(loop, 0, player, self);
}

static void play(struct game *game)
{
    struct timers loop = {.heap = NULL};
    struct player first = {game, 0, game->rounds};
    struct player second = {game, 1, game->rounds};

    set_timeout(&loop, 0, player, &first);
    set_timeout(&loop, 0, player, &second);
    run(&loop);
}

const struct engine engine_callbacks = {
    "callbacks", "a task is a chain of functions on a heap of timers", timers,
    play};
