/* SPDX-License-Identifier: MIT
 *
 * lock_own.c - our own two locks, under four threads: the one on a futex counts
 * its system calls, of which it needs none while nobody has to wait; the one that
 * spins never makes any. So that somebody has to, main holds the lock until one of
 * the four sleeps.
 * Try: threads-demo lock --kind futex
 * Read with: Rust Atomics and Locks, ch. 4 and 9.
 */
#include <sched.h>

#include "../demo.h"
#include "../lock.h"
#include "stage.h"
#include "verbs.h"

enum { THREADS = 4, TIMES = 20000, ALL = (THREADS + 1) * TIMES };

struct counted {
    bool by_futex;
    struct futex_lock futex;
    struct spin_lock spin;
    long count; /* guarded by one of them */
};

static void acquire(struct counted *c)
{
    c->by_futex ? futex_lock_acquire(&c->futex) : spin_lock_acquire(&c->spin);
}

static void release(struct counted *c)
{
    c->by_futex ? futex_lock_release(&c->futex) : spin_lock_release(&c->spin);
}

static void *count_up(void *arg)
{
    struct counted *c = arg;

    for (int i = 0; i < TIMES; i++) {
        acquire(c);
        c->count++;
        release(c);
    }
    return NULL;
}

int lock_own(bool futex)
{
    struct counted c = {.by_futex = futex};
    pthread_t threads[THREADS];

    futex_lock_init(&c.futex);
    spin_lock_init(&c.spin);
    count_up(&c);
    unsigned alone = futex_lock_system_calls(&c.futex);
    acquire(&c);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(count_up, &c);
    while (futex && futex_lock_system_calls(&c.futex) == 0)
        sched_yield();
    release(&c);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL));
    unsigned among = futex_lock_system_calls(&c.futex) - alone;
    printf("%s: %ld of %d counted; system calls: %u alone, %u among %d\n",
           futex ? "futex" : "spin", c.count, ALL, alone, among, THREADS);
    bool right = alone == 0 && (futex ? among >= 2 : among == 0);
    return c.count == ALL && right ? EXIT_SUCCESS : EXIT_FAILURE;
}
