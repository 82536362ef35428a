/* SPDX-License-Identifier: MIT
 *
 * timer.c - the smallest future with something behind it: a thread that sleeps,
 * then sets a flag and wakes the waker that it finds. The future begins in a
 * task of executor A, and moves to one of executor B before the time has come.
 * Which waker should the thread find?
 *
 *   --waker fresh  that of the newest poll: B's
 *   --waker stale  that of the first poll: A is woken, which has nothing to do
 *   --waker none   none: the flag is set, and nobody looks
 *   --waker self   none, but each poll wakes its own task: B polls, and polls
 *
 * Read with: the async book, "Task Wakeups with Waker".
 */
#include "../demo.h"
#include "../executor.h"
#include "verbs.h"

enum { BUSY = 1000 }; /* polls */
enum kind { FRESH, STALE, NONE, SELF };
static const char *const kinds[] = {"fresh", "stale", "none", "self"};

/* What the future and its thread share. */
struct shared {
    pthread_mutex_t lock; /* guards the three below */
    bool over;            /* the time has come */
    struct task_waker waker;
    long polls; /* in all */

    enum kind kind;
    pthread_t thread;
};

static void *sleep_and_wake(void *argument)
{
    struct shared *shared = argument;
    const struct timespec nap = {.tv_nsec = 100000000};

    must(nanosleep(&nap, NULL)); /* nobody sends us signals */
    must(pthread_mutex_lock(&shared->lock));
    while (shared->kind == SELF && shared->polls < BUSY) {
        must(pthread_mutex_unlock(&shared->lock)); /* a slow machine */
        must(nanosleep(&nap, NULL));
        must(pthread_mutex_lock(&shared->lock));
    }
    shared->over = true;
    struct task_waker waker = task_waker_take(&shared->waker);
    must(pthread_mutex_unlock(&shared->lock));
    trace("thread", "the time has come; %s",
          waker.table != NULL ? "wakes" : "has nobody to wake");
    task_waker_wake(&waker); /* never under a lock */
    return NULL;
}

/* ---- The future: small enough to move about, as all that stays is shared ---- */

struct timer_future {
    struct future future;
    struct shared *shared;
    const char *where; /* which executor polls it */
};

static enum progress poll_timer(struct future *future,
                                const struct task_waker *waker)
{
    struct timer_future *self = (struct timer_future *)future;
    struct shared *shared = self->shared;

    must(pthread_mutex_lock(&shared->lock));
    bool over = shared->over;
    bool first = shared->polls++ == 0;
    if (!over && (shared->kind == FRESH || (shared->kind == STALE && first)))
        task_waker_store(&shared->waker, waker);
    must(pthread_mutex_unlock(&shared->lock));
    if (!over && shared->kind == SELF)
        task_waker_wake_by_ref(waker);
    if (over || shared->kind != SELF || first)
        trace(self->where, "polls: %s", over ? "ready" : "pending");
    return over ? FUTURE_READY : FUTURE_PENDING;
}

static struct executor *spawn_in_new(struct shared *shared, const char *where)
{
    const struct timer_future timer = {{poll_timer, NULL}, shared, where};
    struct executor *executor;

    int rc = executor_new(&executor, NULL, 0);
    if (rc == 0)
        rc = executor_spawn(executor, &timer.future, sizeof timer);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "spawn a task");
    return executor;
}

/* ---- What each kind leads to ---- */

/* B is run while the thread sleeps, or, if nobody may wake it, after. */
static int tell(struct shared *shared, struct executor *a, struct executor *b)
{
    size_t woken_a, woken_b;

    switch (shared->kind) {
    case FRESH:
    case SELF:
        must(executor_run(b));
        must(pthread_join(shared->thread, NULL));
        printf("ready after %ld polls: %s\n", shared->polls,
               shared->kind == FRESH ? "A's, B's, and one for the wake"
                                     : "a processor was busy all the while");
        return shared->kind == FRESH ? shared->polls == 3
                                     : shared->polls > BUSY;
    case STALE:
    case NONE:
        must(pthread_join(shared->thread, NULL));
        woken_b = executor_run_ready(b);
        woken_a = executor_run_ready(a);
        printf("the time has come, and B was woken %zu times, A %zu: B would "
               "sleep for ever\n",
               woken_b, woken_a);
        return woken_b == 0 && woken_a == (shared->kind == STALE);
    }
    return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    enum kind *kind = state->input;

    if (key != 'w')
        return unexpected(key, arg, state);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(arg, kinds[i]) == 0) {
            *kind = (enum kind)i;
            return 0;
        }
    }
    argp_error(state, "--waker: '%s' is not self, none, stale or fresh", arg);
    return 0;
}

int timer_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"waker", 'w', "self|none|stale|fresh", 0,
         "which waker the thread finds (fresh)", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "A future with a thread that sleeps."};
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .kind = FRESH};

    argp_parse(&argp, argc, argv, 0, NULL, &shared.kind);
    watchdog(30, "timer: nobody was woken in 30 s\n");
    struct executor *a = spawn_in_new(&shared, "A");
    executor_run_ready(a);
    trace("main", "moves the future from A to B");
    struct executor *b = spawn_in_new(&shared, "B");
    executor_run_ready(b);
    int rc = pthread_create(&shared.thread, NULL, sleep_and_wake, &shared);
    if (rc != 0)
        error(EXIT_FAILURE, rc, "start a thread");
    bool as_told = tell(&shared, a, b);
    executor_free(a); /* and what is left in it */
    executor_free(b);
    task_waker_drop(&shared.waker);
    return as_told ? EXIT_SUCCESS : EXIT_FAILURE;
}
