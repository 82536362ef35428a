/* SPDX-License-Identifier: MIT
 *
 * fanout.c - one value for all who listen, in two kinds. broadcast: a ring in
 * which each reader has a place of its own; who reads too slowly is told how many
 * it missed, and the sender never waits. watch: only the newest value and its
 * number; a reader sees that there is a newer one, not how many there were.
 * Try: threads-demo fanout --kind watch
 * Read with: Tokio's documentation, sync::broadcast and sync::watch.
 */
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { RING = 4 };

struct fanout {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t more;
    long ring[RING]; /* value n lies in ring[n % RING] */
    long sent;       /* values so far; a watch looks at the last only */
    bool closed;
};

static void publish(struct fanout *f, long value)
{
    must(pthread_mutex_lock(&f->lock));
    f->ring[f->sent++ % RING] = value;
    must(pthread_cond_broadcast(&f->more));
    must(pthread_mutex_unlock(&f->lock));
}

static void close_it(struct fanout *f)
{
    must(pthread_mutex_lock(&f->lock));
    f->closed = true;
    must(pthread_cond_broadcast(&f->more));
    must(pthread_mutex_unlock(&f->lock));
}

/* The value at *next, or the oldest there still is; *missed were lost. *next is
 * behind it afterwards. False: closed, and all has been read. */
static bool next_value(struct fanout *f, long *next, long *value, long *missed)
{
    must(pthread_mutex_lock(&f->lock));
    while (*next == f->sent && !f->closed)
        must(pthread_cond_wait(&f->more, &f->lock));
    bool there = *next < f->sent;
    long oldest = f->sent > RING ? f->sent - RING : 0;
    *missed = *next < oldest ? oldest - *next : 0;
    *next += *missed;
    if (there)
        *value = f->ring[(*next)++ % RING];
    must(pthread_mutex_unlock(&f->lock));
    return there;
}

/* The newest value, once it is newer than the one seen. */
static bool newest(struct fanout *f, long *seen, long *value)
{
    must(pthread_mutex_lock(&f->lock));
    while (*seen == f->sent && !f->closed)
        must(pthread_cond_wait(&f->more, &f->lock));
    bool there = *seen < f->sent;
    if (there)
        *value = f->ring[(f->sent - 1) % RING];
    *seen = f->sent;
    must(pthread_mutex_unlock(&f->lock));
    return there;
}

struct reader {
    const char *name;
    bool watch, slow; /* slow: begins when all has been sent */
    struct fanout *fanout;
    pthread_barrier_t *all_sent;
    long read, missed, last;
    pthread_t thread;
};

static void *listen_to_all(void *arg)
{
    struct reader *r = arg;
    long next = 0, value = 0, missed = 0;

    if (r->slow)
        pthread_barrier_wait(r->all_sent);
    while (r->watch ? newest(r->fanout, &next, &value)
                    : next_value(r->fanout, &next, &value, &missed)) {
        if (missed > 0)
            trace(r->name, "missed %ld", missed);
        trace(r->name, "sees %ld", value);
        r->read++;
        r->missed += missed;
        r->last = value;
    }
    return NULL;
}

int fanout_main(int argc, char **argv)
{
    enum { BROADCAST, WATCH };
    struct choice kind = {"kind",    "broadcast (default) or watch",
                          BROADCAST, {"broadcast", "watch"},
                          0,         0};
    struct fanout f = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .more = PTHREAD_COND_INITIALIZER};
    pthread_barrier_t all_sent;

    choose(argc, argv, "One sender, all listen.", &kind, 1);
    watchdog(30, "fanout: a reader is not told of the end\n");
    must(pthread_barrier_init(&all_sent, NULL, 2));
    bool watch = kind.chosen == WATCH;
    struct reader readers[] = {
        {"prompt", watch, false, &f, &all_sent, 0, 0, 0, 0},
        {"slow", watch, true, &f, &all_sent, 0, 0, 0, 0}};
    for (int i = 0; i < 2; i++)
        readers[i].thread = start_thread(listen_to_all, &readers[i]);
    for (long value = 10; value <= 60; value += 10) {
        publish(&f, value);
        usleep(1000); /* the prompt reader may follow; nothing hangs on it */
    }
    close_it(&f);
    pthread_barrier_wait(&all_sent);
    for (int i = 0; i < 2; i++)
        must(pthread_join(readers[i].thread, NULL));
    must(pthread_barrier_destroy(&all_sent));
    const struct reader *prompt = &readers[0], *slow = &readers[1];
    printf("6 sent; prompt: %ld read, %ld missed; slow: %ld read, %ld missed; "
           "both saw the last: %s\n",
           prompt->read, prompt->missed, slow->read, slow->missed,
           prompt->last == 60 && slow->last == 60 ? "yes" : "no");
    bool right = watch ? slow->read == 1 && prompt->read <= 6
                       : slow->read == RING && slow->missed == 6 - RING &&
                             prompt->read + prompt->missed == 6;
    return right && prompt->last == 60 && slow->last == 60 ? EXIT_SUCCESS
                                                           : EXIT_FAILURE;
}
