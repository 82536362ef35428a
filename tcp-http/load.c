/* SPDX-License-Identifier: MIT
 *
 * load.c - threads share out the connections; each has an epoll for its own, and
 * nothing is shared until they are joined.
 *
 * The schedule of a rate: the thread's k-th request is due at start + k * interval,
 * and belongs to connection k % connections. So a connection's next one is due at a
 * time that follows from how many it has asked, and none is skipped.
 */
#include "load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "util.h"

struct link {
    struct asker asker;
    int fd;
    bool waits_to_write; /* epoll has been told */
    uint64_t asked, most;
};

struct worker {
    const struct load_plan *plan;
    struct link *links; /* the worker's own, count of them */
    unsigned count;
    int epoll, timer; /* timer: the next request that is due, or the end */
    int64_t start, end;
    double interval; /* nanoseconds between two requests; 0: a closed loop */
    double delay;    /* of the first */
    uint64_t due;    /* requests that have been due */
    uint64_t asked, most, out; /* on all links */
    struct load_result result;
    int rc; /* it and result are read after the join */
    pthread_t thread;
};

/* ---- One connection ---- */

static int watch(struct worker *w, struct link *link, int how)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};

    link->waits_to_write = link->asker.owed > 0;
    if (link->waits_to_write)
        event.events |= EPOLLOUT;
    return epoll_ctl(w->epoll, how, link->fd, &event) < 0 ? -errno : 0;
}

static int open_link(struct worker *w, struct link *link)
{
    int rc = url_connect(w->plan->url, &link->fd);

    if (rc < 0)
        return rc;
    if (fcntl(link->fd, F_SETFL, O_NONBLOCK) < 0)
        rc = -errno;
    else
        rc = watch(w, link, EPOLL_CTL_ADD);
    if (rc < 0) {
        close(link->fd);
        link->fd = -1;
    }
    return rc;
}

/* When the link's next request is due: now, where there is no rate. */
static int64_t due_time(const struct worker *w, const struct link *link,
                        int64_t now)
{
    if (w->interval == 0)
        return now;
    double place = (double)(link->asked * w->count) + (double)(link - w->links);
    return w->start + (int64_t)(place * w->interval);
}

/* Asks what may be asked, and sends what can be sent. */
static int fill(struct worker *w, struct link *link, int64_t now)
{
    struct asker *asker = &link->asker;

    while (asker->out < asker->depth && link->asked < link->most) {
        int64_t due = due_time(w, link, now);
        if (due > now || now >= w->end)
            break;
        asker_ask(asker, due);
        link->asked++;
        w->asked++;
        w->out++;
    }
    if (asker->owed > 0) {
        struct text text = asker_output(asker);
        ssize_t sent = TEMP_FAILURE_RETRY(
            send(link->fd, text.at, text.length, MSG_NOSIGNAL));
        /* If the connection is broken, the next recv says so. */
        if (sent > 0)
            asker_sent(asker, (size_t)sent);
    }
    if (link->waits_to_write != (asker->owed > 0))
        return watch(w, link, EPOLL_CTL_MOD);
    return 0;
}

/* The server has closed, as it may between two answers. */
static int reopen(struct worker *w, struct link *link)
{
    close(link->fd);
    w->result.reopened++;
    return open_link(w, link);
}

static int receive(struct worker *w, struct link *link)
{
    struct asker *asker = &link->asker;
    unsigned before = asker->out;
    size_t room;
    char *at = asker_room(asker, &room);
    ssize_t count = TEMP_FAILURE_RETRY(recv(link->fd, at, room, 0));
    int rc = 0;

    if (count < 0 && errno == EAGAIN)
        return 0;
    bool ended = count <= 0;
    int64_t now = now_ns();
    if (count > 0) {
        rc = asker_received(asker, (size_t)count, now, &w->result.tally);
        ended = rc == 0 && asker->must_close;
    }
    if (ended) {
        bool well = asker_ended(asker, now, &w->result.tally);
        rc = well ? reopen(w, link) : -ECONNRESET;
    }
    w->out -= before - asker->out;
    return rc < 0 ? rc : fill(w, link, now);
}

/* ---- One thread ---- */

/* Those whose time has come ask; the timer is set for the next. */
static int keep_schedule(struct worker *w, int64_t now)
{
    int rc = 0;

    while (rc == 0) {
        int64_t next = w->start + (int64_t)((double)w->due * w->interval);
        if (next > w->end)
            next = w->end;
        if (next > now) {
            const struct itimerspec at = {
                .it_value = {next / 1000000000, next % 1000000000}};
            must(timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &at, NULL));
            return 0;
        }
        if (next == w->end)
            return 0;
        rc = fill(w, &w->links[w->due++ % w->count], now);
    }
    return rc;
}

static bool is_over(const struct worker *w)
{
    return w->out == 0 && (w->asked == w->most || now_ns() >= w->end);
}

static int begin(struct worker *w)
{
    int rc = 0;

    w->start = now_ns() + (int64_t)w->delay;
    w->end = w->plan->seconds > 0 ? w->start + (int64_t)(w->plan->seconds * 1e9)
                                  : INT64_MAX;
    if (w->interval > 0)
        return keep_schedule(w, w->start); /* where delay is 0, one is due */
    for (unsigned i = 0; i < w->count && rc == 0; i++)
        rc = fill(w, &w->links[i], now_ns());
    return rc;
}

