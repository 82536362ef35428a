/* SPDX-License-Identifier: MIT
 *
 * runtime.c - a queue of those that are ready, and turns.
 *
 * The queue is a ring of thread pointers, not a list through the threads: who
 * comes next is known without looking into memory that has not been used for a
 * long time. A thread stands in it at most once, and it has more places than
 * the table has threads, so that only runtime_spawn() can run out of memory.
 *
 * There is no thread that schedules. Whoever stops takes the next one from the
 * queue and switches to it. The OS thread itself is in the game as a thread
 * called outside: its turn comes when the queue is empty, and, as long as
 * somebody waits for a time or for the driver, once in a round of turns. It is
 * runtime_run() that then looks at clock and driver.
 *
 * A thread that ends puts itself among the unused while it still stands on its
 * stack. That is sound, as nobody can spawn before the switch away from it.
 */
#include "runtime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "threads.h"
#include "timers.h"
#include "util.h"

enum {
    FIRST_ROOM = 256, /* in the queue */
    AHEAD = 3,        /* so many turns ahead a stack is fetched */
    LOOK_EVERY = 64,  /* turns, at least, between looks at clock and driver */
};

struct runtime {
    struct thread *current; /* who runs; NULL if the runtime does not */
    struct thread *stopped; /* who stopped last: perhaps it still is about to */
    struct thread **queue;
    size_t head, tail; /* count up for ever; place: modulo room */
    size_t mask;       /* room of the queue, a power of two, less one */
    size_t unfinished;
    struct threads threads;
    struct context_modes modes; /* in which each begins */

    struct thread outside; /* who called runtime_run() */
    size_t looked;         /* head when clock and driver were looked at last */
    struct timers timers;
    struct runtime_driver *driver;
};

/* What this OS thread is running: the innermost, as a green thread may run a
 * runtime of its own. */
static _Thread_local struct runtime *running;

int runtime_new(struct runtime **out, size_t stack_size, enum stack_guard guard)
{
    struct runtime *rt = calloc(1, sizeof *rt);
    if (rt == NULL)
        return -ENOMEM;
    int rc = threads_init(&rt->threads, stack_size, guard);
    if (rc < 0)
        goto free_runtime;
    rt->queue = calloc(FIRST_ROOM, sizeof(struct thread *));
    if (rt->queue == NULL) {
        rc = -ENOMEM;
        goto destroy_threads;
    }
    rt->mask = FIRST_ROOM - 1;
    rt->modes = context_modes();
    *out = rt;
    return 0;
destroy_threads:
    threads_destroy(&rt->threads);
free_runtime:
    free(rt);
    return rc;
}

int runtime_free(struct runtime *rt)
{
    if (rt == NULL)
        return 0;
    if (rt->current != NULL)
        return -EBUSY;
    int rc = rt->unfinished > 0 ? -ECANCELED : 0;
    if (rt->driver != NULL)
        rt->driver->free(rt->driver);
    threads_destroy(&rt->threads);
    timers_destroy(&rt->timers);
    free(rt->queue);
    free(rt);
    return rc;
}

/* ---- The queue ---- */

static void make_ready(struct runtime *rt, struct thread *thread)
{
    rt->queue[rt->tail++ & rt->mask] = thread;
}

/* Who runs from now on: the next who is ready, or outside. With many, the stacks
 * are cold: one that is soon to be used is asked for now. */
static struct thread *take_next(struct runtime *rt)
{
    struct thread *next = &rt->outside;
    if (rt->head != rt->tail)
        next = rt->queue[rt->head++ & rt->mask];
    if (rt->tail - rt->head > AHEAD)
        __builtin_prefetch(
            rt->queue[(rt->head + AHEAD) & rt->mask]->fiber.context);
    rt->current = next;
    return next;
}

/* The caller stands still until its next turn. */
static void stop(struct runtime *rt, struct thread *self)
{
    rt->stopped = self;
    struct thread *next = take_next(rt);
    /* The pointer passed across is needed once, by thread_main(). */
    fiber_switch(&self->fiber, &next->fiber, next);
}

