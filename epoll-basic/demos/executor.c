/* SPDX-License-Identifier: MIT
 *
 * executor.c - two timers, of 100 and 200 ms. As two tasks they run at the same
 * time: done after 100 and 200. Awaited one after the other in one task, that is
 * what they do: done after 100 and 300.
 *
 *   --sequential   one task, two awaits
 *   --threads N    N threads run the executor
 *   --budget N     beside them a task that is always ready; after N polls the
 *                  executor looks at the clock all the same
 *   --bug same-id, --bug dead-id   wakers that are numbers (executor_ids.c)
 *
 * Read with: the async book, "Build an Executor"; Futures Explained in 200
 * Lines, "Implementing Futures".
 */
#include <stdatomic.h>

#include "../demo.h"
#include "../reactor.h"
#include "executor_ids.h"
#include "verbs.h"

enum { TIMERS = 2, MOST_THREADS = 64 };

struct stage {
    struct reactor *reactor;
    atomic_int begun, over; /* timers; relaxed: a look too early does no harm */
    int begun_first;        /* when the first was over, so many had begun */
    long busy_polls;        /* by one task: no atomic */

    struct driver counted; /* the executor's; counts, and asks the reactor */
    long looks, polls_then, most_between;
};

/* ---- A task: howdy, some time, done ---- */

struct howdy {
    struct future future;
    enum { SAYS_HOWDY, WAITS } state;
    struct stage *stage;
    int timer, last; /* from which timer to which */
    struct reactor_timer wait;
};

static int ms_of(int timer)
{
    return 100 * (timer + 1);
}

static void note_end(struct howdy *self)
{
    struct stage *stage = self->stage;

    if (self->wait.rc < 0)
        error(EXIT_FAILURE, -self->wait.rc, "wait for a timer");
    if (atomic_fetch_add_explicit(&stage->over, 1, memory_order_relaxed) == 0)
        stage->begun_first =
            atomic_load_explicit(&stage->begun, memory_order_relaxed);
    trace("task", "timer %d: done", ms_of(self->timer));
    future_drop(&self->wait.future);
}

static enum progress poll_howdy(struct future *future,
                                const struct task_waker *waker)
{
    struct howdy *self = (struct howdy *)future;

    for (;;) {
        switch (self->state) {
        case SAYS_HOWDY:
            trace("task", "timer %d: howdy", ms_of(self->timer));
            self->wait =
                reactor_timer(self->stage->reactor,
                              now_ns() + ms_of(self->timer) * INT64_C(1000000));
            atomic_fetch_add_explicit(&self->stage->begun, 1,
                                      memory_order_relaxed);
            self->state = WAITS;
            break;
        case WAITS:
            if (future_poll(&self->wait.future, waker) == FUTURE_PENDING)
                return FUTURE_PENDING;
            note_end(self);
            if (self->timer++ == self->last)
                return FUTURE_READY;
            self->state = SAYS_HOWDY;
            break;
        }
    }
}

/* ---- A task that is always ready, while there are others ---- */

struct busy {
    struct future future;
    struct stage *stage;
};

static enum progress poll_busy(struct future *future,
                               const struct task_waker *waker)
{
    struct stage *stage = ((struct busy *)future)->stage;

    if (atomic_load_explicit(&stage->over, memory_order_relaxed) == TIMERS)
        return FUTURE_READY;
    stage->busy_polls++;
    task_waker_wake_by_ref(waker);
    return FUTURE_PENDING;
}

/* ---- The driver: the reactor, and somebody who counts in front of it ---- */

static int count_and_wait(struct driver *driver, bool may_block)
{
    struct stage *stage =
        (struct stage *)((char *)driver - offsetof(struct stage, counted));
    struct driver *reactor = reactor_driver(stage->reactor);
    long between = stage->busy_polls - stage->polls_then;

    stage->looks++;
    stage->polls_then = stage->busy_polls;
    if (between > stage->most_between)
        stage->most_between = between;
    return reactor->wait(reactor, may_block);
}

