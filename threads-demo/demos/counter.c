/* SPDX-License-Identifier: MIT
 *
 * counter.c - ten threads count to 1000 each. A load and a store are two steps,
 * atomic or not: all ten load, meet, and store the same number, so nine updates
 * are lost, by force. Relaxed is order enough: who reads the sum has joined the
 * threads. --pair is a story of its own: counter_pair.c.
 * Try: threads-demo counter --how loadstore
 * Read with: Rust Atomics and Locks, ch. 2; Rayon's FAQ; Rust Cookbook.
 */
#include <stdatomic.h>
#include <sys/wait.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum how { RACY, LOADSTORE, RELAXED, MUTEX };
enum { THREADS = 10, TIMES = 1000, ALL = THREADS * TIMES };

struct shared {
    enum how how;
    pthread_barrier_t meet;
    pthread_mutex_t lock;
    long plain; /* guarded by lock; by nothing at all if racy */
    _Atomic long count;
};

/* relaxed, everywhere below: the counter orders nothing but itself. */
static void add_one(struct shared *s, bool first)
{
    if (s->how == MUTEX) {
        must(pthread_mutex_lock(&s->lock));
        s->plain++;
        must(pthread_mutex_unlock(&s->lock));
    } else if (s->how == RELAXED) {
        atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
    } else if (s->how == LOADSTORE) {
        long seen = atomic_load_explicit(&s->count, memory_order_relaxed);
        if (first)
            pthread_barrier_wait(&s->meet); /* all ten have seen 0 */
        atomic_store_explicit(&s->count, seen + 1, memory_order_relaxed);
    } else {
        long seen = s->plain;
        if (first)
            pthread_barrier_wait(&s->meet);
        s->plain = seen + 1; /* undefined: another thread does the same */
    }
}

static void *add_all(void *arg)
{
    for (int i = 0; i < TIMES; i++)
        add_one(arg, i == 0);
    return NULL;
}

static int count_up(enum how how, const char *name)
{
    struct shared s = {.how = how, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS];

    must(pthread_barrier_init(&s.meet, NULL, THREADS));
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(add_all, &s);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL));
    must(pthread_barrier_destroy(&s.meet));
    long atomic = atomic_load_explicit(&s.count, memory_order_relaxed);
    long lost = ALL - s.plain - atomic; /* one of them was used */
    bool loses = how == RACY || how == LOADSTORE;
    printf("%s: %d counted, %ld lost%s\n", name, ALL, lost,
           lost > 0 ? ": a load and a store are not one step" : "");
    return (loses ? lost >= THREADS - 1 : lost == 0) ? EXIT_SUCCESS
                                                     : EXIT_FAILURE;
}

/* What is undefined runs in a process of its own. */
static int count_in_a_child(enum how how, const char *name)
{
    int status;
    pid_t child = fork();

    if (child < 0)
        error(EXIT_FAILURE, errno, "start a process for the race");
    if (child == 0)
        exit(count_up(how, name));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            error(EXIT_FAILURE, errno, "wait for it");
    if (WIFEXITED(status) && WEXITSTATUS(status) > EXIT_FAILURE) {
        puts("the race was reported, and stopped"); /* ThreadSanitizer */
        return EXIT_SUCCESS;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int counter_main(int argc, char **argv)
{
    enum { HOW, PAIR, OPTIONS };
    struct choice asked[] = {
        {"how",
         "racy, loadstore, relaxed or mutex (default)",
         MUTEX,
         {"racy", "loadstore", "relaxed", "mutex"},
         0,
         0},
        {"pair", "a count and a total that belong together", -1, {NULL}, 0, 0}};

    choose(argc, argv, "Ten threads count.", asked, OPTIONS);
    watchdog(30, "counter: a thread does not come\n");
    enum how how = (enum how)asked[HOW].chosen;
    const char *name = asked[HOW].words[how];
    bool pair = asked[PAIR].chosen == 0;
    if (pair && how != MUTEX && how != RELAXED)
        refuse("--pair goes with --how mutex or relaxed");
    if (pair)
        return counter_pair(how == MUTEX);
    return how == RACY ? count_in_a_child(how, name) : count_up(how, name);
}
