/* SPDX-License-Identifier: MIT
 *
 * connection.c - try to write, queue the rest; ask to close, free when closed.
 *
 * A write is tried at once, for most sockets have room: no request, no copy.
 * Only a rest becomes a uv_write_t with the bytes behind it. That memory is
 * libuv's until on_written(), which comes exactly once, with UV_ECANCELED if the
 * connection was closed before.
 *
 * Read with: the libuv guide, "Networking"; its Design page, on handles.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { DISCARD_MOST = 16 << 20 };

struct rest {
    uv_write_t write; /* first: a request's address is its rest's */
    size_t size;      /* of all this */
    char bytes[];
};

void connections_init(struct connections *all, uv_loop_t *loop, void *owner)
{
    all->loop = loop;
    all->owner = owner;
    all->first = NULL;
    all->open = 0;
    all->one_gone = NULL;
}

struct connection *connection_new(struct connections *all,
                                  const struct protocol *protocol, bool pipe)
{
    struct connection *c = calloc(1, protocol->size);
    if (c == NULL)
        return NULL;
    if (pipe)
        must(uv_pipe_init(all->loop, &c->pipe, 0));
    else
        must(uv_tcp_init(all->loop, &c->tcp));
    c->protocol = protocol;
    c->all = all;
    c->next = all->first;
    if (c->next != NULL)
        c->next->previous = c;
    all->first = c;
    all->open++;
    return c;
}

/* ---- The end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = (struct connection *)handle;
    struct connections *all = c->all;

    if (c->protocol->closed != NULL)
        c->protocol->closed(c, c->why);
    if (c->previous == NULL)
        all->first = c->next;
    else
        c->previous->next = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    all->open--;
    free(c);
    if (all->one_gone != NULL)
        all->one_gone(all); /* may free all */
}

void connection_close(struct connection *c, int why)
{
    if (uv_is_closing(&c->handle))
        return;
    c->why = why;
    uv_close(&c->handle, on_closed);
}

void connection_close_when_drained(struct connection *c)
{
    c->closes_when_drained = true;
    if (c->queued == 0)
        connection_close(c, 0);
    else if (!uv_is_closing(&c->handle))
        connection_pause(c);
}

static void on_finished(uv_shutdown_t *request, int status)
{
    if (status < 0 && status != UV_ECANCELED)
        connection_close((struct connection *)request->handle, status);
}

void connection_finish(struct connection *c)
{
    if (uv_is_closing(&c->handle) || c->finishing)
        return;
    c->finishing = true;
    int rc = uv_shutdown(&c->request.finish, &c->stream, on_finished);
    if (rc < 0)
        connection_close(c, rc);
}

void connection_dismiss(struct connection *c)
{
    c->dismissed = true;
    connection_resume(c);
    connection_finish(c);
}

bool connection_is_open(const struct connection *c)
{
    return !uv_is_closing(&c->handle) && !c->dismissed;
}

/* ---- Reading ---- */

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connections *all = ((struct connection *)handle)->all;

    (void)suggested; /* libuv reads and calls back before it lends anew */
    *buffer = uv_buf_init(all->buffer, sizeof all->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct connection *c = (struct connection *)stream;

    if (count > 0 && !c->dismissed) {
        c->protocol->received(c, buffer->base, (size_t)count);
    } else if (count > 0) {
        c->discarded += (size_t)count;
        if (c->discarded > DISCARD_MOST)
            connection_close(c, 0);
    } else if (count == UV_EOF && !c->dismissed && c->protocol->ended != NULL) {
        c->protocol->ended(c);
    } else if (count < 0) { /* 0 would be "nothing yet" */
        connection_close(c, count == UV_EOF ? 0 : (int)count);
    }
}

void connection_pause(struct connection *c)
{
    uv_read_stop(&c->stream);
}

void connection_resume(struct connection *c)
{
    if (uv_is_closing(&c->handle))
        return;
    int rc = uv_read_start(&c->stream, lend_buffer, on_read);
    if (rc < 0 && rc != UV_EALREADY)
        connection_close(c, rc);
}

static void open_it(struct connection *c, int rc)
{
    if (rc < 0) {
        connection_close(c, rc);
        return;
    }
    if (c->handle.type == UV_TCP)
        uv_tcp_nodelay(&c->tcp, 1); /* else small writes wait; it may fail */
    connection_resume(c);
    if (c->protocol->opened != NULL)
        c->protocol->opened(c);
}

void connection_accept(struct connection *c, uv_stream_t *listener)
{
    open_it(c, uv_accept(listener, &c->stream));
}

static void on_connected(uv_connect_t *request, int status)
{
    open_it((struct connection *)request->handle, status);
}

void connection_connect(struct connection *c, const struct sockaddr *address)
{
    int rc =
        uv_tcp_connect(&c->request.connect, &c->tcp, address, on_connected);
    if (rc < 0)
        connection_close(c, rc);
}

/* ---- Writing ---- */

static void on_written(uv_write_t *write, int status)
{
    struct connection *c = (struct connection *)write->handle;
    struct rest *rest = (struct rest *)write;

    c->queued -= rest->size;
    free(rest);
    if (status < 0)
        connection_close(c, status);
    if (c->queued > 0 || uv_is_closing(&c->handle))
        return;
    if (c->closes_when_drained)
        connection_close(c, 0);
    else if (c->protocol->drained != NULL)
        c->protocol->drained(c);
}

static int queue(struct connection *c, const char *bytes, size_t count)
{
    size_t size = sizeof(struct rest) + count;
    if (c->queued + size > c->protocol->queue_limit)
        return -ENOBUFS;

    struct rest *rest = malloc(size);
    if (rest == NULL)
        return -ENOMEM;
    memcpy(rest->bytes, bytes, count);
    rest->size = size;
    uv_buf_t buffer = uv_buf_init(rest->bytes, (unsigned)count);
    int rc = uv_write(&rest->write, &c->stream, &buffer, 1, on_written);
    if (rc < 0)
        free(rest); /* it was never libuv's */
    else
        c->queued += size;
    return rc;
}

int connection_send(struct connection *c, const char *bytes, size_t count)
{
    int sent = UV_EAGAIN;

    if (uv_is_closing(&c->handle) || c->finishing)
        return -EPIPE;
    if (c->queued == 0) {
        /* The cast: uv_buf_t knows no const, but a write only reads. */
        uv_buf_t all = {.base = (char *)(uintptr_t)bytes, .len = count};
        sent = uv_try_write(&c->stream, &all, 1);
    }
    if (sent == UV_EAGAIN)
        sent = 0;
    int rc = sent < 0 ? sent : 0;
    if (sent >= 0 && (size_t)sent < count)
        rc = queue(c, bytes + sent, count - (size_t)sent);
    if (rc < 0)
        connection_close(c, rc);
    return rc;
}

size_t connection_queued(const struct connection *c)
{
    return c->queued;
}
