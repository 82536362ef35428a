/* SPDX-License-Identifier: MIT
 *
 * test_executor.c - what executor.h promises. Tasks record; the test asserts,
 * on its own stack. With a number as argument so many wakes are counted.
 */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counted.h"
#include "executor.h"
#include "util.h"

enum { THREADS = 8 };
static long all_wakes = 100000;

/* ---- Memory runs out on cue, and is counted ---- */

static _Thread_local bool no_memory;
static _Thread_local size_t taken;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    void *memory = no_memory ? NULL : __real_malloc(size);
    if (memory != NULL)
        taken += malloc_usable_size(memory) + sizeof(size_t);
    return memory;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- A task that does as a note says; the note outlives it ---- */

struct note {
    int polls, drops;
    int self_wakes; /* so many polls wake the task from inside */
    bool ready;     /* the next poll after those is the last */
    struct task_waker waker;
    struct executor *executor;
    struct note *children[2]; /* spawned by the first poll */
    int rc;
};

struct noted {
    struct future future;
    struct note *note;
};

static int spawn_noted(struct executor *ex, struct note *note);

static enum progress poll_noted(struct future *future,
                                const struct task_waker *waker)
{
    struct note *note = ((struct noted *)future)->note;

    note->polls++;
    for (int i = 0; i < 2 && note->children[i] != NULL; i++) {
        note->rc |= spawn_noted(note->executor, note->children[i]);
        note->children[i] = NULL;
    }
    if (note->ready && note->self_wakes == 0)
        return FUTURE_READY;
    task_waker_store(&note->waker, waker);
    if (note->self_wakes > 0) {
        note->self_wakes--;
        task_waker_wake_by_ref(waker);
    }
    return FUTURE_PENDING;
}

static void drop_noted(struct future *future)
{
    struct note *note = ((struct noted *)future)->note;
    note->drops++;
    if (note->children[0] != NULL)
        note->rc = spawn_noted(note->executor, note->children[0]);
}

static int spawn_noted(struct executor *ex, struct note *note)
{
    const struct noted noted = {{poll_noted, drop_noted}, note};
    note->executor = ex;
    return executor_spawn(ex, &noted.future, sizeof noted);
}

static struct executor *new_executor(struct driver *driver, unsigned budget)
{
    struct executor *ex = NULL;
    assert_int_equal(executor_new(&ex, driver, budget), 0);
    return ex;
}

/* ---- Once per wake ---- */

static void a_new_task_is_polled_once_and_then_waits(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note note = {.polls = 0};
    (void)state;
    assert_int_equal(spawn_noted(ex, &note), 0);
    assert_int_equal(note.polls, 0); /* lazy */
    assert_int_equal(executor_run_ready(ex), 1);
    assert_int_equal(executor_run_ready(ex), 0);
    assert_int_equal(note.polls, 1);
    note.ready = true;
    assert_int_equal(executor_run_ready(ex), 0);
    task_waker_wake(&note.waker);
    assert_int_equal(executor_run_ready(ex), 1);
    assert_int_equal(note.polls, 2);
    assert_int_equal(note.drops, 1);
    executor_free(ex);
    assert_int_equal(note.drops, 1);
}

static void wakes_of_a_queued_task_merge(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note note = {.polls = 0};
    (void)state;
    assert_int_equal(spawn_noted(ex, &note), 0);
    (void)executor_run_ready(ex);
    for (int i = 0; i < 1000; i++)
        task_waker_wake_by_ref(&note.waker);
    assert_int_equal(executor_run_ready(ex), 1);
    assert_int_equal(executor_run_ready(ex), 0);
    assert_int_equal(note.polls, 2);
    note.ready = true;
    task_waker_wake(&note.waker);
    assert_int_equal(executor_run_ready(ex), 1);
    executor_free(ex);
}

