/* SPDX-License-Identifier: MIT
 *
 * client.c - connect, send, receive; and the four ways in which a body ends.
 */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = TEMP_FAILURE_RETRY(send(fd, bytes, count, MSG_NOSIGNAL));
        if (sent < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 0;
}

static int send_request(int fd, const struct url *url, bool head_only)
{
    char *request;
    int length = asprintf(
        &request, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n\r\n",
        head_only ? "HEAD" : "GET",
        url->path.length > 0 ? (int)url->path.length : 1,
        url->path.length > 0 ? url->path.at : "/", (int)url->authority.length,
        url->authority.at);

    if (length < 0)
        return -ENOMEM;
    int rc = send_all(fd, request, (size_t)length);
    free(request);
    return rc;
}

/* Receives behind what is there. The number of bytes, 0 at the end of input. */
static int receive(struct client *c)
{
    size_t end = c->start + c->count;

    assert(end < sizeof c->bytes);
    ssize_t count = TEMP_FAILURE_RETRY(
        recv(c->fd, c->bytes + end, sizeof c->bytes - end, 0));
    if (count < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    c->count += (size_t)count;
    return (int)count;
}

/* Waits until the head of the answer is whole. Heads of 1xx only say that it will
 * come; each has to fit, so they are not endless. */
static int read_head(struct client *c, bool head_only)
{
    for (;;) {
        switch (answer_parse(&c->answer, c->bytes, c->count, head_only)) {
        case PARSE_BAD:
            return -EPROTO;
        case PARSE_DONE:
            if (c->answer.status >= 200)
                return 0;
            c->count -= c->answer.head_length;
            memmove(c->bytes, c->bytes + c->answer.head_length, c->count);
            break;
        case PARSE_MORE: {
            int count = receive(c);
            if (count <= 0)
                return count < 0 ? count : -EPROTO;
        }
        }
    }
}

/* The body begins behind the head. */
static int begin_body(struct client *c, int64_t most)
{
    c->start = c->answer.head_length;
    c->count -= c->answer.head_length;
    c->room = most;
    c->left = c->answer.length;
    c->chunked = (struct chunked){.room = INT64_MAX};
    c->at_end = c->answer.body == BODY_NONE ||
                (c->answer.body == BODY_COUNTED && c->left == 0);
    return c->answer.body == BODY_COUNTED && c->left > most ? -EMSGSIZE : 0;
}

int client_open(struct client *c, const struct url *url, bool head_only,
                int64_t most)
{
    int rc = url_connect(url, &c->fd);

    if (rc < 0)
        return rc;
    c->start = c->count = 0;
    rc = send_request(c->fd, url, head_only);
    if (rc == 0)
        rc = read_head(c, head_only);
    if (rc == 0)
        rc = begin_body(c, most);
    if (rc < 0)
        close(c->fd);
    return rc;
}

struct text client_head(const struct client *c)
{
    return (struct text){c->bytes, c->answer.head_length};
}

/* Takes a piece of the body out of the bytes that are there; perhaps an empty one,
 * if more must come. */
static int take_piece(struct client *c, struct text *data)
{
    struct text bytes = {c->bytes + c->start, c->count};

    if (c->answer.body == BODY_CHUNKED) {
        enum parse result = chunked_parse(&c->chunked, &bytes, data);
        if (result == PARSE_BAD)
            return -EPROTO;
        c->at_end = result == PARSE_DONE;
    } else {
        *data = bytes;
        if (c->answer.body == BODY_COUNTED) {
            if (c->left < (int64_t)data->length)
                data->length = (size_t)c->left; /* what follows is not ours */
            c->left -= (int64_t)data->length;
            c->at_end = c->left == 0;
        }
        bytes.at += data->length;
        bytes.length -= data->length;
    }
    c->start = (size_t)(bytes.at - c->bytes);
    c->count = bytes.length;
    c->room -= (int64_t)data->length;
    return c->room < 0 ? -EMSGSIZE : 0;
}

int client_read(struct client *c, struct text *data)
{
    int rc = 0;

    *data = (struct text){c->bytes, 0};
    while (rc == 0 && data->length == 0 && !c->at_end) {
        if (c->count > 0) {
            rc = take_piece(c, data);
            continue;
        }
        c->start = 0; /* all that was here is used */
        int count = receive(c);
        if (count == 0 && c->answer.body != BODY_TO_END)
            return -EPROTO;
        c->at_end = count == 0;
        rc = count < 0 ? count : 0;
    }
    return rc;
}

void client_close(struct client *c)
{
    close(c->fd);
}
