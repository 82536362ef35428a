/* SPDX-License-Identifier: MIT
 *
 * registrar.c - one thread waits, another registers: what it adds counts at
 * once, also for the wait that goes on. A waker ends it.
 *
 * --bug late: two events in one batch. The handler of the first closes the
 * other's descriptor; whoever opens one next gets its number. To whom does the
 * second event go? By the number, to one whom it does not concern.
 *
 * Try: epoll-basic registrar --bug late
 * Read with: Epoll, Kqueue and IOCP Explained, part 2, "Design and API", "It's
 * not that easy".
 */
#include <semaphore.h>
#include <sys/eventfd.h>

#include "../demo.h"
#include "../tokens.h"
#include "../waker.h"
#include "verbs.h"

enum { SOURCES = 3 };

static int new_counter(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        error(EXIT_FAILURE, errno, "open an eventfd");
    return fd;
}

/* ---- From another thread ---- */

struct loop {
    struct poller poller;
    struct waker stop;
    sem_t told;
    long events;
};

static void *wait_until_stopped(void *arg)
{
    struct loop *loop = arg;
    struct event event;

    for (;;) {
        must(poller_wait(&loop->poller, &event, 1, POLLER_FOREVER) - 1);
        if (event_token(&event).index == SOURCES)
            break;
        trace("waiting", "source %u is ready", event_token(&event).index);
        loop->events++;
        must(sem_post(&loop->told));
    }
    trace("waiting", "is told to stop");
    return NULL;
}

static int from_another_thread(void)
{
    struct loop loop = {.events = 0};
    int fds[SOURCES];
    pthread_t thread;

    int rc = poller_open(&loop.poller);
    if (rc == 0)
        rc = waker_open(&loop.stop, &loop.poller, token_first(SOURCES));
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller and a waker");
    must(sem_init(&loop.told, 0, 0));
    must(pthread_create(&thread, NULL, wait_until_stopped, &loop));
    for (uint32_t i = 0; i < SOURCES; i++) {
        fds[i] = new_counter();
        must(eventfd_write(fds[i], 1)); /* ready before it is registered */
        trace("registrar", "registers source %u", i);
        must(poller_register(&loop.poller, fds[i], token_first(i),
                             INTEREST_READABLE));
        must(sem_wait(&loop.told));
    }
    waker_wake(&loop.stop);
    must(pthread_join(thread, NULL));
    must(sem_destroy(&loop.told));
    waker_close(&loop.stop);
    poller_close(&loop.poller);
    for (int i = 0; i < SOURCES; i++)
        close(fds[i]);
    printf("%ld sources registered from outside, %d told of, then stopped\n",
           loop.events, SOURCES);
    return loop.events == SOURCES ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- A late event ---- */

struct connection {
    const char *name;
    int fd;
    struct token token;
};

struct house {
    struct poller poller;
    struct tokens tokens;
    struct connection *by_number[1024]; /* the bug: whose is this number? */
};

static void move_in(struct house *h, struct connection *c)
{
    c->fd = new_counter();
    int rc = tokens_take(&h->tokens, c, &c->token);
    if (rc < 0 || c->fd >= 1024)
        error(EXIT_FAILURE, -rc, "register '%s'", c->name);
    h->by_number[c->fd] = c;
    must(poller_register(&h->poller, c->fd, c->token, INTEREST_READABLE));
}

static void move_out(struct house *h, struct connection *c)
{
    must(poller_deregister(&h->poller, c->fd));
    close(c->fd);
    tokens_release(&h->tokens, c->token);
}

static int late(void)
{
    struct connection old[2] = {{.name = "A"}, {.name = "B"}};
    struct connection new = {.name = "C"};
    struct house h = {.by_number = {NULL}};
    struct event batch[2];

    int rc = poller_open(&h.poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    for (int i = 0; i < 2; i++) {
        move_in(&h, &old[i]);
        must(eventfd_write(old[i].fd, 1));
    }
    must(poller_wait(&h.poller, batch, 2, POLLER_FOREVER) - 2);
    struct connection *first = tokens_owner(&h.tokens, event_token(&batch[0]));
    struct connection *other = first == &old[0] ? &old[1] : &old[0];
    int number = other->fd;
    printf("one batch tells of %s and of %s, which is descriptor %d\n",
           first->name, other->name, number);
    move_out(&h, other);
    move_in(&h, &new);
    printf("%s's handler closes %s; then comes %s, as descriptor %d\n",
           first->name, other->name, new.name, new.fd);
    struct connection *by_number = h.by_number[number];
    struct connection *by_token =
        tokens_owner(&h.tokens, event_token(&batch[1]));
    printf(
        "by the number, the second event is for %s, of whom nothing has been "
        "heard;\nby its token, for %s: it is late\n",
        by_number->name, by_token == NULL ? "nobody" : by_token->name);
    move_out(&h, &new);
    move_out(&h, first);
    tokens_destroy(&h.tokens);
    poller_close(&h.poller);
    return by_number == &new &&by_token == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key == 'b' && strcmp(arg, "late") == 0)
        *(bool *)state->input = true;
    else if (key == 'b')
        argp_error(state, "--bug: there is only 'late'");
    else
        return unexpected(key, arg, state);
    return 0;
}

int registrar_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"bug", 'b', "late", 0, "an event for one who has left", 0}, {0}};
    const struct argp argp = {options, parse,
                              .doc = "Registers while another thread waits."};
    bool bug = false;

    argp_parse(&argp, argc, argv, 0, NULL, &bug);
    watchdog(30, "registrar: nobody was told in 30 s\n");
    return bug ? late() : from_another_thread();
}