static void a_wake_from_inside_the_poll_means_another_turn(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note note = {.self_wakes = 5};
    (void)state;
    assert_int_equal(spawn_noted(ex, &note), 0);
    for (int i = 0; i < 6; i++) /* one each, not all in one go */
        assert_int_equal(executor_run_ready(ex), 1);
    assert_int_equal(executor_run_ready(ex), 0);
    assert_int_equal(note.polls, 6);
    executor_free(ex);
    task_waker_drop(&note.waker);
}

/* Its place in the order of polls is written down. */
struct ordered {
    struct future future;
    int number;
    char *order; /* a text that grows */
};

static enum progress poll_ordered(struct future *future,
                                  const struct task_waker *waker)
{
    struct ordered *self = (struct ordered *)future;
    (void)waker;
    self->order[strlen(self->order)] = (char)('0' + self->number);
    return FUTURE_READY;
}

static void tasks_are_polled_in_the_order_of_their_coming(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    char order[16] = "";
    (void)state;
    for (int i = 0; i < 10; i++) {
        const struct ordered task = {{poll_ordered, NULL}, i, order};
        assert_int_equal(executor_spawn(ex, &task.future, sizeof task), 0);
    }
    assert_int_equal(executor_run(ex), 0);
    executor_free(ex);
    assert_string_equal(order, "0123456789");
}

/* Tasks that wake tasks, at random; each wake that found its task waiting is one
 * poll, and no other poll is. */
static void polls_are_wakes_that_found_the_task_waiting(void **state)
{
    enum { TASKS = 8, STEPS = 20000 };
    struct executor *ex = new_executor(NULL, 0);
    struct note notes[TASKS] = {{.polls = 0}};
    bool queued[TASKS] = {false};
    int expected[TASKS];
    unsigned seed = 7;
    (void)state;
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(spawn_noted(ex, &notes[i]), 0);
        expected[i] = 1;
    }
    (void)executor_run_ready(ex);
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned pick = seed >> 16;
        int i = (int)(pick % TASKS);
        if (pick / TASKS % 5 == 0) {
            (void)executor_run_ready(ex);
            for (int j = 0; j < TASKS; j++)
                queued[j] = false;
            continue;
        }
        expected[i] += !queued[i];
        queued[i] = true;
        task_waker_wake_by_ref(&notes[i].waker);
    }
    (void)executor_run_ready(ex);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(notes[i].polls, expected[i]);
    executor_free(ex);
    for (int i = 0; i < TASKS; i++)
        task_waker_drop(&notes[i].waker);
}

/* ---- The ends of a task, and of an executor ---- */

static void a_task_that_is_over_may_still_be_woken(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note note = {.polls = 0};
    (void)state;
    assert_int_equal(spawn_noted(ex, &note), 0);
    (void)executor_run_ready(ex);
    struct task_waker late = task_waker_clone(&note.waker);
    note.ready = true;
    task_waker_wake(&note.waker);
    assert_int_equal(executor_run(ex), 0);
    assert_int_equal(note.drops, 1);
    task_waker_wake_by_ref(&late);
    assert_int_equal(executor_run_ready(ex), 0);
    executor_free(ex);
    task_waker_wake_by_ref(&late);
    struct task_waker later = task_waker_clone(&late);
    task_waker_wake(&late);
    task_waker_drop(&later); /* frees the last of it */
    assert_int_equal(note.polls, 2);
}

static void
the_run_ends_with_the_last_task_also_of_those_spawned_late(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note tree[7];
    (void)state;
    for (int i = 0; i < 7; i++)
        tree[i] = (struct note){.ready = true};
    for (int i = 0; i < 3; i++)
        for (int side = 0; side < 2; side++)
            tree[i].children[side] = &tree[2 * i + 1 + side];
    assert_int_equal(executor_run(ex), 0); /* without tasks: at once */
    assert_int_equal(spawn_noted(ex, &tree[0]), 0);
    assert_int_equal(executor_run(ex), 0);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(tree[i].polls, 1);
        assert_int_equal(tree[i].drops, 1);
        assert_int_equal(tree[i].rc, 0);
    }
    executor_free(ex);
}

