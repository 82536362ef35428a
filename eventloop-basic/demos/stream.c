/* SPDX-License-Identifier: MIT
 *
 * stream.c - a stream is asked for its next item, and says: here it is, not yet,
 * or no more. Streams wrap streams: filter, map, take know nothing of what they
 * wrap, and nothing is produced that nobody asks for.
 *
 * A source on the loop has an item now and then; who waits for it is told by a
 * callback, and asks again. With --limit N, N slow jobs at most are under way at
 * once, and as soon as one ends the next item is asked for.
 *
 * Try: eventloop-basic stream
 *      eventloop-basic stream --limit 2
 * Read with: Tokio's tutorial, "Streams"; Asynchronous Programming in Rust,
 * "Streams" (iteration and concurrency).
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum next { ITEM, PENDING, END };

struct stream {
    enum next (*next)(struct stream *stream, int *item);
};

/* ---- Wrappers ---- */

struct filter {
    struct stream stream; /* first, in each of them */
    struct stream *of;
    bool (*keeps)(int item);
};

static enum next filter_next(struct stream *stream, int *item)
{
    struct filter *f = (struct filter *)stream;
    enum next next = f->of->next(f->of, item);
    while (next == ITEM && !f->keeps(*item))
        next = f->of->next(f->of, item);
    return next;
}

struct map {
    struct stream stream;
    struct stream *of;
    int (*change)(int item);
};

static enum next map_next(struct stream *stream, int *item)
{
    struct map *m = (struct map *)stream;
    enum next next = m->of->next(m->of, item);
    if (next == ITEM)
        *item = m->change(*item);
    return next;
}

struct take {
    struct stream stream;
    struct stream *of;
    int left;
};

static enum next take_next(struct stream *stream, int *item)
{
    struct take *t = (struct take *)stream;
    if (t->left == 0)
        return END; /* and does not ask */
    enum next next = t->of->next(t->of, item);
    t->left -= next == ITEM;
    return next;
}

/* ---- A source: 1, 2, 3, ... one each time a timer fires ---- */

struct source {
    struct stream stream;
    uv_timer_t timer;
    int produced, asked_for;
    bool is_ready;
    void (*wake)(void *argument);
    void *argument;
};

static void on_tick(uv_timer_t *timer)
{
    struct source *s = timer->data;
    s->is_ready = true;
    s->wake(s->argument);
}

static enum next source_next(struct stream *stream, int *item)
{
    struct source *s = (struct source *)stream;
    s->asked_for++;
    if (!s->is_ready) {
        must(uv_timer_start(&s->timer, on_tick, 1, 0));
        return PENDING;
    }
    s->is_ready = false;
    *item = ++s->produced;
    return ITEM;
}

/* ---- The one who asks: N jobs at most are under way ---- */

struct job {
    uv_timer_t timer; /* stands for whatever takes the time */
    int item;
};

enum { LIMIT_MOST = 8 };

struct subscriber {
    struct stage stage;
    struct source source;
    struct filter odd;
    struct map squared;
    struct take three;
    struct job job[LIMIT_MOST];
    long limit;
    int under_way, most_under_way, done, sum;
    bool is_over;
};

static bool is_odd(int item)
{
    return item % 2 == 1;
}

static int square(int item)
{
    return item * item;
}

static void ask(void *argument);

static void job_done(uv_timer_t *timer)
{
    struct subscriber *s = timer->loop->data;
    struct job *job = timer->data;
    trace("subscriber", "is done with %d", job->item);
    s->sum += job->item;
    s->done++;
    s->under_way--;
    job->item = 0;
    ask(s);
}

static void begin_job(struct subscriber *s, int item)
{
    struct job *job = s->job;
    while (job->item != 0)
        job++;
    trace("subscriber", "gets %d", item);
    job->item = item;
    if (++s->under_way > s->most_under_way)
        s->most_under_way = s->under_way;
    must(uv_timer_start(&job->timer, job_done, 10, 0));
}

/* As many items as there is room for jobs; PENDING: we are woken, and ask then. */
static void ask(void *argument)
{
    struct subscriber *s = argument;
    struct stream *stream = &s->three.stream;
    enum next next = ITEM;
    int item;
    while (next == ITEM && !s->is_over && s->under_way < s->limit) {
        next = stream->next(stream, &item);
        if (next == ITEM)
            begin_job(s, item);
    }
    s->is_over = s->is_over || next == END;
    if (s->is_over && s->under_way == 0)
        stage_close_all(&s->stage);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 'l')
        return unexpected(key, arg, state);
    *(long *)state->input = count_arg(state, "--limit", arg, 1, LIMIT_MOST);
    return 0;
}

int stream_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"limit", 'l', "N", 0, "items under way at once, 1 by default", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Streams: filter, map, take."};
    struct subscriber s = {.limit = 1};
    argp_parse(&argp, argc, argv, 0, NULL, &s.limit);
    watchdog(30, "stream: the next item never comes\n");
    stage_open(&s.stage, NULL, NULL);
    s.stage.loop.data = &s;
    s.source = (struct source){{source_next}, .wake = ask, .argument = &s};
    s.odd = (struct filter){{filter_next}, &s.source.stream, is_odd};
    s.squared = (struct map){{map_next}, &s.odd.stream, square};
    s.three = (struct take){{take_next}, &s.squared.stream, 3};
    must(uv_timer_init(&s.stage.loop, &s.source.timer));
    s.source.timer.data = &s.source;
    for (int i = 0; i < LIMIT_MOST; i++) {
        must(uv_timer_init(&s.stage.loop, &s.job[i].timer));
        s.job[i].timer.data = &s.job[i];
    }
    ask(&s);
    stage_run(&s.stage);
    bool holds = s.done == 3 && s.sum == 1 + 9 + 25 && s.source.produced == 5 &&
                 s.most_under_way <= s.limit;
    printf("3 odd squares, their sum is %d; %d items produced, %d under way at "
           "most\n",
           s.sum, s.source.produced, s.most_under_way);
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
