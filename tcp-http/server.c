/* SPDX-License-Identifier: MIT
 *
 * server.c - level-triggered epoll around connection.c.
 *
 * Level-triggered, because then one read an event is enough: what is left makes
 * the next event, after everybody else's. No client can keep the loop to itself.
 * The price is a system call when we begin or cease to wait for room to write.
 *
 * A peer occurs once in a batch of events, so it may be freed while its own is
 * handled; what may free others (time, a stop) waits until the batch ends.
 *
 * Read with: TLPI, 63.4; epoll(7).
 */
#include "server.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "util.h"

enum {
    BATCH = 64,                 /* events, and new peers, taken at once */
    ACCEPT_AGAIN_NS = 100000000 /* out of descriptors: look again after this */
};

TAILQ_HEAD(peers, peer);

struct server {
    struct counters own; /* if nobody else counts */
    struct shared shared;
    struct timeouts timeouts; /* each peer is in one of its lists */
    struct peers peers;
    size_t peer_count, peers_max;
    int64_t accept_again; /* not accepting: when it tries to; INT64_MAX: when
                           * somebody leaves */
    int64_t drain, stop_time; /* stopping: when its patience ends */
    int epoll, listener;      /* listener: -1 once stopping */
    bool accepting;           /* the listener is watched */
    bool stop_seen;
};

static int watch(struct server *s, int how, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data.ptr = who};
    return epoll_ctl(s->epoll, how, fd, &event) < 0 ? -errno : 0;
}

static struct counters *counters(struct server *s)
{
    return s->shared.counters;
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
    timeouts_clear(&s->timeouts, &peer->timeout);
    TAILQ_REMOVE(&s->peers, peer, link);
    s->peer_count--;
    peer_free(peer); /* nobody else holds its socket, so epoll forgets it too */
    count(counters(s), COUNT_CLOSED);
    set_accepting(s, true); /* there is a descriptor to spare again */
}

/* Does what the connection wishes for, or has epoll and the clock say when. */
static void settle(struct server *s, struct peer *peer, unsigned wishes)
{
    enum timeout_kind kind;
    int64_t due = connection_due(&peer->connection, &kind);
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
    if (due != peer->timeout.due || kind != peer->timeout.kind)
        timeouts_set(&s->timeouts, &peer->timeout, kind, due);
}

static void add_peer(struct server *s, int fd)
{
    struct peer *peer = peer_new(fd, &s->shared);

    count(counters(s), COUNT_ACCEPTED);
    if (peer == NULL) {
        count(counters(s), COUNT_CLOSED);
        return;
    }
    s->peer_count++;
    TAILQ_INSERT_TAIL(&s->peers, peer, link);
    peer->events = EPOLLIN;
    if (watch(s, EPOLL_CTL_ADD, fd, peer->events, peer) < 0)
        close_peer(s, peer);
    else
        settle(s, peer, CONNECTION_READ);
}

/* Takes who waits, up to a batch; true if there may be more. The errors of
 * accept4(2) are of three kinds: nobody waits; that one has gone again, or its
 * network has failed; and we are out of something, which would be so again at
 * once, for ever, if we went on asking. */
static bool accept_peers(struct server *s)
{
    for (int i = 0; i < BATCH; i++) {
        if (s->peer_count >= s->peers_max) {
            set_accepting(s, false);
            return false;
        }
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            add_peer(s, fd);
        else if (errno == EAGAIN)
            return false;
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                 errno == ENOMEM) {
            set_accepting(s, false);
            s->accept_again = s->shared.now + ACCEPT_AGAIN_NS;
            return false;
        }
    }
    return true;
}

/* EPOLLERR and EPOLLHUP come unasked: whichever of read and write is wished for
 * then fails, or finds the end of input. If neither is, the client has gone from
 * a request that sleeps. So no such event is left standing. */
static void serve(struct server *s, struct peer *peer, uint32_t events)
{
    bool asked = peer->events != 0;

    settle(s, peer,
           asked ? peer_carry(peer, events != EPOLLOUT) : CONNECTION_CLOSE);
}

/* ---- Stopping, and time ---- */

/* Takes a last look at everybody: what has arrived is served. */
static void begin_stop(struct server *s)
{
    s->stop_time = s->shared.now + s->drain;
    s->peers_max = SIZE_MAX;
    for (int i = 0; i < BATCH && accept_peers(s); i++)
        continue;

    struct peer *next;
    for (struct peer *peer = TAILQ_FIRST(&s->peers); peer; peer = next) {
        next = TAILQ_NEXT(peer, link);
        settle(s, peer, peer_carry(peer, true));
    }
    s->shared.draining = true;
    for (struct peer *peer = TAILQ_FIRST(&s->peers); peer; peer = next) {
        next = TAILQ_NEXT(peer, link);
        connection_finish(&peer->connection);
        settle(s, peer, peer_carry(peer, false));
    }
    close(s->listener); /* last: who is refused knows that all were looked at */
    s->listener = -1;
}