static void freeing_drops_each_task_that_is_left_once(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note unpolled = {.polls = 0}, pending = {.polls = 0},
                woken = {.polls = 0}, child = {.polls = 0};
    (void)state;
    assert_int_equal(spawn_noted(ex, &pending), 0);
    assert_int_equal(spawn_noted(ex, &woken), 0);
    (void)executor_run_ready(ex);
    task_waker_wake_by_ref(&woken.waker);
    unpolled.children[0] = &child; /* spawned in its drop: refused */
    assert_int_equal(spawn_noted(ex, &unpolled), 0);
    executor_free(ex);
    assert_int_equal(unpolled.polls, 0);
    assert_int_equal(unpolled.drops, 1);
    assert_int_equal(unpolled.rc, -ECANCELED);
    assert_int_equal(pending.drops, 1);
    assert_int_equal(woken.drops, 1);
    assert_int_equal(child.polls + child.drops, 0);
    task_waker_wake(&pending.waker);
    task_waker_wake(&woken.waker);
    assert_int_equal(pending.polls + woken.polls, 2);
}

static void without_memory_nothing_is_spawned_and_nothing_lost(void **state)
{
    struct executor *ex = new_executor(NULL, 0), *second = NULL;
    struct note note = {.ready = true};
    (void)state;
    no_memory = true;
    int spawned = spawn_noted(ex, &note);
    int made = executor_new(&second, NULL, 0);
    no_memory = false;
    assert_int_equal(spawned, -ENOMEM);
    assert_int_equal(made, -ENOMEM);
    assert_null(second);
    assert_int_equal(note.polls + note.drops, 0);
    assert_int_equal(spawn_noted(ex, &note), 0);
    assert_int_equal(executor_run(ex), 0);
    assert_int_equal(note.drops, 1);
    executor_free(ex);
    executor_free(NULL);
}

/* A future in nobody's memory but the test's, polled by two tasks in turn. */
struct lent {
    struct future future;
    struct script *script;
};

static enum progress poll_lent(struct future *future,
                               const struct task_waker *waker)
{
    return future_poll(&((struct lent *)future)->script->future, waker);
}

static void a_future_that_moved_to_another_executor_wakes_that_one(void **state)
{
    struct executor *a = new_executor(NULL, 0), *b = new_executor(NULL, 0);
    int polls = 0, drops = 0;
    struct script moving = script(2, &polls, &drops);
    const struct lent lent = {{poll_lent, NULL}, &moving};
    (void)state;
    assert_int_equal(executor_spawn(a, &lent.future, sizeof lent), 0);
    assert_int_equal(executor_run_ready(a), 1);
    assert_int_equal(executor_spawn(b, &lent.future, sizeof lent), 0);
    executor_free(a);
    assert_int_equal(executor_run_ready(b), 1);
    task_waker_wake(&moving.waker);
    assert_int_equal(executor_run(b), 0);
    assert_int_equal(polls, 3);
    executor_free(b);
}

/* What 1M tasks cost is what one costs: header, future, and malloc's word. */
static void a_parked_task_takes_136_bytes_at_most(void **state)
{
    enum { PARKED = 1000 };
    struct executor *ex = new_executor(NULL, 0);
    int polls = 0, drops = 0;
    (void)state;
    size_t before = taken;
    for (int i = 0; i < PARKED; i++) {
        struct script pending = script(9, &polls, &drops);
        assert_int_equal(executor_spawn(ex, &pending.future, sizeof pending),
                         0);
    }
    size_t each = (taken - before) / PARKED;
    assert_int_equal(executor_run_ready(ex), PARKED);
    executor_free(ex);
    assert_int_equal(drops, PARKED);
    assert_in_range(each, sizeof(struct script), 136);
}

/* ---- The driver ---- */

struct scripted {
    struct driver driver; /* first, so that the one is the other */
    int looks, blocks;    /* so often it was told not to wait, or to */
    int failure;
    struct note *to_wake; /* by the next wait that blocks */
};

