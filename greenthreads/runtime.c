/* SPDX-License-Identifier: MIT
 *
 * runtime.c - a table of threads and a queue of those that are ready.
 *
 * The queue is a ring of thread pointers, not a list through the threads: who
 * comes next is known without looking into memory that has not been used for a
 * long time. Each thread stands in it at most once, and it has as many places
 * as the table, so that only runtime_spawn() can run out of memory.
 *
 * There is no thread that schedules. Whoever stops takes the next one from the
 * queue and switches to it; only when the queue is empty does control go back
 * to runtime_run(), which is the fiber called outside.
 *
 * A thread that ends gives its stack back while it still stands on it. That is
 * sound, as nobody can take a stack before the switch away from it.
 */
#include "runtime.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fiber.h"
#include "stack.h"

enum { NAME_SIZE = 16, FIRST_ROOM = 16 };

enum thread_state { UNUSED, READY, RUNNING, WAITING, FINISHED };

struct thread {
    struct fiber fiber; /* first: what a switch needs */
    struct runtime *runtime;
    enum thread_state state;
    bool joinable;
    struct thread_id id;

    struct stack stack; /* its own until FINISHED */
    void *(*function)(struct runtime *rt, void *argument);
    void *argument, *result;
    struct thread *joiner; /* who waits for it, or NULL */
    struct thread *unused; /* the next unused one, while UNUSED */
    char name[NAME_SIZE];  /* its last byte stays 0 */
};

struct runtime {
    struct thread *current; /* who runs; NULL outside runtime_run() */
    struct fiber outside;   /* who called runtime_run() */
    size_t unfinished;

    size_t room; /* of table and queue: a power of two */
    struct thread **queue;
    size_t head, tail; /* count up for ever; place: modulo room */

    struct thread **table;
    size_t used;           /* places of the table that have a thread */
    struct thread *unused; /* those of them that wait to be used again */

    struct stack_pool *stacks;
};

int runtime_new(struct runtime **out, size_t stack_size)
{
    struct runtime *rt = calloc(1, sizeof *rt);
    if (rt == NULL)
        return -ENOMEM;
    int rc = stack_pool_new(&rt->stacks, stack_size);
    if (rc < 0) {
        free(rt);
        return rc;
    }
    *out = rt;
    return 0;
}

int runtime_free(struct runtime *rt)
{
    if (rt == NULL)
        return 0;
    if (rt->current != NULL)
        return -EBUSY;
    for (size_t i = 0; i < rt->used; i++) {
        fiber_forget(&rt->table[i]->fiber);
        free(rt->table[i]);
    }
    stack_pool_free(rt->stacks);
    free(rt->table);
    free(rt->queue);
    free(rt);
    return 0;
}

/* ---- The queue ---- */

static void make_ready(struct runtime *rt, struct thread *thread)
{
    assert(rt->tail - rt->head < rt->room);
    thread->state = READY;
    rt->queue[rt->tail++ & (rt->room - 1)] = thread;
}

/* The fiber to go on with: that of the next who is ready, or outside. */
static struct fiber *take_next(struct runtime *rt)
{
    if (rt->head == rt->tail) {
        rt->current = NULL;
        return &rt->outside;
    }
    struct thread *next = rt->queue[rt->head++ & (rt->room - 1)];
    next->state = RUNNING;
    rt->current = next;
    return &next->fiber;
}

/* The caller stands still until someone makes it ready. */
static void stop(struct runtime *rt)
{
    struct thread *self = rt->current;

    /* The pointer passed across is needed once, by thread_main(). */
    struct fiber *next = take_next(rt);
    fiber_switch(&self->fiber, next, rt->current);
}

/* ---- The table ---- */

/* Twice the room, in table and queue; the queue is put in order on the way. */
static int grow(struct runtime *rt)
{
    size_t room = rt->room == 0 ? FIRST_ROOM : 2 * rt->room;
    const size_t each = sizeof(void *); /* both hold pointers to threads */
    struct thread **table = reallocarray(rt->table, room, each);
    if (table == NULL)
        return -ENOMEM;
    rt->table = table;
    struct thread **queue = reallocarray(NULL, room, each);
    if (queue == NULL)
        return -ENOMEM;
    size_t count = rt->tail - rt->head;
    for (size_t i = 0; i < count; i++)
        queue[i] = rt->queue[(rt->head + i) & (rt->room - 1)];
    free(rt->queue);
    rt->queue = queue;
    rt->head = 0;
    rt->tail = count;
    rt->room = room;
    return 0;
}