static int run(struct worker *w)
{
    enum { BATCH = 64 };
    int rc = begin(w);

    while (rc == 0 && !is_over(w)) {
        struct epoll_event events[BATCH];
        long count = TEMP_FAILURE_RETRY(
            epoll_wait(w->epoll, events, BATCH, LOAD_PATIENCE_MS));
        if (count < 0)
            return -errno;
        if (count == 0 && w->out > 0)
            return -ETIMEDOUT;
        for (long i = 0; i < count && rc == 0; i++) {
            struct link *link = events[i].data.ptr;
            if (link == NULL)
                rc = keep_schedule(w, now_ns());
            else if (events[i].events == EPOLLOUT)
                rc = fill(w, link, now_ns());
            else
                rc = receive(w, link);
        }
    }
    w->result.ns = now_ns() - w->start;
    return rc;
}

static void *run_thread(void *arg)
{
    struct worker *w = arg;

    w->rc = run(w);
    return NULL;
}

/* ---- All of them ---- */

/* How many of the requests that its schedule has up to the end were not sent. */
static uint64_t late(const struct worker *w)
{
    if (w->interval == 0 || w->end == INT64_MAX)
        return 0;
    double due = (double)(w->end - w->start) / w->interval;
    if (due > (double)w->most)
        due = (double)w->most;
    return due > (double)w->asked ? (uint64_t)(due - (double)w->asked) : 0;
}

static void destroy_worker(struct worker *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        asker_destroy(&w->links[i].asker);
        if (w->links[i].fd >= 0)
            close(w->links[i].fd);
    }
    if (w->timer >= 0)
        close(w->timer);
    if (w->epoll >= 0)
        close(w->epoll);
}

/* Whatever it gives, destroy_worker() is needed. */
static int init_worker(struct worker *w, struct text batch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int rc = 0;

    for (unsigned i = 0; i < w->count; i++)
        w->links[i].fd = -1;
    w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->timer < 0 || w->epoll < 0 ||
        epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->timer, &event) < 0)
        return -errno;
    for (unsigned i = 0; i < w->count && rc == 0; i++) {
        rc = asker_init(&w->links[i].asker, batch, w->plan->depth);
        if (rc == 0)
            rc = open_link(w, &w->links[i]);
        w->most += w->links[i].most;
    }
    return rc;
}

/* The shares of connections, requests and rate. */
static void share_out(const struct load_plan *plan, struct worker *workers,
                      struct link *links)
{
    const unsigned all = plan->connections;

    for (unsigned i = 0; i < all; i++)
        links[i].most = plan->count == 0
                            ? UINT64_MAX / all
                            : plan->count / all + (i < plan->count % all);
    for (unsigned i = 0; i < plan->threads; i++) {
        struct worker *w = &workers[i];
        unsigned first = (unsigned)((uint64_t)all * i / plan->threads);
        unsigned next = (unsigned)((uint64_t)all * (i + 1) / plan->threads);
        w->plan = plan;
        w->links = links + first;
        w->count = next - first;
        w->timer = w->epoll = -1;
        if (plan->rate > 0) {
            w->interval = 1e9 / plan->rate * all / w->count;
            w->delay = 1e9 / plan->rate * i;
        }
    }
}

/* The first worker runs in this thread. */
static int run_workers(struct worker *workers, unsigned count)
{
    int rc = 0;
    unsigned started = 1;

    while (started < count && rc == 0) {
        struct worker *w = &workers[started];
        rc = -pthread_create(&w->thread, NULL, run_thread, w);
        started += rc == 0;
    }
    if (rc == 0)
        rc = run(&workers[0]);
    for (unsigned i = 1; i < started; i++) {
        must(pthread_join(workers[i].thread, NULL));
        if (rc == 0)
            rc = workers[i].rc;
    }
    return rc;
}

static void add_up(struct load_result *all, const struct worker *w)
{
    histogram_merge(&all->tally.latency, &w->result.tally.latency);
    all->tally.failures += w->result.tally.failures;
    all->tally.bytes += w->result.tally.bytes;
    all->reopened += w->result.reopened;
    all->late += late(w);
    if (w->result.ns > all->ns)
        all->ns = w->result.ns;
}

/* depth times the same request; NULL: no memory. */
static char *write_batch(const struct load_plan *plan)
{
    const struct url *url = plan->url;
    const char *path = url->path.length > 0 ? url->path.at : "/";
    char *batch = NULL;
    size_t size;
    FILE *out = open_memstream(&batch, &size);

    if (out == NULL)
        return NULL;
    for (unsigned i = 0; i < plan->depth; i++)
        fprintf(out, "GET %.*s HTTP/1.1\r\nHost: %.*s\r\n\r\n",
                url->path.length > 0 ? (int)url->path.length : 1, path,
                (int)url->authority.length, url->authority.at);
    if (fclose(out) == 0)
        return batch;
    free(batch);
    return NULL;
}

int load_run(const struct load_plan *plan, struct load_result *result)
{
    struct worker *workers = calloc(plan->threads, sizeof *workers);
    struct link *links = calloc(plan->connections, sizeof *links);
    char *batch = write_batch(plan);
    int rc = workers && links && batch ? 0 : -ENOMEM;
    unsigned made = 0;

    assert(plan->threads <= plan->connections && plan->depth > 0);
    memset(result, 0, sizeof *result);
    if (rc == 0)
        share_out(plan, workers, links);
    while (rc == 0 && made < plan->threads)
        rc = init_worker(&workers[made++], text_of(batch));
    if (rc == 0)
        rc = run_workers(workers, plan->threads);
    for (unsigned i = 0; i < made; i++) {
        add_up(result, &workers[i]);
        destroy_worker(&workers[i]);
    }
    free(batch);
    free(links);
    free(workers);
    return rc;
}