static int wait_by_script(struct driver *driver, bool may_block)
{
    struct scripted *self = (struct scripted *)driver;

    self->looks += !may_block;
    self->blocks += may_block;
    if (may_block && self->to_wake != NULL) {
        self->to_wake->ready = true;
        task_waker_wake(&self->to_wake->waker);
    }
    return self->failure;
}

static void need_no_unpark(struct driver *driver)
{
    ((struct scripted *)driver)->failure = -EPROTO; /* it was its own thread */
}

static void
tasks_that_are_always_ready_do_not_keep_the_driver_from_looking(void **state)
{
    const unsigned budgets[] = {1, 10, 1000, 0};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct scripted d = {.driver = {wait_by_script, need_no_unpark}};
        struct executor *ex = new_executor(&d.driver, budgets[i]);
        struct note busy = {.self_wakes = 999, .ready = true};
        int budget = budgets[i] > 0 ? (int)budgets[i] : EXECUTOR_BUDGET;
        assert_int_equal(spawn_noted(ex, &busy), 0);
        assert_int_equal(executor_run(ex), 0);
        assert_int_equal(busy.polls, 1000);
        /* No look after the last poll: then there is nobody left. */
        assert_int_equal(d.looks, (1000 - 1) / budget);
        assert_int_equal(d.blocks, 0);
        executor_free(ex);
        task_waker_drop(&busy.waker);
    }
}

static void the_driver_waits_only_if_nobody_is_ready(void **state)
{
    struct scripted d = {.driver = {wait_by_script, need_no_unpark}};
    struct executor *ex = new_executor(&d.driver, 0);
    struct note sleeper = {.polls = 0}, busy = {.self_wakes = 9, .ready = true};
    (void)state;
    d.to_wake = &sleeper;
    assert_int_equal(spawn_noted(ex, &sleeper), 0);
    assert_int_equal(spawn_noted(ex, &busy), 0);
    assert_int_equal(executor_run(ex), 0);
    assert_int_equal(d.blocks, 1);
    assert_int_equal(sleeper.polls, 2);
    assert_int_equal(busy.polls, 10);
    executor_free(ex);
    task_waker_drop(&busy.waker);
}

static void a_driver_that_fails_ends_the_run(void **state)
{
    struct scripted d = {.driver = {wait_by_script, need_no_unpark},
                         .failure = -EIO};
    struct executor *ex = new_executor(&d.driver, 0);
    struct note note = {.polls = 0};
    (void)state;
    assert_int_equal(spawn_noted(ex, &note), 0);
    assert_int_equal(executor_run(ex), -EIO);
    assert_int_equal(executor_run(ex), -EIO);
    assert_int_equal(d.blocks, 1);
    executor_free(ex);
    assert_int_equal(note.drops, 1);
    task_waker_drop(&note.waker);
}

static void *stop(void *executor)
{
    executor_stop(executor);
    return NULL;
}

/* ---- Many threads ---- */

/* A driver that waits for nothing but unpark(). */
struct dozer {
    struct driver driver;
    sem_t bell;
    atomic_int inside, crowded; /* threads in wait(); times there were two */
};

static int doze(struct driver *driver, bool may_block)
{
    struct dozer *self = (struct dozer *)driver;

    /* relaxed, here and below: counted only; the executor's lock orders. */
    if (atomic_fetch_add_explicit(&self->inside, 1, memory_order_relaxed) > 0)
        atomic_fetch_add_explicit(&self->crowded, 1, memory_order_relaxed);
    while (may_block && sem_wait(&self->bell) < 0)
        continue;
    atomic_fetch_sub_explicit(&self->inside, 1, memory_order_relaxed);
    return 0;
}

static void ring(struct driver *driver)
{
    must(sem_post(&((struct dozer *)driver)->bell));
}

static void *run(void *executor)
{
    must(executor_run(executor));
    return NULL;
}

static void *run_until_stopped(void *executor)
{
    must(executor_run(executor) + ECANCELED);
    return NULL;
}

