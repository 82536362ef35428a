/* SPDX-License-Identifier: MIT
 *
 * compare_poll.c - a task is a struct and a poll function. Called, it goes on as
 * far as it can and says whether it is done; where it stopped is its state. This
 * is what a compiler makes of async and await, written by hand. (How a task is
 * polled only when it was woken: epoll-basic, verb executor.)
 */
#include "compare.h"

enum poll { PENDING, DONE };

struct executor {
    int64_t now;  /* as it was when all had waited */
    int64_t next; /* the earliest moment at which a task wants to go on */
};

/* Whether moment has come; if not, the executor will come back then. */
static bool has_come(struct executor *executor, int64_t moment)
{
    if (moment > executor->now && moment < executor->next)
        executor->next = moment;
    return moment <= executor->now;
}

struct task {
    enum poll (*poll)(struct executor *executor, struct task *self);
    void *script; /* or the game */
    enum state { FRESH, WAITS, WAITS_AGAIN, OVER } state;
    int64_t moment; /* what it waits for */
    long left;
    int player;
};

static enum poll poll_late(struct executor *executor, struct task *self)
{
    switch (self->state) {
    case FRESH:
        self->moment = after_ms(self->script, executor->now, LATE_MS);
        self->state = WAITS;
        /* fall through */
    case WAITS:
        if (!has_come(executor, self->moment))
            return PENDING;
        say(self->script, LATE);
        self->state = OVER;
        /* fall through */
    default:
        return DONE;
    }
}

static enum poll poll_early(struct executor *executor, struct task *self)
{
    switch (self->state) {
    case FRESH:
        self->moment = after_ms(self->script, executor->now, EARLY_MS);
        self->state = WAITS;
        /* fall through */
    case WAITS:
        if (!has_come(executor, self->moment))
            return PENDING;
        say(self->script, EARLY);
        self->moment = after_ms(self->script, executor->now, NESTED_MS);
        self->state = WAITS_AGAIN;
        /* fall through */
    case WAITS_AGAIN:
        if (!has_come(executor, self->moment))
            return PENDING;
        say(self->script, NESTED);
        self->state = OVER;
        /* fall through */
    default:
        return DONE;
    }
}

/* Polls both in turn until both are done; sleeps while both wait. */
static void run_both(struct task *task)
{
    struct executor executor = {.now = now_ns()};

    for (int done = 0; done < 2;) {
        executor.next = INT64_MAX;
        done = 0;
        for (int i = 0; i < 2; i++)
            done += task[i].poll(&executor, &task[i]) == DONE;
        if (executor.next == INT64_MAX)
            continue;
        sleep_until(executor.next);
        executor.now = now_ns();
    }
}

static void timers(struct script *script)
{
    struct task tasks[2] = {{poll_late, script, .state = FRESH},
                            {poll_early, script, .state = FRESH}};

    say(script, BEGIN);
    say(script, MEANWHILE); /* a task does nothing until it is polled */
    run_both(tasks);
}

static enum poll poll_player(struct executor *executor, struct task *self)
{
    (void)executor;
    if (self->left == 0)
        return DONE;
    take_turn(self->script, self->player);
    self->left--;
    return PENDING;
}

static void play(struct game *game)
{
    struct task players[2] = {
        {poll_player, game, .left = game->rounds, .player = 0},
        {poll_player, game, .left = game->rounds, .player = 1}};

    run_both(players);
}

const struct engine engine_poll = {
    "poll", "a task is a state, and a function that moves it on", timers, play};