static void pass_unpark(struct driver *driver)
{
    struct stage *stage =
        (struct stage *)((char *)driver - offsetof(struct stage, counted));
    struct driver *reactor = reactor_driver(stage->reactor);

    reactor->unpark(reactor);
}

/* ---- The verb ---- */

struct options {
    bool sequential;
    long threads, budget; /* budget 0: no busy task */
    int (*bug)(void);
};

static int spawn_all(struct executor *ex, struct stage *stage,
                     const struct options *o)
{
    struct howdy howdy = {
        .future = {poll_howdy, NULL}, .stage = stage, .last = TIMERS - 1};
    const struct busy busy = {{poll_busy, NULL}, stage};
    int rc = 0;

    if (o->sequential)
        rc = executor_spawn(ex, &howdy.future, sizeof howdy);
    for (int i = 0; rc == 0 && !o->sequential && i < TIMERS; i++) {
        howdy.timer = howdy.last = i;
        rc = executor_spawn(ex, &howdy.future, sizeof howdy);
    }
    if (rc == 0 && o->budget > 0)
        rc = executor_spawn(ex, &busy.future, sizeof busy);
    return rc;
}

static void *run(void *executor)
{
    int rc = executor_run(executor);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "run the executor");
    return NULL;
}

static void run_in_threads(struct executor *ex, long others)
{
    pthread_t threads[MOST_THREADS];

    for (long i = 0; i < others; i++) {
        int rc = pthread_create(&threads[i], NULL, run, ex);
        if (rc != 0)
            error(EXIT_FAILURE, rc, "start a thread");
    }
    run(ex);
    for (long i = 0; i < others; i++)
        must(pthread_join(threads[i], NULL));
}

static int tell(const struct options *o)
{
    struct stage stage = {.counted = {count_and_wait, pass_unpark}};
    struct executor *ex = NULL;

    int rc = reactor_new(&stage.reactor);
    if (rc == 0)
        rc = executor_new(&ex, &stage.counted, (unsigned)o->budget);
    if (rc == 0)
        rc = spawn_all(ex, &stage, o);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make an executor");
    int64_t start = now_ns();
    run_in_threads(ex, o->threads - 1);
    printf("both over after %.0f ms: %s\n", (double)(now_ns() - start) / 1e6,
           stage.begun_first == 1 ? "the second began when the first was over"
                                  : "they ran at the same time");
    if (o->budget > 0)
        printf("%ld polls of the busy one, %ld looks, at most %ld polls "
               "between two\n",
               stage.busy_polls, stage.looks, stage.most_between);
    executor_free(ex);
    reactor_free(stage.reactor);
    return stage.over == TIMERS &&
                   stage.begun_first == (o->sequential ? 1 : TIMERS) &&
                   (o->budget == 0 || stage.most_between <= o->budget)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 's')
        o->sequential = true;
    else if (key == 't')
        o->threads = count_arg(state, "--threads", arg, 1, MOST_THREADS);
    else if (key == 'n')
        o->budget = count_arg(state, "--budget", arg, 1, 1000000);
    else if (key == 'b' && strcmp(arg, "same-id") == 0)
        o->bug = executor_bug_same_id;
    else if (key == 'b' && strcmp(arg, "dead-id") == 0)
        o->bug = executor_bug_dead_id;
    else if (key == 'b')
        argp_error(state, "--bug: '%s' is not same-id or dead-id", arg);
    else if (key == ARGP_KEY_END && o->budget > 0 && o->threads > 1)
        argp_error(state, "--budget is shown with one thread");
    else
        return unexpected(key, arg, state);
    return 0;
}

int executor_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"sequential", 's', NULL, 0, "both timers in one task", 0},
        {"threads", 't', "N", 0, "so many run the executor (1)", 0},
        {"budget", 'n', "N", 0, "a busy task, a look after N polls", 0},
        {"bug", 'b', "same-id|dead-id", 0, "tasks known by number", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Two timers, two tasks or one."};
    struct options o = {.threads = 1};

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    watchdog(30, "executor: the tasks are not over in 30 s\n");
    return o.bug != NULL ? o.bug() : tell(&o);
}
