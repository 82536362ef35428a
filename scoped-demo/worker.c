/* SPDX-License-Identifier: MIT
 *
 * worker.c - stealing, sharing, sleeping and waking.
 *
 * Why no worker oversleeps. A worker that wants to sleep
 *   (1) says so in its sleep word, and counts itself a sleeper,
 *   (2) asks every other worker to share,
 *   (3) looks once more at everything that could end its sleep, and then
 *   (4) waits, if its sleep word still says so.
 * Whoever does what could end a sleep does it first and looks for sleepers then:
 *
 *   shared tasks  deque_answer(): lift the ceiling, share; then sleepers.
 *   a latch       the last drop, or task_give_back(); then the sleep word.
 *   a root        (a job from outside, pool.c) count it; then the sleep words.
 *                 Likewise the order to stop.
 *
 * Each of these accesses is seq_cst, so there is one order of all of them. If
 * the other one's deed comes before (3), the sleeper sees it. If it comes after
 * (3), it comes after (1), and the other one sees the sleeper. So one of the two
 * always notices, and waking is a compare-and-swap of the sleep word, which one
 * of two wakers wins; (4) then does not wait, or is ended by the futex.
 *
 * And no question is lost: if a sleeper's (2) comes before the ceiling is
 * lifted, then so does (1), the answering owner sees the sleeper, wakes one, and
 * lowers the ceiling again as long as there are more.
 *
 * What is private to a busy worker wakes nobody. It is shared at the first push
 * or pop after the question, and until then its owner alone can run it, and will:
 * being woken for a task is a matter of speed, never of hanging. An owner that
 * sleeps has no private tasks: those below its frame, which it may not run now,
 * it shares before, since while it sleeps it can answer nobody.
 */
#include "worker.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOKS_BEFORE_SLEEP = 64 };

/* What a sleep word says. A worker that sleeps in a frame, that is in
 * worker_await(), takes no root: it has something to return to. */
enum { AWAKE, ASLEEP_IDLE, ASLEEP_IN_FRAME };

/* ---- Beginning and end ---- */

/* A thief's: the slot is read and given back, for its owner may want it. */
static void call_spawned(struct task *self, struct task *top)
{
    struct task task = {.run = self->run, .word = self->word};

    task_give_back(self);
    task.run.spawned(top, task.word.pointer);
}

void worker_init(struct worker *w, struct crew *crew, unsigned id,
                 struct deque *joins, struct deque *spawns)
{
    *w = (struct worker){.joins = joins,
                         .spawns = spawns,
                         .spawn_top = spawns->slot,
                         .spawn_floor = spawns->slot,
                         .crew = crew,
                         .id = id,
                         .victim = (id + 1) % crew->count};
    atomic_init(&w->sleep, AWAKE);
    deque_init(joins, w);
    deque_init(spawns, w);
    for (size_t slot = 0; slot < DEQUE_CAPACITY; slot++)
        spawns->slot[slot].call = call_spawned;
}

void worker_destroy(struct worker *w)
{
    while (w->spares > 0)
        free(w->spare[--w->spares]);
}

/* ---- Waking ---- */

static bool wake_if(struct worker *w, uint32_t how)
{
    /* seq_cst: see the top. */
    if (atomic_load_explicit(&w->sleep, memory_order_seq_cst) != how ||
        !atomic_compare_exchange_strong_explicit(
            &w->sleep, &how, AWAKE, memory_order_seq_cst, memory_order_relaxed))
        return false;
    /* seq_cst, pairs with worker_answer() and go_to_sleep(). */
    atomic_fetch_sub_explicit(&w->crew->sleepers, 1, memory_order_seq_cst);
    return true;
}

