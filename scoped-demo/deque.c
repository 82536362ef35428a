/* SPDX-License-Identifier: MIT
 *
 * deque.c - the uncommon half: sharing, reclaiming, stealing.
 *
 * Invariants. Indices grow from the first slot: tail <= split <= top. The owner
 * alone moves the split, and keeps a copy of it (as a pointer) that it can read
 * without looking at the shared word; thieves only add one to the tail, and only
 * while tail < split. Both do it by changing the whole word at once.
 *
 * A word may come back to what it was (the owner reclaims a task, runs it, and
 * shares another one in the same slot). A thief that has slept through that wins
 * its compare-and-swap all the same, and rightly so: it reads the slot only
 * after having won, and then it is the new task that it reads.
 *
 * A slot is written again only after its thief has given it back, or if it never
 * had one, so a thief reads in peace.
 */
#include "deque.h"

static uint64_t word_of(uint64_t tail, uint64_t split)
{
    return split << 32 | tail;
}

static uint64_t tail_of(uint64_t word)
{
    return word & UINT32_MAX;
}

static uint64_t split_of(uint64_t word)
{
    return word >> 32;
}

void deque_init(struct deque *d, struct worker *worker)
{
    d->split = d->slot;
    atomic_init(&d->ceiling, NULL);
    atomic_init(&d->floor, DEQUE_NOWHERE);
    d->worker = worker;
    atomic_init(&d->tail_split, 0);
    for (size_t i = 0; i <= DEQUE_CAPACITY; i++) {
        atomic_init(&d->slot[i].thief, NULL);
        atomic_init(&d->slot[i].is_back, false);
    }
}

/* ---- The owner's ---- */

/* To be called when the split has moved. */
static void set_floor(struct deque *d)
{
    /* seq_cst, both, pairs with deque_ask(): either we see that someone asks, or
     * its floor comes after ours, so no question is written over. */
    atomic_store_explicit(&d->floor, d->split, memory_order_seq_cst);
    if (atomic_load_explicit(&d->ceiling, memory_order_seq_cst) == NULL)
        atomic_store_explicit(&d->floor, DEQUE_NOWHERE, memory_order_seq_cst);
}

bool deque_answer(struct deque *d, struct task *top)
{
    if (top <= d->split)
        return false;
    uint64_t private = (uint64_t)(top - d->split);
    uint64_t more = (private + 1) / 2;
    /* seq_cst: before the sharing, so that a thief that comes too late for it
     * can ask again (worker.c says why no sleeper's question is lost). */
    atomic_store_explicit(&d->ceiling, &d->slot[DEQUE_CAPACITY],
                          memory_order_seq_cst);
    d->split += more;
    set_floor(d);
    /* seq_cst, "these are shared", pairs with deque_steal(): release, so that
     * the thief sees the tasks, and in one order with falling asleep (worker.c). */
    atomic_fetch_add_explicit(&d->tail_split, more << 32, memory_order_seq_cst);
    return true;
}

bool deque_reclaim(struct task *top)
{
    struct deque *d = deque_of(top);
    uint64_t index = (uint64_t)(top - d->slot);
    if (top >= d->split) {
        set_floor(d);
        return true;
    }
    /* relaxed: the slots that come back hold what the owner wrote there. The
     * swap keeps the thieves' view intact, being a part of the release sequence
     * of "these are shared". */
    uint64_t word = atomic_load_explicit(&d->tail_split, memory_order_relaxed);
    uint64_t split;

    do {
        if (tail_of(word) > index)
            return false;
        split = tail_of(word) + (index - tail_of(word)) / 2;
    } while (!atomic_compare_exchange_weak_explicit(
        &d->tail_split, &word, word_of(tail_of(word), split),
        memory_order_relaxed, memory_order_relaxed));
    d->split = &d->slot[split];
    set_floor(d);
    return true;
}

void deque_forget(struct task *top)
{
    struct deque *d = deque_of(top);
    uint64_t index = (uint64_t)(top - d->slot);

    /* relaxed, all three: no thief looks at a slot until it is shared again,
     * which is a release; and while nothing is shared, which holds before and
     * after, no thief changes the word. */
    atomic_store_explicit(&top->thief, NULL, memory_order_relaxed);
    atomic_store_explicit(&top->is_back, false, memory_order_relaxed);
    atomic_store_explicit(&d->tail_split, word_of(index, index),
                          memory_order_relaxed);
    d->split = top;
    set_floor(d);
}

/* ---- The thieves' ---- */

struct task *deque_steal(struct deque *d)
{
    /* acquire, pairs with "these are shared": if we win, the task is seen. */
    uint64_t word = atomic_load_explicit(&d->tail_split, memory_order_acquire);

    while (tail_of(word) < split_of(word))
        if (atomic_compare_exchange_weak_explicit(
                &d->tail_split, &word, word + 1, memory_order_acquire,
                memory_order_acquire))
            return &d->slot[tail_of(word)];
    return NULL;
}

void deque_ask(struct deque *d)
{
    /* seq_cst, all, pairs with deque_answer() and set_floor(); worker.c says why it
     * must be so strict. Looked at first, because writing takes the line away. */
    if (atomic_load_explicit(&d->ceiling, memory_order_seq_cst) == NULL)
        return;
    atomic_store_explicit(&d->ceiling, NULL, memory_order_seq_cst);
    atomic_store_explicit(&d->floor, DEQUE_NOWHERE, memory_order_seq_cst);
}

bool deque_has_shared(struct deque *d)
{
    /* seq_cst, pairs with deque_answer(): see worker.c. */
    uint64_t word = atomic_load_explicit(&d->tail_split, memory_order_seq_cst);

    return tail_of(word) < split_of(word);
}

void task_give_back(struct task *task)
{
    /* seq_cst, "it is back", pairs with task_is_back(). */
    atomic_store_explicit(&task->is_back, true, memory_order_seq_cst);
}
