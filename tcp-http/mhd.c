/* SPDX-License-Identifier: MIT
 *
 * mhd.c - callbacks, called by the threads that the mode says; and one thread of
 * ours, which wakes the requests that sleep and, in MHD_MODE_EXTERNAL, runs the
 * library.
 *
 * asked() is called once when a request's head is there, then for each piece of
 * its body, then once more at the end; an answer given in the first call refuses
 * the body and ends the connection.
 */
#include "mhd.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mhd_head.h"
#include "site.h"
#include "status.h"
#include "util.h"

enum { POOL_THREADS = 4, BODY_MAX = 1 << 20, PATIENCE_S = 60 };

/* One request, from its first line to its answer. */
struct asking {
    char *target; /* as the client sent it */
    struct page page;
    bool known; /* the head was looked at */
    bool slept;
    char *body; /* for the echo */
    size_t length;

    struct asking *next; /* of the sleepers */
    struct MHD_Connection *connection;
    int64_t due;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): there is one of it */
struct mhd {
    struct counters
        counters; /* guarded by lock. First: it wants a cache line */
    struct MHD_Daemon *daemon; /* set before anybody else looks */
    enum mhd_mode mode;
    pthread_t tender;
    int wake, stop; /* eventfd: look at the sleepers again; it is over */

    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t quiet; /* signalled when under_way falls to 0 */
    unsigned under_way;   /* requests between their head and their answer */
    struct asking *sleepers;
};

/* ---- Sleeping ---- */

static void signal_fd(int fd)
{
    must(eventfd_write(fd, 1));
}

/* The request will be asked() again when it is due. Not for a thread that has
 * its client for itself: that may as well sleep. */
static void fall_asleep(struct mhd *mhd, struct asking *asking,
                        struct MHD_Connection *connection)
{
    asking->slept = true;
    if (mhd->mode == MHD_MODE_PER_CONNECTION) {
        struct pollfd stop = {.fd = mhd->stop, .events = POLLIN};
        poll(&stop, 1, (int)asking->page.ms);
        return;
    }
    asking->due = now_ns() + asking->page.ms * 1000000;
    asking->connection = connection;
    must(pthread_mutex_lock(&mhd->lock));
    asking->next = mhd->sleepers;
    mhd->sleepers = asking;
    MHD_suspend_connection(connection);
    must(pthread_mutex_unlock(&mhd->lock));
    signal_fd(mhd->wake);
}

/* Wakes who is due by then. Gives when the next one is, or INT64_MAX. */
static int64_t wake_sleepers(struct mhd *mhd, int64_t then)
{
    int64_t next = INT64_MAX;

    must(pthread_mutex_lock(&mhd->lock));
    for (struct asking **at = &mhd->sleepers; *at != NULL;) {
        struct asking *asking = *at;
        if (asking->due <= then) {
            *at = asking->next; /* first: then it may be freed at any time */
            MHD_resume_connection(asking->connection);
            continue;
        }
        if (asking->due < next)
            next = asking->due;
        at = &asking->next;
    }
    must(pthread_mutex_unlock(&mhd->lock));
    return next;
}

