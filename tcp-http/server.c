/* SPDX-License-Identifier: MIT
 *
 * server.c - level-triggered epoll around connection.c.
 *
 * Level-triggered, because then one read an event is enough: what is left makes
 * the next event, after everybody else's. No client can keep the loop to itself.
 * The price is a system call when we begin or cease to wait for room to write.
 *
 * A peer is active or lingers: its last answer is sent, our side is shut, what it
 * still sends is thrown away. To close with input unread would be a reset, which
 * can overtake the answer. A peer occurs once in a batch of events, so it may be
 * freed while its own is handled; what may free others waits until the batch ends.
 *
 * Read with: TLPI, 63.4; epoll(7).
 */
#include "server.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "util.h"

enum {
    BATCH = 64,           /* events, and new peers, taken at once */
    ACCEPT_AGAIN_MS = 100 /* out of descriptors, and none of them ours */
};

TAILQ_HEAD(peers, peer);

struct server {
    int epoll, listener; /* listener: -1 once stopping */
    bool accepting;      /* the listener is watched */
    bool stop_seen, stopping;
    int64_t stop_time;              /* stopping: when patience ends */
    struct peers active, lingering; /* lingering: earliest last_time first */
    uint64_t wakes;
    time_t second; /* that date tells */
    char date[RESPONSE_DATE_SIZE];
};

static int watch(struct server *s, int how, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data.ptr = who};
    return epoll_ctl(s->epoll, how, fd, &event) < 0 ? -errno : 0;
}

/* ---- Peers come and go ---- */

static void set_accepting(struct server *s, bool on)
{
    int how = on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;

    if (s->listener >= 0 && s->accepting != on &&
        watch(s, how, s->listener, EPOLLIN, &s->listener) == 0)
        s->accepting = on;
}

static void close_peer(struct server *s, struct peer *peer)
{
    if (peer->lingering)
        TAILQ_REMOVE(&s->lingering, peer, link);
    else
        TAILQ_REMOVE(&s->active, peer, link);
    peer_free(peer); /* nobody else holds its socket, so epoll forgets it too */
    set_accepting(s, true); /* there is a descriptor to spare again */
}

static void add_peer(struct server *s, int fd)
{
    struct peer *peer = peer_new(fd, s->date);

    if (peer == NULL)
        return;
    peer->events = EPOLLIN;
    TAILQ_INSERT_TAIL(&s->active, peer, link);
    if (watch(s, EPOLL_CTL_ADD, fd, peer->events, peer) < 0)
        close_peer(s, peer);
}

/* Takes who waits, up to a batch; true if there may be more. The errors of
 * accept4(2) are of three kinds: nobody waits; that one has gone again, or its
 * network has failed; and we are out of something, which would be so again at
 * once, for ever, if we went on asking. */
static bool accept_peers(struct server *s)
{
    for (int i = 0; i < BATCH; i++) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            add_peer(s, fd);
        else if (errno == EAGAIN)
            return false;
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                 errno == ENOMEM) {
            set_accepting(s, false);
            return false;
        }
    }
    return true;
}

/* ---- One peer: carry, then decide what to wait for ---- */

static void begin_lingering(struct server *s, struct peer *peer)
{
    TAILQ_REMOVE(&s->active, peer, link);
    TAILQ_INSERT_TAIL(&s->lingering, peer, link);
    peer->last_time = now_ns() + SERVER_LINGER_NS;
    if (!peer_linger(peer))
        close_peer(s, peer);
}

/* Does what the connection wishes for, or has epoll say when it can. */
static void settle(struct server *s, struct peer *peer, unsigned wishes)
{
    uint32_t events = 0;

    if (wishes & CONNECTION_WRITE)
        events |= EPOLLOUT;
    if (wishes & (CONNECTION_READ | CONNECTION_LINGER))
        events |= EPOLLIN;
    if ((wishes & CONNECTION_CLOSE) ||
        (events != peer->events &&
         watch(s, EPOLL_CTL_MOD, peer->fd, events, peer) < 0)) {
        close_peer(s, peer);
        return;
    }
    peer->events = events;
    if (wishes & CONNECTION_LINGER)
        begin_lingering(s, peer);
}

/* EPOLLERR and EPOLLHUP come unasked: whichever of read and write is wished for
 * then fails, or finds the end of input, so no such event is left standing. */
