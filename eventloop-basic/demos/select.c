/* SPDX-License-Identifier: MIT
 *
 * select.c - of several things that may happen the first one counts.
 *
 * Rust's select! drops the losers; here each must be stopped by name. And who
 * wins if two are ready at once? In a fixed order always the same one: turning
 * the order (as select! does at random) gives each its share. An operation may
 * also be kept from round to round, or be started anew, as a new number comes.
 *
 * Try: eventloop-basic select
 * Read with: Tokio's tutorial, "Select"; Asynchronous Programming in Rust,
 * "select!".
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

/* ---- The first wins, the loser is dropped ---- */

struct race {
    uv_timer_t timer[2];
    int fired, winner;
};

static void win(uv_timer_t *timer)
{
    struct race *race = timer->data;
    race->winner = (int)(timer - race->timer);
    race->fired++;
    CLOSE(&race->timer[0]); /* both: the loser's callback never comes */
    CLOSE(&race->timer[1]);
}

static bool the_first_wins(void)
{
    struct stage stage;
    struct race race = {.fired = 0};
    stage_open(&stage, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        must(uv_timer_init(&stage.loop, &race.timer[i]));
        race.timer[i].data = &race;
        must(uv_timer_start(&race.timer[i], win, i == 0 ? 3600000 : 5, 0));
    }
    stage_run(&stage);
    trace("select", "timer %d has won, %d callback came", race.winner,
          race.fired);
    return race.winner == 1 && race.fired == 1;
}

/* ---- Fair or not, when all are ready ---- */

enum { SOURCES = 3, ROUNDS = 30 };

struct mail {
    uv_idle_t idle; /* a round of the loop */
    int waiting[SOURCES], taken[SOURCES];
    int rounds;
    bool fair;
};

static void take_one(uv_idle_t *idle)
{
    struct mail *mail = idle->data;
    int first = mail->fair ? mail->rounds % SOURCES : 0;
    for (int i = 0; i < SOURCES; i++) {
        int source = (first + i) % SOURCES;
        if (mail->waiting[source] == 0)
            continue;
        mail->waiting[source]--;
        mail->taken[source]++;
        break;
    }
    if (++mail->rounds == ROUNDS)
        CLOSE(idle);
}

static struct mail take(bool fair)
{
    struct stage stage;
    struct mail mail = {.waiting = {1000, 1000, 1000}, .fair = fair};
    stage_open(&stage, NULL, NULL);
    must(uv_idle_init(&stage.loop, &mail.idle));
    mail.idle.data = &mail;
    must(uv_idle_start(&mail.idle, take_one));
    stage_run(&stage);
    trace("select", "%s: %d %d %d of %d", fair ? "in turn    " : "fixed order",
          mail.taken[0], mail.taken[1], mail.taken[2], ROUNDS);
    return mail;
}

/* ---- An operation is started anew by each even number ---- */

struct restart {
    uv_timer_t operation;
    uv_idle_t numbers;
    int next, begun, running_for, ended, ended_with;
};

static void operation_ends(uv_timer_t *timer)
{
    struct restart *r = timer->data;
    r->ended++;
    r->ended_with = r->running_for;
    CLOSE(timer);
}

static void next_number(uv_idle_t *idle)
{
    struct restart *r = idle->data;
    int number = ++r->next;
    if (number % 2 == 0) {
        r->begun++;
        r->running_for = number; /* what it was started for before, is lost */
        must(uv_timer_start(&r->operation, operation_ends, 5, 0));
    }
    if (number == 7)
        CLOSE(idle);
}

static bool only_the_newest_ends(void)
{
    struct stage stage;
    struct restart r = {.next = 0};
    stage_open(&stage, NULL, NULL);
    must(uv_timer_init(&stage.loop, &r.operation));
    must(uv_idle_init(&stage.loop, &r.numbers));
    r.operation.data = r.numbers.data = &r;
    must(uv_idle_start(&r.numbers, next_number));
    stage_run(&stage);
    trace("select", "begun %d times, ended %d time, for number %d", r.begun,
          r.ended, r.ended_with);
    return r.begun == 3 && r.ended == 1 && r.ended_with == 6;
}

int select_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "The first of several, and fairly."};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "select: nothing happens\n");
    bool first = the_first_wins();
    struct mail fixed = take(false), fair = take(true);
    bool holds = first && only_the_newest_ends() && fixed.taken[0] == ROUNDS &&
                 fair.taken[0] == ROUNDS / SOURCES &&
                 fair.taken[1] == ROUNDS / SOURCES;
    printf("the first one counts, the others are stopped, and each has its "
           "turn: %s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
