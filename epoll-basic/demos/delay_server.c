/* SPDX-License-Identifier: MIT
 *
 * delay_server.c - a connection is first read, then on the heap, then answered
 * and closed. Its token tells events apart from those of a predecessor, its
 * place in the heap lets it leave before its time.
 */
#include "delay_server.h"

#include <inttypes.h>

#include "../demo.h"
#include "../tcp.h"
#include "../timers.h"
#include "../tokens.h"
#include "../waker.h"

enum { LONGEST = 600000 };

struct call {
    int fd;
    struct token token;
    uint32_t place; /* in the heap, once it has been understood */
    long ms;
    size_t size;
    char question[32];
    struct call *previous, *next;
};

struct delay_server {
    struct poller poller;
    struct tokens tokens; /* to calls, and to: */
    struct waker stop;
    int listener;
    struct timers timers;
    struct call calls; /* head of the list of all */
};

static void hang_up(struct delay_server *s, struct call *call)
{
    timers_cancel(&s->timers, &call->place);
    must(poller_deregister(&s->poller, call->fd));
    close(call->fd);
    tokens_release(&s->tokens, call->token);
    call->previous->next = call->next;
    call->next->previous = call->previous;
    free(call);
}

/* Refuses by closing: the next caller may have more luck. */
static void pick_up(struct delay_server *s, int fd)
{
    struct call *call = calloc(1, sizeof *call);

    if (call == NULL || tokens_take(&s->tokens, call, &call->token) < 0)
        goto refuse;
    if (poller_register(&s->poller, fd, call->token, INTEREST_READABLE) < 0) {
        tokens_release(&s->tokens, call->token);
        goto refuse;
    }
    call->fd = fd;
    call->previous = &s->calls;
    call->next = s->calls.next;
    call->next->previous = s->calls.next = call;
    return;
refuse:
    free(call);
    close(fd);
}

/* The deadline counts from the beginning of the batch, so that questions that
 * were asked together are measured from the same moment. */
static void understand(struct delay_server *s, struct call *call, int64_t now)
{
    char *end = memchr(call->question, '\n', call->size);
    bool asked = end != NULL && call->place == TIMER_NONE;

    if (end == NULL && call->size < sizeof call->question)
        return; /* more to come */
    if (end != NULL)
        *end = '\0';
    if (asked && parse_count(call->question, 0, LONGEST, &call->ms) == 0 &&
        timers_add(&s->timers, now + call->ms * 1000000, call, &call->place) ==
            0)
        return;
    hang_up(s, call);
}

static void listen_to(struct delay_server *s, struct call *call, int64_t now)
{
    ssize_t n;

    do {
        size_t room = sizeof call->question - call->size;
        n = room > 0 ? tcp_read(call->fd, call->question + call->size, room)
                     : -EMSGSIZE;
        call->size += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    /* Who asks and shuts down writing still waits for the answer. */
    if (n == -EAGAIN || (n == 0 && call->size > 0))
        understand(s, call, now);
    else
        hang_up(s, call);
}

static void answer(struct delay_server *s, struct call *call)
{
    char text[32];
    int size = snprintf(text, sizeof text, "after %ld ms\n", call->ms);

    /* So little fits into a fresh buffer; if not, the caller has gone. */
    (void)tcp_write(call->fd, text, (size_t)size);
    hang_up(s, call);
}

/* Gives whether to go on. */
static bool handle(struct delay_server *s, const struct event *event,
                   int64_t now)
{
    void *owner = tokens_owner(&s->tokens, event_token(event));
    struct sockaddr_in peer;
    int fd;

    if (owner == &s->stop)
        return false;
    if (owner == &s->listener)
        while ((fd = tcp_accept(s->listener, &peer)) >= 0)
            pick_up(s, fd);
    else if (owner != NULL)
        listen_to(s, owner, now);
    return true;
}

void delay_server_run(struct delay_server *s)
{
    struct event batch[64];
    bool more = true;

    while (more) {
        struct call *due;
        int count = poller_wait(&s->poller, batch, 64,
                                timers_left(&s->timers, now_ns()));
        if (count < 0)
            error(EXIT_FAILURE, -count, "wait for calls");
        int64_t now = now_ns();
        for (int i = 0; more && i < count; i++)
            more = handle(s, &batch[i], now);
        while ((due = timers_take_due(&s->timers, now)) != NULL)
            answer(s, due);
    }
}

struct delay_server *delay_server_open(struct sockaddr_in *address)
{
    struct delay_server *s = calloc(1, sizeof *s);
    struct token listener, stop;

    if (s == NULL)
        error(EXIT_FAILURE, errno, "make a delay server");
    s->calls.previous = s->calls.next = &s->calls;
    s->listener = tcp_listen(address);
    if (s->listener < 0)
        error(EXIT_FAILURE, -s->listener, "listen at %s",
              tcp_text(address).text);
    int rc = poller_open(&s->poller);
    if (rc == 0)
        rc = tokens_take(&s->tokens, &s->listener, &listener);
    if (rc == 0)
        rc = tokens_take(&s->tokens, &s->stop, &stop);
    if (rc == 0)
        rc = poller_register(&s->poller, s->listener, listener,
                             INTEREST_READABLE);
    if (rc == 0)
        rc = waker_open(&s->stop, &s->poller, stop);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a delay server");
    return s;
}

void delay_server_stop(struct delay_server *s)
{
    waker_wake(&s->stop);
}

void delay_server_close(struct delay_server *s)
{
    while (s->calls.next != &s->calls)
        hang_up(s, s->calls.next);
    waker_close(&s->stop);
    poller_close(&s->poller);
    close(s->listener);
    timers_destroy(&s->timers);
    tokens_destroy(&s->tokens);
    free(s);
}
