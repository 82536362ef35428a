/* SPDX-License-Identifier: MIT
 *
 * join.c - three things that each take their time: one after the other, or all
 * at once and then joined; and a join that stops at the first error.
 *
 * Try: eventloop-basic join
 * Read with: Asynchronous Programming in Rust, "Why async" (learn, sing, dance)
 * and "join!", "try_join!"; "Async and await" (hello, world).
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { THINGS = 3 };

enum order { IN_SEQUENCE, JOINED, TRY_JOINED };

struct thing {
    uv_timer_t timer; /* stands for whatever takes the time */
    const char *name;
    int ms, rc;
    struct group *group;
};

/* What a join is: a count of those that are still under way, the first error,
 * and someone who is told when the count is 0. */
struct group {
    struct thing thing[THINGS];
    enum order order;
    int started, finished, cancelled, under_way, most_under_way, rc;
};

static void finish(uv_timer_t *timer);

static void start(struct thing *t)
{
    struct group *g = t->group;
    trace(t->name, "begins");
    g->started++;
    if (++g->under_way > g->most_under_way)
        g->most_under_way = g->under_way;
    must(uv_timer_start(&t->timer, finish, (uint64_t)t->ms, 0));
}

static void cancel_the_rest(struct group *g)
{
    for (int i = 0; i < THINGS; i++) {
        struct thing *t = &g->thing[i];
        if (uv_is_closing((uv_handle_t *)&t->timer))
            continue;
        trace(t->name, "is cancelled");
        g->cancelled++;
        g->under_way--;
        CLOSE(&t->timer);
    }
}

static void finish(uv_timer_t *timer)
{
    struct thing *t = timer->data;
    struct group *g = t->group;
    trace(t->name, t->rc == 0 ? "ends" : "fails");
    CLOSE(timer);
    g->finished++;
    g->under_way--;
    if (g->rc == 0)
        g->rc = t->rc;
    if (g->order == TRY_JOINED && t->rc < 0)
        cancel_the_rest(g);
    else if (g->order == IN_SEQUENCE && g->finished < THINGS)
        start(t + 1);
    if (g->under_way == 0)
        trace("join", "all have ended: %s", g->rc == 0 ? "well" : "not well");
}

static struct group run(enum order order, const struct thing things[THINGS])
{
    struct group g = {.order = order};
    struct stage stage;
    stage_open(&stage, NULL, NULL);
    for (int i = 0; i < THINGS; i++) {
        g.thing[i] = things[i];
        g.thing[i].group = &g;
        must(uv_timer_init(&stage.loop, &g.thing[i].timer));
        g.thing[i].timer.data = &g.thing[i];
    }
    for (int i = 0; i < (order == IN_SEQUENCE ? 1 : THINGS); i++)
        start(&g.thing[i]);
    stage_run(&stage);
    return g;
}

int join_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc = "One after the other, joined, and joined until one fails."};
    static const struct thing well[THINGS] = {{.name = "learn", .ms = 20},
                                              {.name = "sing", .ms = 20},
                                              {.name = "dance", .ms = 20}};
    static const struct thing ill[THINGS] = {
        {.name = "book", .ms = 10000},
        {.name = "music", .ms = 5, .rc = -ENOENT},
        {.name = "shoes", .ms = 10000}};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "join: what was started does not end\n");
    printf("awaited one by one: the times add up\n");
    struct group one = run(IN_SEQUENCE, well);
    printf("joined: the longest one is the time of all\n");
    struct group all = run(JOINED, well);
    printf("joined until one fails\n");
    struct group ended = run(TRY_JOINED, ill);
    bool holds = one.most_under_way == 1 && all.most_under_way == THINGS &&
                 one.finished == THINGS && all.finished == THINGS &&
                 ended.rc == -ENOENT && ended.started == THINGS &&
                 ended.finished == 1 && ended.cancelled == 2;
    printf("under way at once: %d one by one, %d joined; %d started, %d "
           "finished, %d cancelled after an error\n",
           one.most_under_way, all.most_under_way, ended.started,
           ended.finished, ended.cancelled);
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
