/* SPDX-License-Identifier: MIT
 *
 * once.c - what must happen once, among threads that all want it. A thing made
 * when first needed: four threads make one each, one compare-and-swap wins, the
 * others throw theirs away; pthread_once() makes a single one, and the others
 * wait for it. Numbers given out: a plain add starts anew when they run out, a
 * compare-and-swap can refuse.
 * Try: threads-demo once
 * Read with: Rust Atomics and Locks, ch. 2.
 */
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { THREADS = 4, ASKED = 100 }; /* 400 numbers of 8 bits: too many */

struct thing {
    int maker;
};

static pthread_once_t control = PTHREAD_ONCE_INIT;
static int made_by_once; /* written inside pthread_once(), read after it */

struct shared {
    pthread_barrier_t all_made;
    struct thing *_Atomic first;
    _Atomic int made, different;
    _Atomic uint8_t next_by_add, next_by_swap;
    _Atomic int by_add[256], by_swap[256]; /* how often each was given */
};

static void make_it(void)
{
    made_by_once++;
}

/* The winner's thing, whoever that is. */
static struct thing *first_of(struct shared *s, struct thing *mine)
{
    struct thing *seen = NULL;

    /* release: the others see a finished thing; acquire: so do we. */
    if (atomic_compare_exchange_strong_explicit(
            &s->first, &seen, mine, memory_order_acq_rel, memory_order_acquire))
        return mine;
    free(mine);
    return seen;
}

/* A number never given before, or 0. relaxed, all: numbers order nothing. */
static uint8_t number_by_swap(struct shared *s)
{
    uint8_t last = atomic_load_explicit(&s->next_by_swap, memory_order_relaxed);

    do
        if (last == UINT8_MAX)
            return 0;
    while (!atomic_compare_exchange_weak_explicit(
        &s->next_by_swap, &last, (uint8_t)(last + 1), memory_order_relaxed,
        memory_order_relaxed));
    return (uint8_t)(last + 1);
}

static void *want_it(void *arg)
{
    struct shared *s = arg;
    struct thing *mine = calloc(1, sizeof *mine);

    if (mine == NULL)
        error(EXIT_FAILURE, ENOMEM, "make the thing");
    mine->maker =
        atomic_fetch_add_explicit(&s->made, 1, memory_order_relaxed) + 1;
    pthread_barrier_wait(&s->all_made); /* all have found nothing there */
    struct thing *thing = first_of(s, mine);
    if (thing->maker < 1 || thing->maker > THREADS)
        atomic_fetch_add_explicit(&s->different, 1, memory_order_relaxed);
    must(pthread_once(&control, make_it));
    if (made_by_once != 1)
        atomic_fetch_add_explicit(&s->different, 1, memory_order_relaxed);
    for (int i = 0; i < ASKED; i++) {
        uint8_t number =
            atomic_fetch_add_explicit(&s->next_by_add, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&s->by_add[number], 1, memory_order_relaxed);
        number = number_by_swap(s);
        atomic_fetch_add_explicit(&s->by_swap[number], 1, memory_order_relaxed);
    }
    return NULL;
}

static int given_twice(_Atomic int *given)
{
    int twice = 0;

    for (int i = 1; i < 256; i++)
        twice += atomic_load_explicit(&given[i], memory_order_relaxed) > 1;
    return twice;
}

int once_main(int argc, char **argv)
{
    static struct shared s; /* zero, and two pages large */
    pthread_t threads[THREADS];

    choose(argc, argv, "Made once; given out once.", NULL, 0);
    watchdog(30, "once: a thread does not come\n");
    must(pthread_barrier_init(&s.all_made, NULL, THREADS));
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(want_it, &s);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL));
    must(pthread_barrier_destroy(&s.all_made));
    /* relaxed, all: the threads are joined. */
    free(atomic_load_explicit(&s.first, memory_order_relaxed));
    int made = atomic_load_explicit(&s.made, memory_order_relaxed);
    int different = atomic_load_explicit(&s.different, memory_order_relaxed);
    int refused = atomic_load_explicit(&s.by_swap[0], memory_order_relaxed);
    int add = given_twice(s.by_add), swap = given_twice(s.by_swap);
    printf("by compare-and-swap: %d made, 1 kept; by pthread_once: %d made\n",
           made, made_by_once);
    printf("%d numbers of 8 bits, by adding: %d given twice; by "
           "compare-and-swap: %d given twice, %d refused\n",
           THREADS * ASKED, add, swap, refused);
    return different == 0 && made_by_once == 1 && add > 0 && swap == 0 &&
                   refused == THREADS * ASKED - UINT8_MAX
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
