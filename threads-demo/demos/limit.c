/* SPDX-License-Identifier: MIT
 *
 * limit.c - nine tasks, three permits: a semaphore bounds how many are under way
 * at the same time. Each task under way waits for two others, so three it is,
 * never fewer in the end and never more.
 * Try: threads-demo limit
 * Read with: Tokio's documentation, sync::Semaphore; OSTEP, ch. 31.
 */
#include <semaphore.h>
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { TASKS = 9, PERMITS = 3 };

struct shared {
    sem_t permits;
    pthread_barrier_t three;
    _Atomic int under_way, most;
};

struct task {
    struct shared *shared;
    char name[24];
    pthread_t thread;
};

static void note_most(struct shared *s, int now)
{
    /* relaxed, all: numbers to look at when the threads are joined. */
    int most = atomic_load_explicit(&s->most, memory_order_relaxed);

    while (now > most && !atomic_compare_exchange_weak_explicit(
                             &s->most, &most, now, memory_order_relaxed,
                             memory_order_relaxed))
        ;
}

static void *work(void *arg)
{
    struct task *task = arg;
    struct shared *s = task->shared;

    while (sem_wait(&s->permits) < 0)
        if (errno != EINTR)
            error(EXIT_FAILURE, errno, "wait for a permit");
    int now =
        atomic_fetch_add_explicit(&s->under_way, 1, memory_order_relaxed) + 1;
    note_most(s, now);
    trace(task->name, "has a permit, %d under way", now);
    pthread_barrier_wait(&s->three);
    atomic_fetch_sub_explicit(&s->under_way, 1, memory_order_relaxed);
    must(sem_post(&s->permits) == 0 ? 0 : errno);
    return NULL;
}

int limit_main(int argc, char **argv)
{
    struct shared shared = {.most = 0};
    struct task tasks[TASKS];

    choose(argc, argv, "Nine tasks, three permits.", NULL, 0);
    watchdog(30, "limit: a permit was lost\n");
    must(sem_init(&shared.permits, 0, PERMITS) == 0 ? 0 : errno);
    must(pthread_barrier_init(&shared.three, NULL, PERMITS));
    for (int i = 0; i < TASKS; i++) {
        tasks[i].shared = &shared;
        snprintf(tasks[i].name, sizeof tasks[i].name, "task-%d", i + 1);
        tasks[i].thread = start_thread(work, &tasks[i]);
    }
    for (int i = 0; i < TASKS; i++)
        must(pthread_join(tasks[i].thread, NULL));
    must(pthread_barrier_destroy(&shared.three));
    must(sem_destroy(&shared.permits) == 0 ? 0 : errno);
    int most = atomic_load_explicit(&shared.most, memory_order_relaxed);
    printf("%d tasks, at most %d under way\n", TASKS, most);
    return most == PERMITS ? EXIT_SUCCESS : EXIT_FAILURE;
}
