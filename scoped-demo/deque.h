/* SPDX-License-Identifier: MIT
 *
 * deque.h - a worker's own tasks: a flat array in two parts, of which the owner
 * shares out the older and keeps the younger to itself.
 *
 *     slot[0]        tail            split            top
 *        | stolen      | shared        | private        | free ...
 *
 * The owner pushes and pops at the top, so it goes on with what it put there
 * last, which is still in its cache (LIFO). Thieves take from the tail, so they
 * get what has waited longest: in divide and conquer that is the biggest piece.
 *
 * Nobody but the owner may touch the private part, and that is why pushing and
 * popping there costs two or three plain stores and two loads: no fence, no
 * compare-and-swap, no lock. Only a thief that comes in vain makes it otherwise:
 * it asks (deque_ask), the owner meets the question at its next push or pop, and
 * then moves the split up and so shares out half of what it has.
 *
 * The question costs the owner nothing as long as nobody asks, because it is
 * hidden in two comparisons that are there anyway: a push looks whether the top
 * is below the ceiling, that is whether there is room, and a pop whether it is
 * above the floor, that is whether the task is private. Who asks lowers the
 * ceiling and lifts the floor, so far that neither comparison holds.
 *
 * A stolen task's slot is its thief's, who reads the argument there and writes
 * the result there, until it gives the slot back. The array lives as long as the
 * pool, so a thief can never touch a frame that has died.
 *
 * The top is not in the deque: whoever runs on the worker hands it on, as an
 * argument (`struct task *top`), which keeps it in a register. It also tells
 * where one is: the deque that it points into begins at a multiple of its size.
 *
 * Read with: van Dijk and van de Pol, "Lace: Non-blocking Split Deque for
 * Work-Stealing" (2014), after Dinan et al. (2009) and Faxen's Wool (2010). Ours
 * has one word and one flag where Lace has several, and moves the split by
 * atomic addition, so that no fence is needed. Chase and Lev, "Dynamic Circular
 * Work-Stealing Deque" (2005), is the form that Rayon uses.
 */
#ifndef DEQUE_H
#define DEQUE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker; /* worker.h */

/* One slot, by value; a cache line, so that neighbours do not disturb. */
struct task {
    /* What a thief calls; it runs the task and gives the slot back. */
    void (*call)(struct task *self, struct task *top);
    union {
        int (*job)(struct task *top, void *arg);
        long (*number)(struct task *top, long arg);
        void (*spawned)(struct task *top, void *arg);
    } run;
    union {
        void *pointer;
        long number;
    } word; /* the argument; given back, the result */
    _Atomic(struct worker *) thief;
    atomic_bool is_back; /* the thief has done with the slot */
} __attribute__((aligned(64)));

enum { DEQUE_BYTES = 65536, DEQUE_CAPACITY = 1021 };

/* In the open for the functions that must be inline to be quick. */
struct deque {
    /* The owner's line, but thieves that ask write ceiling and floor. */
    _Alignas(64) _Atomic(struct task *) ceiling; /* the last slot, or NULL */
    _Atomic(struct task *) floor; /* the split, or DEQUE_NOWHERE */
    struct task *split;           /* the owner's copy */
    struct worker *worker;        /* fixed by deque_init() */

    /* Everyone's line: the index of the tail, and above it, in the high half,
     * that of the split. In one word, so that a thief that takes the tail and
     * an owner that draws the split back cannot both win. */
    _Alignas(64) _Atomic uint64_t tail_split;

    struct task slot[DEQUE_CAPACITY + 1]; /* into the last one nothing goes */
};

#define DEQUE_NOWHERE ((struct task *)UINTPTR_MAX) /* above every slot */

static_assert(sizeof(struct task) == 64, "a task fills a cache line");
static_assert(sizeof(struct deque) == DEQUE_BYTES,
              "deque_of() rounds down to a multiple of this");

/* An empty deque, in memory that is aligned to DEQUE_BYTES. Its first push will
 * share: nobody has had the time to ask. */
void deque_init(struct deque *d, struct worker *worker);

static inline struct deque *deque_of(struct task *top)
{
    return (struct deque *)((uintptr_t)top & ~(uintptr_t)(DEQUE_BYTES - 1));
}

/* ---- The owner's ---- */

/* Whether *top, just filled in, is now a task, and the top is one higher. False:
 * it is, unless there is no room, but deque_answer() must be called. */
static inline bool deque_push(struct task *top)
{
    /* relaxed: a question is a wish; nothing is read by it. */
    return top <
           atomic_load_explicit(&deque_of(top)->ceiling, memory_order_relaxed);
}

/* False: there is no room for *top. */
static inline bool deque_has_room(struct task *top)
{
    return top < &deque_of(top)->slot[DEQUE_CAPACITY];
}

/* Whether some thief asks. */
static inline bool deque_is_asked(struct deque *d)
{
    /* relaxed: as in deque_push(). */
    return atomic_load_explicit(&d->ceiling, memory_order_relaxed) == NULL;
}

/* Shares the older half of what is private below top, at least one task, and
 * takes the question as answered. False: nothing there is private. */
bool deque_answer(struct deque *d, struct task *top);

/* Whether the youngest task, *top, is private and nobody asks. */
static inline bool deque_pop(struct task *top)
{
    /* relaxed: as in deque_push(). */
    return top >=
           atomic_load_explicit(&deque_of(top)->floor, memory_order_relaxed);
}

/* If not: whether the youngest task, *top, is the owner's again, maybe out of the
 * shared part. False: it was stolen, and so was all below it; when
 * task_is_back(), deque_forget(). */
bool deque_reclaim(struct task *top);

/* Frees *top, the youngest task, which was stolen and is back. */
void deque_forget(struct task *top);

/* ---- Any thread's ---- */

/* Takes the oldest shared task, whose slot is the thief's until task_is_back().
 * NULL: none is shared; then deque_ask(). */
struct task *deque_steal(struct deque *d);

/* Asks the owner to share at its next push or pop. */
void deque_ask(struct deque *d);

/* Whether something is shared. */
bool deque_has_shared(struct deque *d);

/* ---- The thief's and the owner's, one after the other ---- */

/* The thief's last word: result and slot are the owner's. */
void task_give_back(struct task *task);

/* The owner's question. True: the result may be read. */
static inline bool task_is_back(struct task *task)
{
    /* seq_cst, pairs with task_give_back(): acquire, so that the result is
     * seen, and in one order with falling asleep (worker.c). */
    return atomic_load_explicit(&task->is_back, memory_order_seq_cst);
}

#endif