/* One more unused thread. */
static int add_thread(struct runtime *rt)
{
    int rc = rt->used == UINT32_MAX ? -ENOMEM : 0;
    if (rc == 0 && rt->used == rt->room)
        rc = grow(rt);
    if (rc < 0)
        return rc;
    struct thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return -ENOMEM;
    thread->runtime = rt;
    thread->id.place = (uint32_t)rt->used;
    rt->table[rt->used++] = thread;
    rt->unused = thread;
    return 0;
}

static void put_back(struct runtime *rt, struct thread *thread)
{
    thread->state = UNUSED;
    thread->unused = rt->unused;
    rt->unused = thread;
}

static struct thread *find(const struct runtime *rt, struct thread_id id)
{
    if (id.place >= rt->used)
        return NULL;
    struct thread *thread = rt->table[id.place];
    bool same = thread->state != UNUSED && thread->id.use == id.use;
    return same ? thread : NULL;
}

/* ---- A thread's life ---- */

/* Where each thread begins, on its own stack. */
static void thread_main(void *pass)
{
    struct thread *self = pass;
    struct runtime *rt = self->runtime;

    fiber_arrive(&self->fiber);
    self->result = self->function(rt, self->argument);

    rt->unfinished--;
    self->state = FINISHED;
    if (self->joiner != NULL)
        make_ready(rt, self->joiner);
    stack_give(rt->stacks, self->stack);
    if (!self->joinable)
        put_back(rt, self);
    struct fiber *next = take_next(rt);
    fiber_exit(&self->fiber, next, rt->current);
}

int runtime_spawn(struct runtime *rt,
                  void *(*function)(struct runtime *rt, void *argument),
                  void *argument, const char *name, struct thread_id *out)
{
    int rc = rt->unused == NULL ? add_thread(rt) : 0;
    if (rc < 0)
        return rc;
    struct thread *thread = rt->unused;
    rc = stack_take(rt->stacks, &thread->stack);
    if (rc < 0)
        return rc;
    rt->unused = thread->unused;
    fiber_make(&thread->fiber, thread->stack.low, thread->stack.size,
               thread_main);
    thread->function = function;
    thread->argument = argument;
    thread->joiner = NULL;
    thread->joinable = out != NULL;
    thread->id.use++;
    strncpy(thread->name, name != NULL ? name : "", NAME_SIZE - 1);
    rt->unfinished++;
    make_ready(rt, thread);
    if (out != NULL)
        *out = thread->id;
    return 0;
}

int runtime_run(struct runtime *rt)
{
    if (rt->current != NULL)
        return -EBUSY;
    if (rt->head != rt->tail) {
        rt->outside = (struct fiber){0}; /* another OS thread, perhaps */
        struct fiber *first = take_next(rt);
        fiber_switch(&rt->outside, first, rt->current);
    }
    return rt->unfinished == 0 ? 0 : -EDEADLK;
}

int runtime_yield(struct runtime *rt)
{
    if (rt->current == NULL)
        return -EPERM;
    if (rt->head != rt->tail) {
        make_ready(rt, rt->current);
        stop(rt);
    }
    return 0;
}

int runtime_join(struct runtime *rt, struct thread_id id, void **result)
{
    struct thread *thread = find(rt, id);

    if (thread == NULL)
        return -ESRCH;
    if (thread == rt->current)
        return -EDEADLK;
    if (thread->joiner != NULL)
        return -EBUSY;
    if (thread->state != FINISHED) {
        if (rt->current == NULL)
            return -EPERM;
        thread->joiner = rt->current;
        rt->current->state = WAITING;
        stop(rt);
    }
    if (result != NULL)
        *result = thread->result;
    put_back(rt, thread);
    return 0;
}

const char *runtime_name(const struct runtime *rt)
{
    return rt->current != NULL ? rt->current->name : NULL;
}
