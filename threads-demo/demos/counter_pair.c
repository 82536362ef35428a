/* SPDX-License-Identifier: MIT
 *
 * counter_pair.c - ten threads add 1, 2, ... 10 to a total and count themselves,
 * while somebody looks on. Under one lock the two are never seen out of step. As
 * two atomics they are: each is right at any time, and the pair is not.
 * Try: threads-demo counter --pair --how relaxed
 * Read with: Rust Cookbook, compound state under one lock.
 */
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { THREADS = 10, LOOKS = 1000, TOTAL = THREADS * (THREADS + 1) / 2 };

struct pair {
    bool locked;
    pthread_mutex_t lock;
    long count, total; /* guarded by lock, if locked; else these: */
    _Atomic long atomic_count, atomic_total;
    pthread_barrier_t between; /* the last one to count, and who looks on */
};

static void *add_a_number(void *arg)
{
    struct pair *p = arg;

    if (p->locked) {
        must(pthread_mutex_lock(&p->lock));
        p->total += ++p->count;
        must(pthread_mutex_unlock(&p->lock));
        return NULL;
    }
    /* relaxed, here and below: no order would make one step of two. */
    long number = 1 + atomic_fetch_add_explicit(&p->atomic_count, 1,
                                                memory_order_relaxed);
    if (number == THREADS) { /* between its two steps, it lets others look */
        pthread_barrier_wait(&p->between);
        pthread_barrier_wait(&p->between);
    }
    atomic_fetch_add_explicit(&p->atomic_total, number, memory_order_relaxed);
    return NULL;
}

static bool in_step(struct pair *p, long *count)
{
    must(pthread_mutex_lock(&p->lock));
    *count = p->count;
    long total = p->total;
    must(pthread_mutex_unlock(&p->lock));
    if (!p->locked) {
        *count = atomic_load_explicit(&p->atomic_count, memory_order_relaxed);
        total = atomic_load_explicit(&p->atomic_total, memory_order_relaxed);
    }
    return total == *count * (*count + 1) / 2;
}

/* How often the two were out of step. */
static void *look_on(void *arg)
{
    struct pair *p = arg;
    long count, odd = 0;

    if (!p->locked)
        pthread_barrier_wait(&p->between);
    for (int i = 0; i < LOOKS; i++)
        odd += !in_step(p, &count);
    if (!p->locked)
        pthread_barrier_wait(&p->between);
    return (void *)odd;
}

int counter_pair(bool locked)
{
    struct pair p = {.locked = locked, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS];
    long count;
    void *odd;

    must(pthread_barrier_init(&p.between, NULL, 2));
    pthread_t observer = start_thread(look_on, &p);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(add_a_number, &p);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL));
    must(pthread_join(observer, &odd));
    must(pthread_barrier_destroy(&p.between));
    bool right = in_step(&p, &count) && count == THREADS;
    printf("%s: count 10, total 55: %s; seen out of step: %s\n",
           locked ? "mutex" : "relaxed", right ? "yes" : "no",
           odd != NULL ? "yes" : "never");
    return right && (odd == NULL) == locked ? EXIT_SUCCESS : EXIT_FAILURE;
}