static void start_all(pthread_t *threads, int count, void *(*function)(void *),
                      void *argument)
{
    for (int i = 0; i < count; i++)
        must(pthread_create(&threads[i], NULL, function, argument));
}

static void join_all(const pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        must(pthread_join(threads[i], NULL));
}

/* THREADS threads each put a number, wake the task and wait until a poll has
 * seen it. So each wake counts, also those that merge: a lost one hangs. */
struct mailboxes {
    struct future future;
    struct shared {
        atomic_long put[THREADS], seen[THREADS];
        atomic_int next; /* which thread has which box */
        atomic_bool inside, twice;
        long each, polls; /* polls is no atomic: one poll after the other */
        struct task_waker waker;
    } * shared;
};

static enum progress poll_mailboxes(struct future *future,
                                    const struct task_waker *waker)
{
    struct shared *s = ((struct mailboxes *)future)->shared;
    int over = 0;

    (void)waker; /* it stays in the task that has handed out its waker */
    /* relaxed, here and in put_and_wake(): the wakes order it all. */
    if (atomic_exchange_explicit(&s->inside, true, memory_order_relaxed))
        atomic_store_explicit(&s->twice, true, memory_order_relaxed);
    s->polls++;
    for (int i = 0; i < THREADS; i++) {
        long put = atomic_load_explicit(&s->put[i], memory_order_relaxed);
        atomic_store_explicit(&s->seen[i], put, memory_order_relaxed);
        over += put == s->each;
    }
    atomic_store_explicit(&s->inside, false, memory_order_relaxed);
    return over == THREADS ? FUTURE_READY : FUTURE_PENDING;
}

static void *put_and_wake(void *argument)
{
    struct shared *s = argument;
    int box = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
    struct task_waker waker = task_waker_clone(&s->waker);

    for (long i = 1; i <= s->each; i++) {
        atomic_store_explicit(&s->put[box], i, memory_order_relaxed);
        task_waker_wake_by_ref(&waker);
        while (atomic_load_explicit(&s->seen[box], memory_order_relaxed) < i)
            sched_yield();
    }
    task_waker_drop(&waker);
    return NULL;
}

/* Gives its task's waker away, and becomes the mailboxes. */
static enum progress give_waker(struct future *future,
                                const struct task_waker *waker)
{
    ((struct mailboxes *)future)->shared->waker = task_waker_clone(waker);
    future->poll = poll_mailboxes;
    return FUTURE_PENDING;
}

static void no_wake_of_many_threads_is_lost(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) { /* 1 or 3 workers, with a driver? */
        int workers = kind % 2 == 0 ? 1 : 3;
        struct dozer dozer = {.driver = {doze, ring}};
        must(sem_init(&dozer.bell, 0, 0));
        struct executor *ex = new_executor(kind < 2 ? NULL : &dozer.driver, 0);
        struct shared s = {.each = all_wakes / 4 / THREADS};
        struct mailboxes task = {{give_waker, NULL}, &s};
        pthread_t wakers[THREADS], runners[3];
        assert_int_equal(executor_spawn(ex, &task.future, sizeof task), 0);
        assert_int_equal(executor_run_ready(ex), 1);
        start_all(runners, workers, run, ex);
        start_all(wakers, THREADS, put_and_wake, &s);
        join_all(wakers, THREADS);
        join_all(runners, workers); /* all of them, also those asleep */
        task_waker_drop(&s.waker);
        executor_free(ex);
        must(sem_destroy(&dozer.bell));
        assert_false(s.twice);
        assert_int_equal(dozer.crowded, 0);
        /* Once per wake, and not more. */
        assert_in_range(s.polls, s.each, s.each * THREADS);
    }
}