/* Milliseconds until that time, rounded up, for poll(2). */
static int ms_until(int64_t time)
{
    if (time == INT64_MAX)
        return -1;
    int64_t ms = (time - now_ns() + 999999) / 1000000;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

static void *tend(void *arg)
{
    struct mhd *mhd = arg;
    bool external = mhd->mode == MHD_MODE_EXTERNAL;
    struct pollfd fds[] = {
        {.fd = mhd->stop, .events = POLLIN},
        {.fd = mhd->wake, .events = POLLIN},
        {.fd = external
                   ? MHD_get_daemon_info(mhd->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                         ->epoll_fd
                   : -1,
         .events = POLLIN}};

    while ((fds[0].revents & POLLIN) == 0) {
        eventfd_t ignored;
        MHD_UNSIGNED_LONG_LONG wanted;
        int ms = ms_until(wake_sleepers(mhd, now_ns()));
        if (external) {
            MHD_run(mhd->daemon);
            if (MHD_get_timeout(mhd->daemon, &wanted) == MHD_YES &&
                (ms < 0 || wanted < (unsigned)ms))
                ms = (int)wanted;
        }
        poll(fds, 3, ms);
        if (fds[1].revents & POLLIN)
            eventfd_read(mhd->wake, &ignored);
    }
    wake_sleepers(mhd, INT64_MAX); /* the library wants it before its end */
    return NULL;
}

/* ---- Answers ---- */

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   struct response answer)
{
    char *body = malloc(answer.body.length + 1);

    if (body == NULL)
        return MHD_NO; /* closes the connection */
    memcpy(body, answer.body.at, answer.body.length);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer.body.length, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
        return MHD_NO;
    }
    MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER,
                             MHD_RO_END);
    enum MHD_Result result = MHD_YES;
    if (answer.type != NULL)
        result = MHD_add_response_header(response, "Content-Type", answer.type);
    if (result == MHD_YES && answer.allow != NULL)
        result = MHD_add_response_header(response, "Allow", answer.allow);
    if (result == MHD_YES)
        result =
            MHD_queue_response(connection, (unsigned)answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result give(struct mhd *mhd, struct MHD_Connection *connection,
                            struct response answer, bool is_status)
{
    char text[STATUS_MAX];

    must(pthread_mutex_lock(&mhd->lock));
    count(&mhd->counters, COUNT_REQUESTS);
    if (answer.status >= 400)
        count(&mhd->counters, COUNT_ERRORS);
    if (is_status)
        answer.body =
            (struct text){text, status_write(&mhd->counters, 1, text)};
    must(pthread_mutex_unlock(&mhd->lock));
    return send_answer(connection, answer);
}

/* Given before the body, an answer is the last: the library closes behind it. */
static enum MHD_Result refuse(struct mhd *mhd,
                              struct MHD_Connection *connection, int status)
{
    return give(mhd, connection, response_error(status), false);
}

/* ---- Callbacks ---- */

/* The first line is here: the library will show what we return to the others.
 * If it is NULL, memory is out: asked() closes the connection. */
static void *begin(void *arg, const char *target,
                   struct MHD_Connection *connection)
{
    struct asking *asking = calloc(1, sizeof *asking);

    (void)arg;
    (void)connection;
    if (asking != NULL)
        asking->target = strdup(target);
    return asking;
}

/* The head is here. */
static enum MHD_Result look(struct mhd *mhd, struct MHD_Connection *connection,
                            struct asking *asking, const char *method,
                            const char *version)
{
    struct mhd_head head;

    must(pthread_mutex_lock(&mhd->lock));
    mhd->under_way++;
    must(pthread_mutex_unlock(&mhd->lock));
    asking->known = true;
    if (mhd_head_read(&head, connection, method, asking->target, version) ==
        PARSE_BAD)
        return refuse(mhd, connection, head.request.status);
    if (head.request.content_length > BODY_MAX)
        return refuse(mhd, connection, 413);
    asking->page = site_page(request_text(head.bytes, head.request.method),
                             request_text(head.bytes, head.request.path),
                             request_text(head.bytes, head.request.query));
    return MHD_YES;
}

/* A piece of the body. NO closes the connection: a chunked body that is too large
 * cannot be answered, as the library takes no answer here. */
static enum MHD_Result take(struct asking *asking, const char *piece,
                            size_t count)
{
    if (asking->page.kind != PAGE_ECHO)
        return MHD_YES;
    if (count > BODY_MAX - asking->length)
        return MHD_NO;
    char *body = realloc(asking->body, asking->length + count);
    if (body == NULL)
        return MHD_NO;
    memcpy(body + asking->length, piece, count);
    asking->body = body;
    asking->length += count;
    return MHD_YES;
}

static enum MHD_Result asked(void *arg, struct MHD_Connection *connection,
                             const char *url, const char *method,
                             const char *version, const char *piece,
                             size_t *count, void **request)
{
    struct mhd *mhd = arg;
    struct asking *asking = *request;

    (void)url; /* decoded, and without its query */
    if (asking == NULL || asking->target == NULL)
        return MHD_NO;
    if (!asking->known)
        return look(mhd, connection, asking, method, version);
    if (*count > 0) {
        size_t all = *count;
        *count = 0; /* is left */
        return take(asking, piece, all);
    }
    if (asking->page.kind == PAGE_SLEEP && !asking->slept) {
        fall_asleep(mhd, asking, connection);
        if (mhd->mode != MHD_MODE_PER_CONNECTION)
            return MHD_YES;
    }
    struct response answer = asking->page.answer;
    if (asking->page.kind == PAGE_ECHO)
        answer.body =
            (struct text){asking->body ? asking->body : "", asking->length};
    return give(mhd, connection, answer, asking->page.kind == PAGE_STATUS);
}

static void completed(void *arg, struct MHD_Connection *connection,
                      void **request, enum MHD_RequestTerminationCode how)
{
    struct mhd *mhd = arg;
    struct asking *asking = *request;

    (void)connection;
    (void)how;
    if (asking == NULL)
        return;
    must(pthread_mutex_lock(&mhd->lock));
    if (asking->known && --mhd->under_way == 0)
        must(pthread_cond_signal(&mhd->quiet));
    must(pthread_mutex_unlock(&mhd->lock));
    free(asking->target);
    free(asking->body);
    free(asking);
    *request = NULL;
}

static void came_or_went(void *arg, struct MHD_Connection *connection,
                         void **ours, enum MHD_ConnectionNotificationCode what)
{
    struct mhd *mhd = arg;

    (void)connection;
    (void)ours;
    must(pthread_mutex_lock(&mhd->lock));
    count(&mhd->counters, what == MHD_CONNECTION_NOTIFY_STARTED ? COUNT_ACCEPTED
                                                                : COUNT_CLOSED);
    must(pthread_mutex_unlock(&mhd->lock));
}

/* ---- Start and stop ---- */

static void mhd_free(struct mhd *mhd)
{
    if (mhd->wake >= 0)
        close(mhd->wake);
    if (mhd->stop >= 0)
        close(mhd->stop);
    must(pthread_cond_destroy(&mhd->quiet));
    must(pthread_mutex_destroy(&mhd->lock));
    free(mhd);
}

/* What the library's flags make of a mode. */
static unsigned flags_of(enum mhd_mode mode)
{
    switch (mode) {
    case MHD_MODE_EXTERNAL:
        return MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    case MHD_MODE_PER_CONNECTION:
        return MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD |
               MHD_USE_ITC;
    default:
        return MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    }
}

static struct MHD_Daemon *start_daemon(struct mhd *mhd, int listener)
{
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, POOL_THREADS, NULL},
        {MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(
        flags_of(mhd->mode), 0, NULL, NULL, asked, mhd,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)PATIENCE_S, MHD_OPTION_URI_LOG_CALLBACK, begin, mhd,
        MHD_OPTION_NOTIFY_COMPLETED, completed, mhd,
        MHD_OPTION_NOTIFY_CONNECTION, came_or_went, mhd, MHD_OPTION_ARRAY,
        mhd->mode == MHD_MODE_POOL ? pool : pool + 1, MHD_OPTION_END);
}

