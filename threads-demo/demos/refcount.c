/* SPDX-License-Identifier: MIT
 *
 * refcount.c - a thing that goes with its last owner, whoever that is, and
 * lookers-on who do not keep it alive. Two counts: owners (strong), and all who
 * know the memory (weak; the owners together count as one).
 * Try: threads-demo refcount
 * Read with: Rust Atomics and Locks, ch. 6.
 */
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { OWNERS = 4, TIMES = 2000 };

struct tally { /* outlives the thing, for the check at the end */
    _Atomic int thrown, freed;
};

struct thing {
    _Atomic long strong, weak;
    struct tally *tally;
    void (*end)(struct thing *t); /* its memory's, by who made it */
    long value;                   /* belongs to the owners */
};

static void end_it(struct thing *t)
{
    /* relaxed: read when all threads are joined. */
    atomic_fetch_add_explicit(&t->tally->freed, 1, memory_order_relaxed);
    free(t);
}

static void take(struct thing *t)
{
    /* relaxed: the caller's own hold keeps it alive. */
    atomic_fetch_add_explicit(&t->strong, 1, memory_order_relaxed);
}

static void let_go_weak(struct thing *t)
{
    /* release: we have done with the memory; acquire: so have all others. */
    if (atomic_fetch_sub_explicit(&t->weak, 1, memory_order_acq_rel) == 1)
        t->end(t);
}

static void let_go(struct thing *t)
{
    /* The same for the value. acquire is needed for the last one only; a fence
     * there would spare the others, but no sanitizer understands fences. */
    if (atomic_fetch_sub_explicit(&t->strong, 1, memory_order_acq_rel) == 1) {
        t->value = -1; /* the value's end; the memory may have lookers-on */
        atomic_fetch_add_explicit(&t->tally->thrown, 1, memory_order_relaxed);
        let_go_weak(t);
    }
}

/* From looker-on to owner: only while there is an owner still. */
static bool upgrade(struct thing *t)
{
    /* relaxed, then acquire on success: as take(), by one who owns nothing. */
    long owners = atomic_load_explicit(&t->strong, memory_order_relaxed);

    while (owners > 0)
        if (atomic_compare_exchange_weak_explicit(
                &t->strong, &owners, owners + 1, memory_order_acquire,
                memory_order_relaxed))
            return true;
    return false;
}

static void *own(void *arg)
{
    struct thing *t = arg;
    long wrong = 0;

    for (int i = 0; i < TIMES; i++) {
        take(t);
        wrong += t->value != 42;
        let_go(t);
    }
    let_go(t); /* the hold we were started with */
    return (void *)wrong;
}

int refcount_main(int argc, char **argv)
{
    struct thing *t = calloc(1, sizeof *t);
    struct tally tally = {0};
    pthread_t threads[OWNERS];
    long wrong = 0;

    choose(argc, argv, "The last owner clears up.", NULL, 0);
    watchdog(30, "refcount: an owner does not end\n");
    if (t == NULL)
        error(EXIT_FAILURE, ENOMEM, "make the thing");
    atomic_init(&t->strong, 1);
    atomic_init(&t->weak, 2); /* the owners' one, and main's look */
    t->value = 42;
    t->tally = &tally;
    t->end = end_it;
    for (int i = 0; i < OWNERS; i++) {
        take(t); /* before the thread starts: it may be late */
        threads[i] = start_thread(own, t);
    }
    bool before = upgrade(t);
    if (before)
        let_go(t);
    let_go(t); /* main is a looker-on from here */
    for (int i = 0; i < OWNERS; i++) {
        void *result;
        must(pthread_join(threads[i], &result));
        wrong += (long)result;
    }
    bool after = upgrade(t);
    let_go_weak(t);
    /* relaxed: the threads are joined. */
    int thrown = atomic_load_explicit(&tally.thrown, memory_order_relaxed);
    int freed = atomic_load_explicit(&tally.freed, memory_order_relaxed);
    printf("upgrade with owners: %s, without: %s; value ended %d time, memory "
           "freed %d time\n",
           before ? "yes" : "no", after ? "yes" : "no", thrown, freed);
    return wrong == 0 && before && !after && thrown == 1 && freed == 1
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