static void close_all(struct server *s)
{
    for (struct peer *peer; (peer = TAILQ_FIRST(&s->peers)) != NULL;)
        close_peer(s, peer);
}

/* Milliseconds until something is due, rounded up; -1 for never. */
static int patience(const struct server *s)
{
    int64_t due = timeouts_next(&s->timeouts);

    if (s->listener >= 0 && !s->accepting && s->accept_again < due)
        due = s->accept_again;
    if (s->stop_time < due)
        due = s->stop_time;
    if (due == INT64_MAX)
        return -1;
    int64_t left = due - now_ns();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static void do_what_is_due(struct server *s)
{
    struct timeout *timeout;

    while ((timeout = timeouts_take(&s->timeouts, s->shared.now)) != NULL) {
        struct peer *peer = (struct peer *)timeout; /* its first member */
        connection_timed_out(&peer->connection);
        settle(s, peer, peer_carry(peer, false));
    }
    if (s->accept_again <= s->shared.now) {
        s->accept_again = INT64_MAX;
        set_accepting(s, true);
    }
    if (s->stop_time <= s->shared.now)
        close_all(s);
}

/* ---- The loop ---- */

static void keep_time(struct server *s)
{
    time_t second = time(NULL);

    s->shared.now = now_ns();
    if (second != s->shared.second)
        response_date(second, s->shared.date);
    s->shared.second = second;
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

static int loop(struct server *s, int stop)
{
    int rc = watch(s, EPOLL_CTL_ADD, stop, EPOLLIN, &s->stop_seen);

    while (rc == 0 && (!s->shared.draining || s->peer_count > 0)) {
        struct epoll_event events[BATCH];
        count_to(counters(s), COUNT_EXCHANGES, s->shared.exchanges.lent);
        long ready = TEMP_FAILURE_RETRY(
            epoll_wait(s->epoll, events, BATCH, patience(s)));
        if (ready < 0)
            return -errno;
        count(counters(s), COUNT_WAKES);
        keep_time(s);
        for (long i = 0; i < ready; i++)
            act(s, &events[i]);
        if (s->stop_seen && !s->shared.draining) {
            rc = watch(s, EPOLL_CTL_DEL, stop, 0, NULL);
            begin_stop(s);
        }
        do_what_is_due(s);
    }
    return rc;
}

/* sendfile(2) knows no MSG_NOSIGNAL: a client that leaves makes a SIGPIPE, for
 * this thread. It is held off while the loop runs, and taken after it. */
int server_run(struct server *s, int stop)
{
    const struct timespec at_once = {0};
    sigset_t pipe, before;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    must(pthread_sigmask(SIG_BLOCK, &pipe, &before));
    int rc = loop(s, stop);
    if (!sigismember(&before, SIGPIPE))
        while (sigtimedwait(&pipe, NULL, &at_once) > 0)
            continue;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL));
    return rc;
}

struct server_setup server_setup(void)
{
    struct server_setup setup = {
        .drain = 5000000000, .clients_max = SIZE_MAX, .threads = 1};
    struct shared shared;

    shared_init(&shared, NULL);
    memcpy(setup.patience, shared.patience, sizeof setup.patience);
    return setup;
}

static void set_up(struct server *s, const struct server_setup *setup)
{
    s->accept_again = s->stop_time = INT64_MAX;
    s->drain = setup->drain;
    s->peers_max = setup->clients_max;
    TAILQ_INIT(&s->peers);
    timeouts_init(&s->timeouts);
    shared_init(&s->shared, &s->own);
    memcpy(s->shared.patience, setup->patience, sizeof setup->patience);
    if (setup->all != NULL) {
        s->shared.all = setup->all;
        s->shared.threads = setup->threads;
        s->shared.counters = &setup->all[setup->number];
    }
    keep_time(s);
}

int server_new(struct server **out, int listener,
               const struct server_setup *setup)
{
    struct server *s = aligned_alloc(_Alignof(struct server), sizeof *s);
    int rc = -ENOMEM;

    if (s == NULL)
        goto close_listener;
    memset(s, 0, sizeof *s);
    set_up(s, setup);
    s->listener = listener;
    if (setup->root != NULL) {
        rc = files_open(&s->shared.files, setup->root);
        if (rc < 0)
            goto free_server;
    }
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0) {
        rc = -errno;
        goto close_files;
    }
    rc = watch(s, EPOLL_CTL_ADD, listener, EPOLLIN, &s->listener);
    if (rc < 0)
        goto close_epoll;
    s->accepting = true;
    *out = s;
    return 0;
close_epoll:
    close(s->epoll);
close_files:
    files_close(s->shared.files);
free_server:
    free(s);
close_listener:
    close(listener);
    return rc;
}

uint64_t server_wakes(const struct server *s)
{
    return count_of(s->shared.counters, COUNT_WAKES);
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    close_all(s);
    exchanges_destroy(&s->shared.exchanges);
    files_close(s->shared.files);
    if (s->listener >= 0)
        close(s->listener);
    close(s->epoll);
    free(s);
}
