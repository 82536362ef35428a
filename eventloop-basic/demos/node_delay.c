/* SPDX-License-Identifier: MIT
 *
 * node_delay.c - "GET ..." comes, a timer is set, an answer goes.
 */
#include "node_delay.h"

#include <stdlib.h>
#include <string.h>

#include "../demo.h"

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n"
                             "Connection: close\r\n\r\nthat took a bit";

struct request {
    struct connection connection; /* first */
    uv_timer_t *timer;            /* freed when it is closed */
};

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

static void answer_now(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    if (connection_send(c, answer, sizeof answer - 1) == 0)
        connection_close_when_drained(c);
}

static void opened(struct connection *c)
{
    struct request *request = (struct request *)c;
    request->timer = malloc(sizeof *request->timer);
    if (request->timer == NULL) {
        connection_close(c, -ENOMEM);
        return;
    }
    must(uv_timer_init(c->all->loop, request->timer));
    request->timer->data = c;
}

/* One read is taken for the whole request: it is our own client's. */
static void received(struct connection *c, const char *bytes, size_t count)
{
    struct delay_server *delay = c->all->owner;
    (void)bytes, (void)count;
    must(uv_timer_start(((struct request *)c)->timer, answer_now,
                        (uint64_t)delay->delay_ms, 0));
}

static void closed(struct connection *c, int why)
{
    struct request *request = (struct request *)c;
    (void)why;
    if (request->timer != NULL)
        uv_close((uv_handle_t *)request->timer, free_timer);
}

static const struct protocol protocol = {.size = sizeof(struct request),
                                         .queue_limit = 4096,
                                         .opened = opened,
                                         .received = received,
                                         .closed = closed};

static void over(void *owner)
{
    (void)owner; /* it is in the story's own memory */
}

int delay_listen(struct delay_server *delay, uv_loop_t *loop, int delay_ms)
{
    const struct listening where = {.port = 0};
    delay->delay_ms = delay_ms;
    return server_listen(&delay->server, loop, &where, &protocol, delay, over);
}
