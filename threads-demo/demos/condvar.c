/* SPDX-License-Identifier: MIT
 *
 * condvar.c - one waits until it is ready, one says so. Before that comes a
 * signal that means nothing, as the standard allows: `while` looks and waits
 * again; `if` (--bug if) takes it for the news.
 * Try: threads-demo condvar --bug if
 * Read with: OSTEP, ch. 30; Rust Cookbook, "Concurrency".
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

struct shared {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed, looked;
    bool ready, waiting, bug_if;
    int wakes;   /* how often the waiter came back */
    bool misled; /* it went on although nothing was ready */
};

static void *wait_until_ready(void *arg)
{
    struct shared *s = arg;

    must(pthread_mutex_lock(&s->lock));
    while (!s->ready) {
        s->waiting = true; /* true for all who get the lock: we sleep by then */
        must(pthread_cond_signal(&s->looked));
        must(pthread_cond_wait(&s->changed, &s->lock));
        s->wakes++;
        trace("waiter", "wakes, and it is %s",
              s->ready ? "ready" : "not ready");
        if (s->bug_if)
            break; /* what `if` in place of `while` does */
    }
    s->misled = !s->ready;
    must(pthread_cond_signal(&s->looked));
    must(pthread_mutex_unlock(&s->lock));
    return NULL;
}

int condvar_main(int argc, char **argv)
{
    struct choice bug = {"bug", "if: look once, not again", -1, {"if"}, 0, 0};
    struct shared s = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER,
                       .looked = PTHREAD_COND_INITIALIZER};

    choose(argc, argv, "Wait for a condition.", &bug, 1);
    watchdog(30, "condvar: the waiter was not told\n");
    s.bug_if = bug.chosen == 0;
    pthread_t waiter = start_thread(wait_until_ready, &s);
    must(pthread_mutex_lock(&s.lock));
    while (!s.waiting)
        must(pthread_cond_wait(&s.looked, &s.lock));
    trace("main", "signals, for no reason");
    must(pthread_cond_signal(&s.changed));
    while (s.wakes == 0)
        must(pthread_cond_wait(&s.looked, &s.lock));
    trace("main", "makes it ready, and signals");
    s.ready = true;
    must(pthread_mutex_unlock(&s.lock)); /* first, so that it need not queue */
    must(pthread_cond_signal(&s.changed));
    must(pthread_join(waiter, NULL));
    printf("woken %d times; misled by a stray wake-up: %s\n", s.wakes,
           s.misled ? "yes" : "no");
    return s.misled == s.bug_if ? EXIT_SUCCESS : EXIT_FAILURE;
}