/* Twice the room in the queue, which is put in order on the way. */
static int grow_queue(struct runtime *rt)
{
    size_t room = 2 * (rt->mask + 1);
    size_t count = rt->tail - rt->head;
    struct thread **queue = calloc(room, sizeof(struct thread *));
    if (queue == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        queue[i] = rt->queue[(rt->head + i) & rt->mask];
    free(rt->queue);
    rt->queue = queue;
    rt->looked -= rt->head;
    rt->head = 0;
    rt->tail = count;
    rt->mask = room - 1;
    return 0;
}

static int add_thread(struct runtime *rt)
{
    bool full = rt->threads.used == rt->mask; /* one place is for outside */
    int rc = full ? grow_queue(rt) : 0;
    return rc == 0 ? threads_add(&rt->threads) : rc;
}

/* ---- A thread's life ---- */

/* Where each thread begins, on its own stack. */
static void thread_main(void *pass)
{
    struct thread *self = pass;

    fiber_arrive(&self->fiber);
    self->value = self->function(self->value);

    struct runtime *rt = running;
    rt->unfinished--;
    if (self->joinable) {
        self->state = FINISHED;
        if (self->joiner != NULL) {
            self->joiner->state = READY;
            make_ready(rt, self->joiner);
        }
    } else {
        threads_put_back(&rt->threads, self);
    }
    struct thread *next = take_next(rt);
    fiber_exit(&self->fiber, &next->fiber, next);
}

int runtime_spawn(struct runtime *rt, void *(*function)(void *argument),
                  void *argument, const char *name, struct thread_id *out)
{
    int rc = rt->threads.unused == NULL ? add_thread(rt) : 0;
    if (rc < 0)
        return rc;
    struct thread *thread = threads_take(&rt->threads);
    fiber_make(&thread->fiber, thread->stack, rt->threads.stack_size, rt->modes,
               thread_main);
    thread->function = function;
    thread->value = argument;
    thread->name = name != NULL ? name : "";
    thread->joiner = NULL;
    thread->joinable = out != NULL;
    thread->state = READY;
    thread->id.use++;
    rt->unfinished++;
    make_ready(rt, thread);
    if (out != NULL)
        *out = thread->id;
    return 0;
}

int runtime_join(struct runtime *rt, struct thread_id id, void **result)
{
    struct thread *thread = threads_find(&rt->threads, id);
    bool inside = running == rt;

    if (thread == NULL)
        return -ESRCH;
    if (inside && thread == rt->current)
        return -EDEADLK;
    if (thread->joiner != NULL) /* though it may have finished: he has not */
        return -EBUSY;          /* had his turn yet */
    if (thread->state != FINISHED) {
        if (!inside)
            return -EPERM;
        thread->joiner = rt->current;
        thread->joiner->state = JOINING;
        stop(rt, thread->joiner);
    }
    if (result != NULL)
        *result = thread->value;
    threads_put_back(&rt->threads, thread);
    return 0;
}

/* hot: where it stands in memory, see context/x86_64.S. */
__attribute__((hot)) int runtime_yield(void)
{
    struct runtime *rt = running;

    if (rt == NULL)
        return -EPERM;
    if (rt->head != rt->tail) {
        make_ready(rt, rt->current);
        stop(rt, rt->current);
    }
    return 0;
}

/* ---- Waiting, and what the OS thread does meanwhile ---- */

static bool somebody_waits(const struct runtime *rt)
{
    return rt->timers.count > 0 ||
           (rt->driver != NULL && rt->driver->waiting > 0);
}

/* Sees to it that outside gets its turn once in a round. */
static void call_outside(struct runtime *rt)
{
    if (rt->outside.state == READY)
        return;
    rt->outside.state = READY;
    make_ready(rt, &rt->outside);
}

int runtime_park(int64_t deadline)
{
    struct runtime *rt = running;

    if (rt == NULL)
        return -EPERM;
    struct thread *self = rt->current;
    if (deadline != RUNTIME_NEVER) {
        int rc = timers_add(&rt->timers, deadline, self, &self->timer);
        if (rc < 0)
            return rc;
    }
    self->timed_out = false;
    self->state = WAITING;
    call_outside(rt);
    stop(rt, self);
    return self->timed_out ? -ETIMEDOUT : 0;
}

void runtime_wake(struct runtime *rt, struct thread *thread)
{
    if (thread->state != WAITING)
        return;
    timers_cancel(&rt->timers, &thread->timer);
    thread->state = READY;
    make_ready(rt, thread);
}

int runtime_sleep(int64_t ns)
{
    int64_t deadline;

    if (__builtin_add_overflow(now_ns(), ns, &deadline))
        deadline = RUNTIME_NEVER - 1;
    int rc = runtime_park(deadline);
    return rc == -ETIMEDOUT ? 0 : rc;
}

static void wake_those_in_time(struct runtime *rt)
{
    int64_t now = rt->timers.count > 0 ? now_ns() : 0;
    for (;;) {
        struct thread *thread = timers_take_due(&rt->timers, now);
        if (thread == NULL)
            return;
        thread->timed_out = true;
        runtime_wake(rt, thread);
    }
}

/* Looks at driver and clock, if it is time to; waits there if nobody is ready. */
static int look(struct runtime *rt)
{
    bool idle = rt->head == rt->tail;
    int64_t deadline = idle ? timers_earliest(&rt->timers) : 0;
    int rc = 0;

    if (!idle && rt->head - rt->looked < LOOK_EVERY)
        return 0;
    rt->looked = rt->head;
    if (rt->driver != NULL && rt->driver->waiting > 0) {
        rc = rt->driver->wait(rt->driver, deadline);
    } else if (idle && deadline == RUNTIME_NEVER) {
        rc = -EDEADLK;
    } else if (idle) {
        const struct timespec until = {deadline / 1000000000,
                                       deadline % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    wake_those_in_time(rt);
    return rc;
}

int runtime_run(struct runtime *rt)
{
    struct runtime *before = running;
    int rc = 0;

    if (rt->current != NULL)
        return -EBUSY;
    running = rt;
    rt->current = &rt->outside;
    rt->outside.fiber = (struct fiber){0}; /* another OS thread, perhaps */
    while (rt->unfinished > 0 && rc == 0) {
        rc = look(rt);
        if (rc < 0 || rt->head == rt->tail)
            continue;
        if (somebody_waits(rt))
            call_outside(rt);
        stop(rt, &rt->outside);
        rt->outside.state = WAITING; /* it is not in the queue */
    }
    rt->current = NULL;
    running = before;
    return rc;
}

/* ---- Who, and with what ---- */

enum stack_guard runtime_guard(const struct runtime *rt)
{
    return stack_pool_guard(rt->threads.stacks);
}

struct runtime *runtime_current(void)
{
    return running;
}

struct thread *runtime_self(void)
{
    return running != NULL ? running->current : NULL;
}

const char *runtime_name(void)
{
    return running != NULL ? running->current->name : NULL;
}

static bool in_guard(const struct thread *thread, const char *at)
{
    bool ended = thread->state == UNUSED || thread->state == FINISHED;
    const char *low = ended ? NULL : thread->stack;
    return low != NULL && at < low && at >= low - STACK_GUARD;
}

/* A switch needs some stack, too: it is still that of the one who stops when the
 * next is current already. */
const char *runtime_overflowed(const void *address)
{
    if (running == NULL)
        return NULL;
    if (in_guard(running->current, address))
        return running->current->name;
    if (running->stopped != NULL && in_guard(running->stopped, address))
        return running->stopped->name;
    return NULL;
}

int runtime_set_driver(struct runtime *rt, struct runtime_driver *driver)
{
    if (rt->driver != NULL)
        return -EBUSY;
    rt->driver = driver;
    return 0;
}

struct runtime_driver *runtime_driver(const struct runtime *rt)
{
    return rt->driver;
}