static void init_lock(struct mhd *mhd)
{
    pthread_condattr_t monotonic;

    must(pthread_mutex_init(&mhd->lock, NULL));
    must(pthread_condattr_init(&monotonic));
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC));
    must(pthread_cond_init(&mhd->quiet, &monotonic));
    must(pthread_condattr_destroy(&monotonic));
}

int mhd_start(struct mhd **out, int listener, enum mhd_mode mode)
{
    struct mhd *mhd = aligned_alloc(_Alignof(struct mhd), sizeof *mhd);
    int rc;

    if (mhd == NULL)
        return -ENOMEM;
    memset(mhd, 0, sizeof *mhd);
    mhd->mode = mode;
    init_lock(mhd);
    mhd->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mhd->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = mhd->wake < 0 || mhd->stop < 0 ? -errno : 0;
    if (rc < 0)
        goto free_mhd;
    mhd->daemon = start_daemon(mhd, listener);
    rc = mhd->daemon == NULL ? -EIO : 0;
    if (rc < 0)
        goto free_mhd;
    rc = -pthread_create(&mhd->tender, NULL, tend, mhd);
    if (rc < 0)
        goto stop_daemon;
    *out = mhd;
    return 0;
stop_daemon:
    MHD_stop_daemon(mhd->daemon);
free_mhd:
    mhd_free(mhd);
    return rc;
}

void mhd_stop(struct mhd *mhd)
{
    int64_t last = now_ns() + 2000000000;
    const struct timespec limit = {.tv_sec = last / 1000000000,
                                   .tv_nsec = last % 1000000000};
    int listener = MHD_quiesce_daemon(mhd->daemon);

    must(pthread_mutex_lock(&mhd->lock));
    while (mhd->under_way > 0 &&
           pthread_cond_timedwait(&mhd->quiet, &mhd->lock, &limit) == 0)
        continue;
    must(pthread_mutex_unlock(&mhd->lock));
    signal_fd(mhd->stop);
    must(pthread_join(mhd->tender, NULL));
    MHD_stop_daemon(
        mhd->daemon); /* closes what is left: completed() is called */
    if (listener >= 0)
        close(listener);
    mhd_free(mhd);
}