static void wake_futex(struct worker *w)
{
    syscall(SYS_futex, &w->sleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void worker_wake(struct worker *w)
{
    if (wake_if(w, ASLEEP_IDLE) || wake_if(w, ASLEEP_IN_FRAME))
        wake_futex(w);
}

static bool wake_one(struct crew *crew, uint32_t how)
{
    for (unsigned i = 0; i < crew->count; i++) {
        if (wake_if(&crew->worker[i], how)) {
            wake_futex(&crew->worker[i]);
            return true;
        }
    }
    return false;
}

bool crew_wake_idle(struct crew *crew)
{
    return wake_one(crew, ASLEEP_IDLE);
}

/* For a task any sleeper will do, but best one that has no frames below. */
static void wake_for_task(struct crew *crew)
{
    if (!wake_one(crew, ASLEEP_IDLE))
        wake_one(crew, ASLEEP_IN_FRAME);
}

static bool has_sleepers(struct crew *crew)
{
    /* seq_cst: see the top. */
    return atomic_load_explicit(&crew->sleepers, memory_order_seq_cst) > 0;
}

/* Shares half of what is private below top. False: nothing is. */
static bool share(struct task *top)
{
    struct deque *d = deque_of(top);
    struct crew *crew = d->worker->crew;

    if (!deque_answer(d, top))
        return false;
    if (has_sleepers(crew)) {
        wake_for_task(crew);
        if (has_sleepers(crew))
            deque_ask(d); /* in the others' name: at the next push */
    }
    return true;
}

bool worker_answer(struct task *top)
{
    bool room = deque_has_room(top);

    if (deque_is_asked(deque_of(top)))
        share(room ? top + 1 : top);
    return room;
}

bool worker_take_back(struct task *top)
{
    /* What is to be run at once is not given away, but what lies below it. */
    if (deque_is_asked(deque_of(top)))
        share(top);
    return deque_reclaim(top);
}

/* ---- Tasks ---- */

static bool run_stolen(struct task *top, struct deque *d)
{
    struct task *task = deque_steal(d);

    if (task == NULL)
        return false;
    /* relaxed: a hint whom to help, no more. */
    atomic_store_explicit(&task->thief, worker_of(top), memory_order_relaxed);
    worker_of(top)->steals++;
    task->call(task, top);
    return true;
}

static bool steal_from(struct task *top, struct worker *victim)
{
    if (run_stolen(top, victim->joins) || run_stolen(top, victim->spawns))
        return true;
    deque_ask(victim->joins);
    deque_ask(victim->spawns);
    return false;
}

/* From every other worker in turn, beginning with the last lucky one. */
static bool steal(struct task *top, struct worker *w)
{
    struct crew *crew = w->crew;

    for (unsigned i = 0; i < crew->count; i++) {
        unsigned victim = (w->victim + i) % crew->count;
        if (victim != w->id && steal_from(top, &crew->worker[victim])) {
            w->victim = victim;
            return true;
        }
    }
    return false;
}

void worker_run_spawned(struct task *top)
{
    struct task *task = --worker_of(top)->spawn_top;

    if (deque_pop(task) || worker_take_back(task)) {
        task->run.spawned(top, task->word.pointer);
        return;
    }
    while (!task_is_back(task))
        sched_yield(); /* the thief gives it back before it runs it */
    deque_forget(task);
}

/* ---- Sleeping ---- */

/* Whether w could steal one. What it has itself lies below its frame. */
static bool any_task(struct worker *w)
{
    for (unsigned i = 0; i < w->crew->count; i++)
        if (i != w->id && (deque_has_shared(w->crew->worker[i].joins) ||
                           deque_has_shared(w->crew->worker[i].spawns)))
            return true;
    return false;
}

/* (1) to (4) of the top. */
static void go_to_sleep(struct worker *w, uint32_t how,
                        bool (*over)(void *what), void *what)
{
    struct crew *crew = w->crew;

    /* seq_cst, both: see the top. */
    atomic_fetch_add_explicit(&crew->sleepers, 1, memory_order_seq_cst);
    atomic_store_explicit(&w->sleep, how, memory_order_seq_cst);
    for (unsigned i = 0; i < crew->count; i++) {
        if (i != w->id) {
            deque_ask(crew->worker[i].joins);
            deque_ask(crew->worker[i].spawns);
        }
    }
    if (over(what) || any_task(w))
        wake_if(w, how); /* or someone just did */
    /* acquire: what came before waking us is seen. */
    while (atomic_load_explicit(&w->sleep, memory_order_acquire) == how)
        syscall(SYS_futex, &w->sleep, FUTEX_WAIT_PRIVATE, how, NULL, NULL, 0);
    /* It may have been woken for a task and for this besides: another's turn. */
    if (over(what) && any_task(w))
        wake_for_task(crew);
}

/* Until it is over; how: the way to sleep. */
static void help(struct task *top, struct worker *likely, uint32_t how,
                 bool (*over)(void *what), void *what)
{
    struct worker *w = worker_of(top);

    for (int looks = 0;;) {
        while (worker_has_spawned(w)) {
            worker_run_spawned(top);
            looks = 0;
        }
        if (over(what))
            return;
        if ((likely != NULL && steal_from(top, likely)) || steal(top, w)) {
            looks = 0;
        } else if (looks++ < LOOKS_BEFORE_SLEEP) {
            sched_yield();
        } else {
            while (share(top) || share(w->spawn_top))
                continue;
            go_to_sleep(w, how, over, what);
            looks = 0;
        }
    }
}

void worker_await(struct task *top, struct worker *likely,
                  bool (*over)(void *what), void *what)
{
    help(top, likely, ASLEEP_IN_FRAME, over, what);
}

void worker_idle(struct task *top, bool (*over)(void *what), void *what)
{
    help(top, NULL, ASLEEP_IDLE, over, what);
}
