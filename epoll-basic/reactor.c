/* SPDX-License-Identifier: MIT
 *
 * reactor.c - a table from tokens to wakers, a heap from times to wakers, and
 * one wait for both.
 *
 * The events of a source are counted, for each direction. A leaf remembers the
 * count at its making; once there is another, it is ready. The end of a stream
 * is no event that passes: it is kept beside the count, for it may come in one
 * event with the last bytes. An error passes: the next read has it.
 *
 * One lock guards it all, and is never held while somebody is woken: what to
 * wake is first collected, with the lock, and then woken without. Whoever adds
 * an earlier timer while another thread waits ends that wait.
 *
 * Read with: tokio, "I/O driver"; mio, `Poll`; the async book, "Executors and
 * System IO".
 */
#include "reactor.h"

#include <pthread.h>

#include "timers.h"
#include "tokens.h"
#include "util.h"
#include "waker.h"

enum {
    READING,
    WRITING,
    WAYS,
    BATCH = 128, /* events taken from the kernel in one go */
    MOST_WOKEN = WAYS * BATCH,
};

/* The token of our own waker; the table hands out none like it. */
static const struct token our_token = {.index = UINT32_MAX};

struct source {
    int fd;
    uint32_t events[WAYS]; /* so far; comes round after 2^32 */
    bool closed[WAYS];     /* ready for ever */
    struct task_waker wakers[WAYS];
    const struct reactor_ready *waits[WAYS]; /* whose waker it is */
};

struct reactor {
    struct driver driver; /* first, so that the one is the other */
    struct poller poller;
    struct waker waker;

    pthread_mutex_t lock; /* guards all below, and the leaves */
    struct tokens sources;
    struct timers timers;
    int64_t waits_until; /* by then the wait ends; INT64_MIN: nobody waits */
};

/* ---- The driver ---- */

/* What is to be woken, once the lock is free again. */
struct woken {
    struct task_waker wakers[MOST_WOKEN];
    size_t count;
};

static void collect(struct woken *woken, struct task_waker *waker)
{
    if (waker->table != NULL)
        woken->wakers[woken->count++] = task_waker_take(waker);
}

static void collect_event(struct reactor *r, const struct event *event,
                          struct woken *woken)
{
    struct token token = event_token(event);

    if (token_equal(token, our_token)) {
        waker_reset(&r->waker);
        return;
    }
    /* NULL: it was deregistered since; its successor must not be told. */
    struct source *source = tokens_owner(&r->sources, token);
    if (source == NULL)
        return;
    if (event_is_readable(event)) {
        source->events[READING]++;
        source->closed[READING] |= event_is_read_closed(event);
        collect(woken, &source->wakers[READING]);
    }
    if (event_is_writable(event)) {
        source->events[WRITING]++;
        source->closed[WRITING] |= event_is_write_closed(event);
        collect(woken, &source->wakers[WRITING]);
    }
}

/* Those that find no room stay due, and the next wait does not block. */
static void collect_timers(struct reactor *r, struct woken *woken)
{
    if (timers_earliest(&r->timers) == INT64_MAX)
        return;
    int64_t now = now_ns();
    while (woken->count < MOST_WOKEN) {
        struct reactor_timer *timer = timers_take_due(&r->timers, now);
        if (timer == NULL)
            return;
        collect(woken, &timer->waker);
    }
}

static int64_t begin_wait(struct reactor *r, bool may_block)
{
    int64_t timeout = 0;

    must(pthread_mutex_lock(&r->lock));
    if (may_block) {
        r->waits_until = timers_earliest(&r->timers);
        timeout = r->waits_until == INT64_MAX
                      ? POLLER_FOREVER
                      : timers_left(&r->timers, now_ns());
    }
    must(pthread_mutex_unlock(&r->lock));
    return timeout;
}

static int wait_and_wake(struct driver *driver, bool may_block)
{
    struct reactor *r = (struct reactor *)driver;
    struct event events[BATCH];
    struct woken woken;

    int count =
        poller_wait(&r->poller, events, BATCH, begin_wait(r, may_block));
    woken.count = 0;
    must(pthread_mutex_lock(&r->lock));
    r->waits_until = INT64_MIN;
    for (int i = 0; i < count; i++)
        collect_event(r, &events[i], &woken);
    collect_timers(r, &woken);
    must(pthread_mutex_unlock(&r->lock));
    for (size_t i = 0; i < woken.count; i++)
        task_waker_wake(&woken.wakers[i]);
    return count < 0 ? count : 0;
}

static void unpark(struct driver *driver)
{
    waker_wake(&((struct reactor *)driver)->waker);
}

struct driver *reactor_driver(struct reactor *r)
{
    return &r->driver;
}

int reactor_new(struct reactor **out)
{
    struct reactor *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    int rc = poller_open(&r->poller);
    if (rc < 0)
        goto free_reactor;
    rc = waker_open(&r->waker, &r->poller, our_token);
    if (rc < 0)
        goto close_poller;
    must(pthread_mutex_init(&r->lock, NULL));
    r->driver = (struct driver){wait_and_wake, unpark};
    r->waits_until = INT64_MIN;
    *out = r;
    return 0;
close_poller:
    poller_close(&r->poller);
free_reactor:
    free(r);
    return rc;
}

