/* SPDX-License-Identifier: MIT
 *
 * executor_ids.c - what goes wrong when those who wait are known by a number.
 *
 * --bug same-id: a reactor that keeps wakers by id, and two futures that were
 * given the same one. The second waker takes the first one's place, and the
 * first task waits for ever. (Ids must be handed out, as tokens.h does.)
 *
 * --bug dead-id: an executor whose wakers are ids of tasks. A task ends, its id
 * is given to the next one, and a late wake of the first polls the second, which
 * nobody has woken. Beside it ours, where a waker is a counted pointer: the late
 * wake finds its own task, which is over, and does nothing.
 *
 * Try: epoll-basic executor --bug same-id; epoll-basic executor --bug dead-id
 * Read with: Futures Explained in 200 Lines, "Exercises"; Writing an OS in
 * Rust, "Executor with Waker Support".
 */
#include "executor_ids.h"

#include "../demo.h"
#include "../executor.h"

/* ---- Same id ---- */

enum { IDS = 4 };

struct by_id { /* the reactor: an id's waker, an id's event */
    struct task_waker wakers[IDS];
    bool happened[IDS];
};

struct event_future {
    struct future future;
    struct by_id *reactor;
    int id;
    long *polls;
};

static enum progress poll_event(struct future *future,
                                const struct task_waker *waker)
{
    struct event_future *self = (struct event_future *)future;

    ++*self->polls;
    if (self->reactor->happened[self->id]) {
        self->reactor->happened[self->id] = false; /* taken */
        return FUTURE_READY;
    }
    task_waker_store(&self->reactor->wakers[self->id], waker);
    return FUTURE_PENDING;
}

static void happen(struct by_id *reactor, int id)
{
    reactor->happened[id] = true;
    task_waker_wake(&reactor->wakers[id]);
}

/* Two tasks wait for events of these ids, each happens once. How many of the
 * tasks are over then? */
static int over_of_two(int first, int second)
{
    struct by_id reactor = {.happened = {false}};
    long polls[2] = {0, 0};
    const struct event_future futures[2] = {
        {{poll_event, NULL}, &reactor, first, &polls[0]},
        {{poll_event, NULL}, &reactor, second, &polls[1]}};
    struct executor *ex;
    int over = 0;

    int rc = executor_new(&ex, NULL, 0);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = executor_spawn(ex, &futures[i].future, sizeof futures[i]);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "spawn two tasks");
    executor_run_ready(ex);
    happen(&reactor, first);
    executor_run_ready(ex);
    happen(&reactor, second);
    executor_run_ready(ex);
    for (int i = 0; i < 2; i++)
        over += polls[i] == 2;
    printf("ids %d and %d: the first was polled %ld times, the second %ld: "
           "%d of 2 are over\n",
           first, second, polls[0], polls[1], over);
    executor_free(ex);
    return over;
}

int executor_bug_same_id(void)
{
    int different = over_of_two(1, 2), same = over_of_two(1, 1);

    puts("two wakers in one place: the first task would wait for ever");
    return different == 2 && same == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Dead id ---- */

struct job { /* the first poll keeps the waker; the second ends it */
    struct future future;
    struct task_waker *kept;
    long *polls;
};

static enum progress poll_job(struct future *future,
                              const struct task_waker *waker)
{
    struct job *self = (struct job *)future;

    if (++*self->polls == 2)
        return FUTURE_READY;
    *self->kept = task_waker_clone(waker);
    return FUTURE_PENDING;
}

/* The naive executor: one task at a time, and its id is 0. */
struct naive {
    struct job *task;
    bool woken;
};

static void naive_keep(void *whom)
{
    (void)whom; /* an id is not counted */
}

static void naive_wake(void *whom)
{
    ((struct naive *)whom)->woken = true; /* whoever task 0 is by now */
}

static const struct task_waker_table naive_table = {naive_keep, naive_wake,
                                                    naive_wake, naive_keep};

static void naive_turn(struct naive *naive)
{
    struct task_waker waker = {&naive_table, naive};

    if (naive->task == NULL || !naive->woken)
        return;
    naive->woken = false;
    if (future_poll(&naive->task->future, &waker) == FUTURE_READY)
        naive->task = NULL;
}

/* How often the second job is polled: new, and for a wake of the first. */
static long polls_by_number(void)
{
    struct task_waker late, kept;
    long polls[2] = {0, 0};
    struct job first = {{poll_job, NULL}, &late, &polls[0]};
    struct job second = {{poll_job, NULL}, &kept, &polls[1]};
    struct naive naive = {&first, true};

    naive_turn(&naive);
    task_waker_wake_by_ref(&late);
    naive_turn(&naive); /* the first is over */
    naive = (struct naive){&second, true};
    naive_turn(&naive);
    task_waker_wake(&late);
    naive_turn(&naive);
    return polls[1];
}

static long polls_by_pointer(void)
{
    struct task_waker late = {.table = NULL}, kept = {.table = NULL};
    long polls[2] = {0, 0};
    const struct job first = {{poll_job, NULL}, &late, &polls[0]};
    const struct job second = {{poll_job, NULL}, &kept, &polls[1]};
    struct executor *ex;

    int rc = executor_new(&ex, NULL, 0);
    if (rc == 0)
        rc = executor_spawn(ex, &first.future, sizeof first);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "spawn a task");
    executor_run_ready(ex);
    task_waker_wake_by_ref(&late);
    executor_run_ready(ex); /* the first is over */
    rc = executor_spawn(ex, &second.future, sizeof second);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "spawn a task");
    executor_run_ready(ex);
    task_waker_wake(&late);
    executor_run_ready(ex);
    executor_free(ex);
    task_waker_drop(&kept);
    return polls[1];
}

int executor_bug_dead_id(void)
{
    long by_number = polls_by_number(), by_pointer = polls_by_pointer();

    printf("a late wake of a task that is over, its number given to the next:\n"
           "wakers are numbers:  the next was polled %ld times; it took the "
           "wake for its own\n"
           "wakers are counted:  the next was polled %ld time\n",
           by_number, by_pointer);
    return by_number == 2 && by_pointer == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
