/* SPDX-License-Identifier: MIT
 *
 * scope.c - the example of Rayon's documentation, and what really happened:
 *
 *     scope s:  spawn s.1:  spawn s.1.1:  scope t:  spawn t.1, spawn t.2
 *               spawn s.2
 *
 * s.1 may end before s.1.1 begins, which it spawned into s; but s.1.1 cannot end
 * before t.1 and t.2 have, since it waits for the scope t.
 *
 * Try: scoped-demo scope; scoped-demo scope --fifo
 * Read with: Rayon's documentation of scope and scope_fifo.
 */
#include "../scope.h"
#include "../demo.h"
#include "../pool.h"
#include "../worker.h"
#include "verbs.h"

enum { S, S_1, S_1_1, T, T_1, T_2, S_2, TASKS };
static const char *const name[TASKS] = {"scope s", "s.1", "s.1.1", "scope t",
                                        "t.1",     "t.2", "s.2"};

/* In the frame of scope_main(): the tasks write into it what it reads after. */
struct story {
    int (*run_scope)(struct task *top,
                     int (*body)(struct task *top, struct scope *s, void *arg),
                     void *arg);
    int64_t begin[TASKS], end[TASKS];
    unsigned worker[TASKS];
};

static void begin(struct story *story, struct task *top, int which)
{
    char who[24];

    snprintf(who, sizeof who, "worker-%u", worker_id(top));
    story->begin[which] = now_ns();
    story->worker[which] = worker_id(top);
    trace(who, "%s begins", name[which]);
    usleep(5000); /* as if it were work */
}

static void end(struct story *story, struct task *top, int which)
{
    char who[24];

    snprintf(who, sizeof who, "worker-%u", worker_id(top));
    trace(who, "%s ends", name[which]);
    story->end[which] = now_ns();
}

static int t_1(struct task *top, struct scope *t, void *story)
{
    (void)t;
    begin(story, top, T_1);
    end(story, top, T_1);
    return 0;
}

static int t_2(struct task *top, struct scope *t, void *story)
{
    (void)t;
    begin(story, top, T_2);
    end(story, top, T_2);
    return 0;
}

static int t_body(struct task *top, struct scope *t, void *story)
{
    begin(story, top, T);
    int rc = scope_spawn(t, top, t_1, story);
    return rc != 0 ? rc : scope_spawn(t, top, t_2, story);
}

static int s_1_1(struct task *top, struct scope *s, void *arg)
{
    struct story *story = arg;

    (void)s;
    begin(story, top, S_1_1);
    int rc = story->run_scope(top, t_body, story);
    end(story, top, T);
    end(story, top, S_1_1);
    return rc;
}

static int s_1(struct task *top, struct scope *s, void *story)
{
    begin(story, top, S_1);
    int rc = scope_spawn(s, top, s_1_1, story);
    end(story, top, S_1);
    return rc;
}

static int s_2(struct task *top, struct scope *s, void *story)
{
    (void)s;
    begin(story, top, S_2);
    end(story, top, S_2);
    return 0;
}

static int s_body(struct task *top, struct scope *s, void *story)
{
    begin(story, top, S);
    int rc = scope_spawn(s, top, s_1, story);
    return rc != 0 ? rc : scope_spawn(s, top, s_2, story);
}

static int run_story(struct task *top, void *arg)
{
    struct story *story = arg;

    int rc = story->run_scope(top, s_body, story);
    end(story, top, S);
    return rc;
}

/* Two columns a task's pause; tasks, not lines, in the order of the text. */
static void draw(const struct story *story)
{
    const double column = 2.5e6;

    for (int i = 0; i < TASKS; i++) {
        int from = (int)((double)(story->begin[i] - story->begin[S]) / column);
        int to = (int)((double)(story->end[i] - story->begin[S]) / column);
        printf("%-8s worker-%u  %*s", name[i], story->worker[i], from, "");
        for (int at = from; at <= to; at++)
            putchar(at == from ? '[' : at == to ? ']' : '=');
        putchar('\n');
    }
}

/* What the documentation promises, whatever the order was. */
static bool holds(const struct story *story)
{
    for (int i = 0; i < TASKS; i++)
        if (story->end[i] == 0 || story->end[i] > story->end[S])
            return false;
    return story->end[T_1] <= story->end[T] &&
           story->end[T_2] <= story->end[T] &&
           story->end[T] <= story->end[S_1_1];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'f')
        return unexpected(key, arg, state);
    *(bool *)state->input = true;
    return 0;
}

int scope_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"fifo", 'f', NULL, 0, "the oldest task first, not the youngest", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Scopes and tasks of Rayon's "
                                     "documentation, as they really ran."};
    struct story story = {0};
    bool fifo = false;

    argp_parse(&argp, argc, argv, 0, NULL, &fifo);
    story.run_scope = fifo ? scope_run_fifo : scope_run;
    watchdog(30, "scope: a task never ended\n");
    int rc = pool_once(0, run_story, &story);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers and their tasks");
    draw(&story);
    if (!holds(&story))
        error(EXIT_FAILURE, 0, "a scope returned before its tasks had ended");
    puts(
        "all tasks of t ended before s.1.1 did, and all of s before the scope");
    return EXIT_SUCCESS;
}