static void a_stop_ends_the_run_of_every_thread(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct dozer dozer = {.driver = {doze, ring}};
        must(sem_init(&dozer.bell, 0, 0));
        struct executor *ex = new_executor(kind == 0 ? NULL : &dozer.driver, 0);
        struct note note = {.polls = 0};
        pthread_t runners[3], stopper;
        assert_int_equal(spawn_noted(ex, &note), 0);
        start_all(runners, 3, run_until_stopped, ex);
        start_all(&stopper, 1, stop, ex);
        join_all(&stopper, 1);
        join_all(runners, 3);
        assert_int_equal(executor_run(ex), -ECANCELED);
        executor_free(ex);
        assert_int_equal(note.drops, 1);
        task_waker_drop(&note.waker);
        must(sem_destroy(&dozer.bell));
    }
}

/* What a merged wake was about, with nothing but the task's state between the
 * two threads; the flags are relaxed, and so order nothing. (ThreadSanitizer
 * objects if the wake's order, or the turn's, is relaxed.) */
struct merged {
    struct future future;
    struct note_of_merged {
        int value, seen;
        struct task_waker waker;
        atomic_bool go, done;
    } * note;
};

static enum progress poll_merged(struct future *future,
                                 const struct task_waker *waker)
{
    struct note_of_merged *m = ((struct merged *)future)->note;
    task_waker_store(&m->waker, waker);
    /* relaxed: if it is not raised there is nothing to read. */
    if (atomic_load_explicit(&m->done, memory_order_relaxed))
        m->seen = m->value;
    return FUTURE_PENDING;
}

static void *put_and_merge(void *argument)
{
    struct note_of_merged *m = argument;
    while (!atomic_load_explicit(&m->go, memory_order_relaxed))
        sched_yield();
    m->value = 42;
    task_waker_wake_by_ref(&m->waker);
    atomic_store_explicit(&m->done, true, memory_order_relaxed);
    return NULL;
}

static void what_was_put_before_a_merged_wake_is_seen(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct note_of_merged m = {.value = 0};
    const struct merged task = {{poll_merged, NULL}, &m};
    pthread_t thread;
    (void)state;
    assert_int_equal(executor_spawn(ex, &task.future, sizeof task), 0);
    (void)executor_run_ready(ex);
    start_all(&thread, 1, put_and_merge, &m);
    task_waker_wake_by_ref(&m.waker); /* the first; it queues the task */
    atomic_store_explicit(&m.go, true, memory_order_relaxed);
    while (!atomic_load_explicit(&m.done, memory_order_relaxed))
        sched_yield();
    size_t polled = executor_run_ready(ex);
    int seen = m.seen;
    join_all(&thread, 1);
    executor_free(ex);
    task_waker_drop(&m.waker);
    assert_int_equal(polled, 1);
    assert_int_equal(seen, 42);
}

/* A crowd of tasks that wake themselves and each other; what a poll finds in its
 * future the poll before has left there, perhaps in another thread. */
enum { CROWD = 100, TURNS = 200 };

struct crowd {
    pthread_mutex_t lock;            /* guards the wakers */
    struct task_waker wakers[CROWD]; /* of those that have been polled */
    atomic_int wrong;
};

struct member {
    struct future future;
    struct crowd *crowd;
    int number, turns; /* turns: no atomic */
    unsigned seed;
    atomic_bool inside;
};

static enum progress poll_member(struct future *future,
                                 const struct task_waker *waker)
{
    struct member *self = (struct member *)future;
    struct crowd *crowd = self->crowd;

    /* relaxed: it is only counted. */
    if (atomic_exchange_explicit(&self->inside, true, memory_order_relaxed))
        atomic_fetch_add_explicit(&crowd->wrong, 1, memory_order_relaxed);
    self->seed = self->seed * 1103515245 + 12345;
    int other = (int)((self->seed >> 16) % CROWD);
    must(pthread_mutex_lock(&crowd->lock));
    task_waker_store(&crowd->wakers[self->number], waker);
    struct task_waker his = task_waker_clone(&crowd->wakers[other]);
    must(pthread_mutex_unlock(&crowd->lock));
    task_waker_wake(&his);
    bool over = ++self->turns == TURNS;
    if (!over)
        task_waker_wake_by_ref(waker);
    atomic_store_explicit(&self->inside, false, memory_order_relaxed);
    return over ? FUTURE_READY : FUTURE_PENDING;
}

