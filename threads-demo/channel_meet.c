/* SPDX-License-Identifier: MIT
 *
 * channel_meet.c - a channel without room: sender and receiver meet.
 *
 * Whoever comes first leaves a note of what it brings or wants and parks; who
 * comes second finds the note, copies the value straight from the one's memory
 * to the other's, and wakes it. So a send that returned was received.
 *
 * Invariant, whenever the lock is free: only one side waits. All of it is under
 * one lock; there is no queue to be fast with.
 *
 * Read with: Rust's sync_channel(0); crossbeam's zero flavour.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "channel_engine.h"
#include "parker.h"
#include "util.h"

/* On the stack of a thread that waits; guarded by the lock. */
struct note {
    TAILQ_ENTRY(note) link;
    const void *brings; /* a sender's value */
    void *wants;        /* where a receiver's shall go */
    int outcome;        /* -EAGAIN while it waits */
    struct parker parker;
};

TAILQ_HEAD(notes, note);

struct meet {
    struct channel base;

    pthread_mutex_t lock; /* guards everything below */
    struct notes senders, receivers;
};

static struct meet *of(struct channel *ch)
{
    return (struct meet *)ch; /* base is its first member */
}

/* Takes the oldest note off and tells its owner. With the lock held, so that
 * the owner, who takes the lock when its time is up, finds us done with it. */
static void settle(struct notes *notes, int outcome)
{
    struct note *note = TAILQ_FIRST(notes);

    TAILQ_REMOVE(notes, note, link);
    note->outcome = outcome;
    parker_unpark(&note->parker);
}

/* Leaves the note and waits; called with the lock held, returns without. */
static int await_other(struct meet *m, struct notes *notes, struct note *note,
                       int64_t deadline)
{
    note->outcome = -EAGAIN;
    parker_init(&note->parker);
    TAILQ_INSERT_TAIL(notes, note, link);
    must(pthread_mutex_unlock(&m->lock));

    parker_park_until(&note->parker, deadline);

    must(pthread_mutex_lock(&m->lock));
    if (note->outcome == -EAGAIN)
        TAILQ_REMOVE(notes, note, link);
    must(pthread_mutex_unlock(&m->lock));
    return note->outcome;
}

static int meet_send(struct channel *ch, const void *value, int64_t deadline)
{
    struct meet *m = of(ch);
    struct note note = {.brings = value};
    int rc = -EAGAIN;

    must(pthread_mutex_lock(&m->lock));
    struct note *other = TAILQ_FIRST(&m->receivers);
    if (no_receiver_left(ch)) {
        rc = -EPIPE;
    } else if (other != NULL) {
        copy_value(other->wants, value, ch->value_size);
        settle(&m->receivers, 0);
        rc = 0;
    } else if (deadline > NO_WAIT) {
        return await_other(m, &m->senders, &note, deadline);
    }
    must(pthread_mutex_unlock(&m->lock));
    return rc;
}

static int meet_recv(struct channel *ch, void *value, int64_t deadline)
{
    struct meet *m = of(ch);
    struct note note = {.wants = value};
    int rc = -EAGAIN;

    must(pthread_mutex_lock(&m->lock));
    struct note *other = TAILQ_FIRST(&m->senders);
    if (other != NULL) {
        copy_value(value, other->brings, ch->value_size);
        settle(&m->senders, 0);
        rc = 0;
    } else if (no_sender_left(ch)) {
        rc = -EPIPE;
    } else if (deadline > NO_WAIT) {
        return await_other(m, &m->receivers, &note, deadline);
    }
    must(pthread_mutex_unlock(&m->lock));
    return rc;
}

static size_t meet_length(struct channel *ch)
{
    (void)ch;
    return 0;
}

static void tell_all(struct meet *m, struct notes *notes)
{
    must(pthread_mutex_lock(&m->lock));
    while (!TAILQ_EMPTY(notes))
        settle(notes, -EPIPE);
    must(pthread_mutex_unlock(&m->lock));
}

static void meet_senders_gone(struct channel *ch)
{
    tell_all(of(ch), &of(ch)->receivers);
}

static void meet_receivers_gone(struct channel *ch)
{
    tell_all(of(ch), &of(ch)->senders);
}

static void meet_free(struct channel *ch)
{
    struct meet *m = of(ch);

    assert(TAILQ_EMPTY(&m->senders) && TAILQ_EMPTY(&m->receivers));
    must(pthread_mutex_destroy(&m->lock));
    free(m);
}

int channel_meet_new(struct channel **out)
{
    static const struct channel_ops ops = {
        meet_send,         meet_recv,           meet_length,
        meet_senders_gone, meet_receivers_gone, meet_free,
    };
    struct meet *m = calloc(1, sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    m->base.ops = &ops;
    must(pthread_mutex_init(&m->lock, NULL));
    TAILQ_INIT(&m->senders);
    TAILQ_INIT(&m->receivers);
    *out = &m->base;
    return 0;
}