void reactor_free(struct reactor *r)
{
    if (r == NULL)
        return;
    timers_destroy(&r->timers);
    tokens_destroy(&r->sources);
    must(pthread_mutex_destroy(&r->lock));
    waker_close(&r->waker);
    poller_close(&r->poller);
    free(r);
}

/* ---- Sources ---- */

int reactor_register(struct reactor *r, int fd, struct token *out)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL)
        return -ENOMEM;
    source->fd = fd;

    must(pthread_mutex_lock(&r->lock));
    int rc = tokens_take(&r->sources, source, out);
    if (rc == 0) {
        rc = poller_register(&r->poller, fd, *out,
                             INTEREST_READABLE | INTEREST_WRITABLE);
        if (rc < 0)
            tokens_release(&r->sources, *out);
    }
    must(pthread_mutex_unlock(&r->lock));
    if (rc < 0)
        free(source);
    return rc;
}

int reactor_deregister(struct reactor *r, struct token token)
{
    int rc = -ENOENT;

    must(pthread_mutex_lock(&r->lock));
    struct source *source = tokens_owner(&r->sources, token);
    if (source != NULL) {
        rc = poller_deregister(&r->poller, source->fd);
        tokens_release(&r->sources, token);
    }
    must(pthread_mutex_unlock(&r->lock));
    if (source == NULL)
        return rc;
    task_waker_wake(&source->wakers[READING]);
    task_waker_wake(&source->wakers[WRITING]);
    free(source);
    return rc;
}

/* ---- Readable, writable ---- */

static enum progress poll_ready(struct future *future,
                                const struct task_waker *waker)
{
    struct reactor_ready *self = (struct reactor_ready *)future;
    struct reactor *r = self->reactor;
    enum progress progress = FUTURE_READY;

    must(pthread_mutex_lock(&r->lock));
    struct source *source = tokens_owner(&r->sources, self->source);
    self->rc = source == NULL ? -ECANCELED : 0;
    if (source != NULL && source->events[self->way] == self->seen &&
        !source->closed[self->way]) {
        task_waker_store(&source->wakers[self->way], waker);
        source->waits[self->way] = self;
        progress = FUTURE_PENDING;
    }
    self->waits = progress == FUTURE_PENDING;
    must(pthread_mutex_unlock(&r->lock));
    return progress;
}

static void drop_ready(struct future *future)
{
    struct reactor_ready *self = (struct reactor_ready *)future;
    struct reactor *r = self->reactor;

    if (!self->waits)
        return;
    self->waits = false;
    must(pthread_mutex_lock(&r->lock));
    struct source *source = tokens_owner(&r->sources, self->source);
    if (source != NULL && source->waits[self->way] == self)
        task_waker_drop(&source->wakers[self->way]);
    must(pthread_mutex_unlock(&r->lock));
}

static struct reactor_ready make_ready(struct reactor *r, struct token token,
                                       unsigned way)
{
    must(pthread_mutex_lock(&r->lock));
    const struct source *source = tokens_owner(&r->sources, token);
    uint32_t seen = source != NULL ? source->events[way] : 0;
    must(pthread_mutex_unlock(&r->lock));
    return (struct reactor_ready){.future = {poll_ready, drop_ready},
                                  .reactor = r,
                                  .source = token,
                                  .way = way,
                                  .seen = seen};
}

struct reactor_ready reactor_readable(struct reactor *r, struct token source)
{
    return make_ready(r, source, READING);
}

struct reactor_ready reactor_writable(struct reactor *r, struct token source)
{
    return make_ready(r, source, WRITING);
}

/* ---- Timer ---- */

static enum progress poll_timer(struct future *future,
                                const struct task_waker *waker)
{
    struct reactor_timer *self = (struct reactor_timer *)future;
    struct reactor *r = self->reactor;
    enum progress progress = FUTURE_READY;

    must(pthread_mutex_lock(&r->lock));
    if (!self->added) {
        self->rc = timers_add(&r->timers, self->deadline, self, &self->place);
        self->added = true;
        if (self->deadline < r->waits_until) /* of a thread that waits longer */
            waker_wake(&r->waker);
    }
    if (self->place != TIMER_NONE) {
        task_waker_store(&self->waker, waker);
        progress = FUTURE_PENDING;
    }
    must(pthread_mutex_unlock(&r->lock));
    return progress;
}

static void drop_timer(struct future *future)
{
    struct reactor_timer *self = (struct reactor_timer *)future;
    struct reactor *r = self->reactor;

    if (!self->added)
        return;
    must(pthread_mutex_lock(&r->lock));
    timers_cancel(&r->timers, &self->place);
    task_waker_drop(&self->waker);
    must(pthread_mutex_unlock(&r->lock));
}

struct reactor_timer reactor_timer(struct reactor *r, int64_t deadline)
{
    return (struct reactor_timer){.future = {poll_timer, drop_timer},
                                  .reactor = r,
                                  .deadline = deadline,
                                  .place = TIMER_NONE};
}
