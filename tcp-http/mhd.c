/* SPDX-License-Identifier: MIT
 *
 * mhd.c - one callback, called by the library's thread.
 *
 * It is called once when a request's head is there, then for each piece of its
 * body, then once more at the end; an answer given in the first call refuses the
 * body and ends the connection.
 */
#include "mhd.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "site.h"
#include "util.h"

struct mhd {
    struct MHD_Daemon *daemon; /* set before anybody else looks */

    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t quiet; /* signalled when under_way falls to 0 */
    unsigned under_way;   /* requests between their head and their answer */
};

/* ---- What the library's parser lets through ---- */

struct seen {
    unsigned hosts, lengths, codings, unknown, bad;
};

static enum MHD_Result look_at_field(void *arg, enum MHD_ValueKind kind,
                                     const char *name, const char *value)
{
    struct seen *seen = arg;
    struct text text = text_of(name);

    (void)kind;
    seen->hosts += text_is_nocase(text, "Host");
    seen->lengths += text_is_nocase(text, "Content-Length");
    if (text_is_nocase(text, "Transfer-Encoding")) {
        seen->codings++;
        seen->unknown +=
            value == NULL || !text_is_nocase(text_of(value), "chunked");
    }
    seen->bad += !text_is_token(text) ||
                 (value != NULL && !text_is_value(text_of(value))) ||
                 (text_is_nocase(text, "Host") &&
                  (value == NULL || !text_is_authority(text_of(value))));
    return MHD_YES;
}

/* What our own parser would have answered: 0 for nothing wrong. */
static int refusal(struct MHD_Connection *connection, const char *method,
                   const char *version)
{
    struct seen seen = {0, 0, 0, 0, 0};
    bool old = strcmp(version, "HTTP/1.0") == 0;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_field,
                              &seen);
    if (seen.bad > 0 || !text_is_token(text_of(method)) || seen.hosts > 1 ||
        (seen.hosts == 0 && !old) || seen.lengths + (seen.codings > 0) > 1 ||
        (seen.codings > 0 && old))
        return 400;
    return seen.codings > 1 || seen.unknown > 0 ? 501 : 0;
}

/* ---- The callback ---- */

static enum MHD_Result give(struct MHD_Connection *connection,
                            struct response answer)
{
    char body[RESPONSE_MAX]; /* the library wants a pointer to non-const */

    memcpy(body, answer.body.at, answer.body.length);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer.body.length, body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO; /* closes the connection */
    MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER,
                             MHD_RO_END);
    enum MHD_Result result =
        MHD_add_response_header(response, "Content-Type", answer.type);
    if (result == MHD_YES && answer.allow != NULL)
        result = MHD_add_response_header(response, "Allow", answer.allow);
    if (result == MHD_YES && answer.close)
        result = MHD_add_response_header(response, "Connection", "close");
    if (result == MHD_YES)
        result =
            MHD_queue_response(connection, (unsigned)answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection,
                              const char *url, const char *method,
                              const char *version, const char *body,
                              size_t *body_size, void **request)
{
    struct mhd *mhd = arg;

    (void)body;
    if (*request == NULL) {
        *request = mhd; /* anything but NULL: this request is known */
        must(pthread_mutex_lock(&mhd->lock));
        mhd->under_way++;
        must(pthread_mutex_unlock(&mhd->lock));
        int status = refusal(connection, method, version);
        if (status == 0)
            return MHD_YES;
        struct response refused = response_error(status);
        refused.close = true;
        return give(connection, refused);
    }
    if (*body_size > 0) {
        *body_size = 0; /* taken, and thrown away */
        return MHD_YES;
    }
    return give(connection,
                site_page(text_of(method), text_of(url), text_of("")).answer);
}

static void completed(void *arg, struct MHD_Connection *connection,
                      void **request, enum MHD_RequestTerminationCode how)
{
    struct mhd *mhd = arg;

    (void)connection;
    (void)how;
    if (*request == NULL)
        return;
    must(pthread_mutex_lock(&mhd->lock));
    if (--mhd->under_way == 0)
        must(pthread_cond_signal(&mhd->quiet));
    must(pthread_mutex_unlock(&mhd->lock));
}

/* ---- Start and stop ---- */

static void mhd_free(struct mhd *mhd)
{
    must(pthread_cond_destroy(&mhd->quiet));
    must(pthread_mutex_destroy(&mhd->lock));
    free(mhd);
}

int mhd_start(struct mhd **out, int listener)
{
    pthread_condattr_t monotonic;
    struct mhd *mhd = calloc(1, sizeof *mhd);

    if (mhd == NULL)
        return -ENOMEM;
    must(pthread_mutex_init(&mhd->lock, NULL));
    must(pthread_condattr_init(&monotonic));
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC));
    must(pthread_cond_init(&mhd->quiet, &monotonic));
    must(pthread_condattr_destroy(&monotonic));
    mhd->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, answer, mhd,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED,
        completed, mhd, MHD_OPTION_END);
    if (mhd->daemon == NULL) {
        mhd_free(mhd);
        return -EIO;
    }
    *out = mhd;
    return 0;
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
    MHD_stop_daemon(
        mhd->daemon); /* closes what is left; completed() is called */
    if (listener >= 0)
        close(listener);
    mhd_free(mhd);
}