static void serve(struct server *s, struct peer *peer, uint32_t events)
{
    if (!peer->lingering)
        settle(s, peer, peer_carry(peer, events != EPOLLOUT));
    else if (!peer_discard(peer))
        close_peer(s, peer);
}

/* ---- Stopping, and time ---- */

/* Takes a last look at everybody: what has arrived is served. */
static void begin_stop(struct server *s)
{
    s->stopping = true;
    s->stop_time = now_ns() + SERVER_STOP_NS;
    for (int i = 0; i < BATCH && accept_peers(s); i++)
        continue;

    struct peer *peer = TAILQ_FIRST(&s->active);
    while (peer != NULL) {
        struct peer *next = TAILQ_NEXT(peer, link);
        unsigned wishes = peer_carry(peer, true);
        if (!(wishes & CONNECTION_CLOSE)) {
            connection_finish(&peer->connection);
            wishes = connection_wishes(&peer->connection);
        }
        settle(s, peer, wishes);
        peer = next;
    }
    close(s->listener); /* last: who is refused knows that all were looked at */
    s->listener = -1;
}

static struct peer *any_peer(const struct server *s)
{
    struct peer *first = TAILQ_FIRST(&s->active);
    return first != NULL ? first : TAILQ_FIRST(&s->lingering);
}

static void close_all(struct server *s)
{
    for (struct peer *peer; (peer = any_peer(s)) != NULL;)
        close_peer(s, peer);
}

/* Milliseconds until something is due, rounded up; -1 for never. */
static int patience(const struct server *s)
{
    const struct peer *first = TAILQ_FIRST(&s->lingering);
    int64_t due = first != NULL ? first->last_time : INT64_MAX;

    if (s->stopping && s->stop_time < due)
        due = s->stop_time;
    if (due == INT64_MAX)
        return !s->accepting && any_peer(s) == NULL ? ACCEPT_AGAIN_MS : -1;
    int64_t left = due - now_ns();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static void do_what_is_due(struct server *s)
{
    int64_t now = now_ns();

    for (struct peer *first; (first = TAILQ_FIRST(&s->lingering)) != NULL &&
                             first->last_time <= now;)
        close_peer(s, first);
    if (s->stopping && s->stop_time <= now)
        close_all(s);
}

/* ---- The loop ---- */

static void keep_date(struct server *s)
{
    time_t second = time(NULL);

    if (second != s->second)
        response_date(second, s->date);
    s->second = second;
}

static void act(struct server *s, const struct epoll_event *event)
{
    if (event->data.ptr == &s->stop_seen)
        s->stop_seen = true;
    else if (event->data.ptr == &s->listener)
        accept_peers(s);
    else
        serve(s, event->data.ptr, event->events);
}

int server_run(struct server *s, int stop)
{
    int rc = watch(s, EPOLL_CTL_ADD, stop, EPOLLIN, &s->stop_seen);

    while (rc == 0 && (!s->stopping || any_peer(s) != NULL)) {
        struct epoll_event events[BATCH];
        long count = TEMP_FAILURE_RETRY(
            epoll_wait(s->epoll, events, BATCH, patience(s)));
        if (count < 0)
            return -errno;
        s->wakes++;
        keep_date(s);
        if (count == 0) /* time has passed: perhaps there are descriptors now */
            set_accepting(s, true);
        for (long i = 0; i < count; i++)
            act(s, &events[i]);
        if (s->stop_seen && !s->stopping) {
            rc = watch(s, EPOLL_CTL_DEL, stop, 0, NULL);
            begin_stop(s);
        }
        do_what_is_due(s);
    }
    return rc;
}

int server_new(struct server **out, int listener)
{
    struct server *s = calloc(1, sizeof *s);
    int rc = -ENOMEM;

    if (s == NULL)
        goto close_listener;
    TAILQ_INIT(&s->active);
    TAILQ_INIT(&s->lingering);
    s->listener = listener;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    rc = s->epoll < 0
             ? -errno
             : watch(s, EPOLL_CTL_ADD, listener, EPOLLIN, &s->listener);
    if (rc < 0)
        goto free_server;
    s->accepting = true;
    keep_date(s);
    *out = s;
    return 0;
free_server:
    if (s->epoll >= 0)
        close(s->epoll);
    free(s);
close_listener:
    close(listener);
    return rc;
}

uint64_t server_wakes(const struct server *s)
{
    return s->wakes;
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    close_all(s);
    if (s->listener >= 0)
        close(s->listener);
    close(s->epoll);
    free(s);
}