static void a_task_is_polled_by_one_thread_at_a_time(void **state)
{
    struct executor *ex = new_executor(NULL, 0);
    struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t runners[4];
    (void)state;
    for (int i = 0; i < CROWD; i++) {
        const struct member member = {.future = {poll_member, NULL},
                                      .crowd = &crowd,
                                      .number = i,
                                      .seed = (unsigned)i};
        assert_int_equal(executor_spawn(ex, &member.future, sizeof member), 0);
    }
    start_all(runners, 4, run, ex);
    join_all(runners, 4);
    executor_free(ex);
    for (int i = 0; i < CROWD; i++)
        task_waker_drop(&crowd.wakers[i]);
    assert_int_equal(crowd.wrong, 0);
}

/* Wakers that are used until after their executor has gone. */
struct late {
    struct task_waker waker;
    atomic_bool started, stop;
};

static void *wake_until_told(void *argument)
{
    struct late *late = argument;
    struct task_waker waker = task_waker_clone(&late->waker);
    atomic_store_explicit(&late->started, true, memory_order_relaxed);
    while (!atomic_load_explicit(&late->stop, memory_order_relaxed))
        task_waker_wake_by_ref(&waker);
    task_waker_wake(&waker);
    return NULL;
}

static void wakers_outlive_an_executor_that_is_freed_beside_them(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        struct dozer dozer = {.driver = {doze, ring}};
        must(sem_init(&dozer.bell, 0, 0));
        struct executor *ex = new_executor(&dozer.driver, 0);
        struct note note = {.polls = 0};
        struct late late = {.stop = false};
        pthread_t threads[2];
        assert_int_equal(spawn_noted(ex, &note), 0);
        (void)executor_run_ready(ex);
        late.waker = note.waker;
        start_all(threads, 2, wake_until_told, &late);
        while (!atomic_load_explicit(&late.started, memory_order_relaxed))
            sched_yield();
        (void)executor_run_ready(ex);
        executor_free(ex);
        must(sem_destroy(&dozer.bell));
        atomic_store_explicit(&late.stop, true, memory_order_relaxed);
        join_all(threads, 2);
        task_waker_drop(&note.waker);
        assert_int_equal(note.drops, 1);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_task_is_polled_once_and_then_waits),
        cmocka_unit_test(wakes_of_a_queued_task_merge),
        cmocka_unit_test(a_wake_from_inside_the_poll_means_another_turn),
        cmocka_unit_test(tasks_are_polled_in_the_order_of_their_coming),
        cmocka_unit_test(polls_are_wakes_that_found_the_task_waiting),
        cmocka_unit_test(a_task_that_is_over_may_still_be_woken),
        cmocka_unit_test(
            the_run_ends_with_the_last_task_also_of_those_spawned_late),
        cmocka_unit_test(freeing_drops_each_task_that_is_left_once),
        cmocka_unit_test(without_memory_nothing_is_spawned_and_nothing_lost),
        cmocka_unit_test(
            a_future_that_moved_to_another_executor_wakes_that_one),
        cmocka_unit_test(a_parked_task_takes_136_bytes_at_most),
        cmocka_unit_test(
            tasks_that_are_always_ready_do_not_keep_the_driver_from_looking),
        cmocka_unit_test(the_driver_waits_only_if_nobody_is_ready),
        cmocka_unit_test(a_driver_that_fails_ends_the_run),
        cmocka_unit_test(no_wake_of_many_threads_is_lost),
        cmocka_unit_test(a_stop_ends_the_run_of_every_thread),
        cmocka_unit_test(what_was_put_before_a_merged_wake_is_seen),
        cmocka_unit_test(a_task_is_polled_by_one_thread_at_a_time),
        cmocka_unit_test(wakers_outlive_an_executor_that_is_freed_beside_them),
    };
    if (argc > 1)
        must(parse_count(argv[1], 1, LONG_MAX, &all_wakes));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
