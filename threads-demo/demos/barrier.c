/* SPDX-License-Identifier: MIT
 *
 * barrier.c - three threads meet between two phases: nobody begins the second
 * while one is still in the first. The barrier names one of them, who could do
 * what only one should.
 * Try: threads-demo barrier
 * Read with: Rust Cookbook, "Concurrency", Barrier.
 */
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { THREADS = 3 };

struct party {
    pthread_barrier_t between;
    _Atomic int in_first, serial, too_early;
};

struct member {
    struct party *party;
    char name[24];
    pthread_t thread;
};

static void *two_phases(void *arg)
{
    struct member *m = arg;

    trace(m->name, "phase 1");
    /* relaxed, all: the barrier orders them, and joining the rest. */
    atomic_fetch_sub_explicit(&m->party->in_first, 1, memory_order_relaxed);
    int rc = pthread_barrier_wait(&m->party->between);
    bool serial = rc == PTHREAD_BARRIER_SERIAL_THREAD;
    if (atomic_load_explicit(&m->party->in_first, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&m->party->too_early, 1,
                                  memory_order_relaxed);
    if (serial)
        atomic_fetch_add_explicit(&m->party->serial, 1, memory_order_relaxed);
    trace(m->name, "phase 2%s", serial ? ", the one that was named" : "");
    return NULL;
}

int barrier_main(int argc, char **argv)
{
    struct party party = {.in_first = THREADS};
    struct member members[THREADS];

    choose(argc, argv, "Three threads, two phases.", NULL, 0);
    watchdog(30, "barrier: somebody did not come\n");
    must(pthread_barrier_init(&party.between, NULL, THREADS));
    for (int i = 0; i < THREADS; i++) {
        members[i].party = &party;
        snprintf(members[i].name, sizeof members[i].name, "thread-%d", i + 1);
        members[i].thread = start_thread(two_phases, &members[i]);
    }
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(members[i].thread, NULL));
    must(pthread_barrier_destroy(&party.between));
    int early = atomic_load_explicit(&party.too_early, memory_order_relaxed);
    int named = atomic_load_explicit(&party.serial, memory_order_relaxed);
    printf("%d began phase 2 too early; %d was named\n", early, named);
    return early == 0 && named == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
