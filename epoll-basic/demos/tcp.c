/* SPDX-License-Identifier: MIT
 *
 * tcp.c - a server on one thread. Who connects is greeted: at first only room
 * to write is of interest, and how far the greeting got is kept, for a write
 * may take a part of it. From then on only what arrives is, and it is printed,
 * until the end: a read that gives 0.
 *
 * --bug eof takes that 0 for "nothing yet", and reads again, for ever.
 *
 * Try: epoll-basic tcp --bug eof; epoll-basic tcp --listen 8000, and then in
 *      another terminal: nc 127.0.0.1 8000
 * Read with: mio, example `tcp_server`, `Registry`.
 */
#include <arpa/inet.h>
#include <ctype.h>

#include "../demo.h"
#include "../tcp.h"
#include "../tokens.h"
#include "../waker.h"
#include "tcp_clients.h"
#include "verbs.h"

static const char greeting[] = "Hello. Say something.\n";

enum { GREETING = sizeof greeting - 1, ENOUGH = 500000, MOST_AT_ONCE = 16 };

struct guest {
    int fd;
    struct token token;
    char name[32];
    size_t greeted; /* bytes of the greeting that have gone */
};

struct server {
    struct poller poller;
    struct tokens tokens; /* to guests, and to these two: */
    struct waker stop;
    int listener;
    long came, left; /* guests */
    bool starved;    /* one may wait, for whom there was no descriptor */
    bool bug;
    long nothing; /* reads that gave 0 */
};

/* ---- Guests ---- */

static int take_in(struct server *s, int fd)
{
    struct guest *g = calloc(1, sizeof *g);
    if (g == NULL)
        return -ENOMEM;
    int rc = tokens_take(&s->tokens, g, &g->token);
    if (rc < 0)
        goto free_guest;
    rc = poller_register(&s->poller, fd, g->token, INTEREST_WRITABLE);
    if (rc < 0)
        goto release;
    g->fd = fd;
    snprintf(g->name, sizeof g->name, "guest %ld", ++s->came);
    trace(g->name, "has come");
    return 0;
release:
    tokens_release(&s->tokens, g->token);
free_guest:
    free(g);
    return rc;
}

/* All who wait, for the edge is told once. */
static void accept_all(struct server *s)
{
    struct sockaddr_in peer;
    int fd;

    while ((fd = tcp_accept(s->listener, &peer)) >= 0) {
        int rc = take_in(s, fd);
        if (rc < 0) {
            error(0, -rc, "take in a guest");
            close(fd);
        }
    }
    s->starved = fd != -EAGAIN;
    if (s->starved)
        error(0, -fd, "accept a guest");
}

static void see_off(struct server *s, struct guest *g, const char *why)
{
    trace(g->name, "%s", why);
    must(poller_deregister(&s->poller, g->fd)); /* and then: */
    close(g->fd);
    tokens_release(&s->tokens,
                   g->token); /* what is still in the batch is late */
    free(g);
    s->left++;
    if (s->starved) /* no event will tell: the edge has been */
        accept_all(s);
}

static void greet(struct server *s, struct guest *g)
{
    ssize_t n = 0;

    while (n >= 0 && g->greeted < GREETING) {
        n = tcp_write(g->fd, greeting + g->greeted, GREETING - g->greeted);
        g->greeted += n > 0 ? (size_t)n : 0;
    }
    if (n < 0 && n != -EAGAIN) {
        see_off(s, g, "is gone");
    } else if (n > 0) {
        trace(g->name, "is greeted; from now on it may speak");
        /* This looks anew: what has arrived already gives an event now. */
        must(poller_reregister(&s->poller, g->fd, g->token, INTEREST_READABLE));
    }
}

static void print_words(const struct guest *g, char *words, ssize_t size)
{
    for (ssize_t i = 0; i < size; i++)
        if (!isprint((unsigned char)words[i]))
            words[i] = ' ';
    trace(g->name, "says: %.*s", (int)size, words);
}

/* Gives whether a read of 0 is taken for "nothing yet", which is the bug. */
static bool is_mistaken(struct server *s, ssize_t n)
{
    return s->bug && n == 0 && ++s->nothing < ENOUGH;
}

static void listen_to(struct server *s, struct guest *g)
{
    for (int reads = 0; reads < MOST_AT_ONCE; reads++) {
        char words[256];
        ssize_t n = tcp_read(g->fd, words, sizeof words);
        if (n == -EAGAIN)
            return;
        if (n > 0) {
            print_words(g, words, n);
        } else if (!is_mistaken(s, n)) {
            see_off(s, g, n == 0 ? "has ended" : "is gone");
            return;
        }
    }
    /* Others wait too. This looks anew, and so there is another event. */
    must(poller_reregister(&s->poller, g->fd, g->token, INTEREST_READABLE));
}

/* ---- The loop ---- */

/* Gives whether to go on. */
static bool handle(struct server *s, const struct event *event)
{
    void *owner = tokens_owner(&s->tokens, event_token(event));

    if (owner == &s->stop)
        return false;
    if (owner == &s->listener)
        accept_all(s);
    else if (owner != NULL && ((struct guest *)owner)->greeted < GREETING)
        greet(s, owner);
    else if (owner != NULL)
        listen_to(s, owner);
    return true;
}

/* Until it is told to stop, or so many guests have left. */
static void serve(struct server *s, long guests)
{
    struct event batch[64];
    bool more = true;

    while (more && s->left < guests) {
        int count = poller_wait(&s->poller, batch, 64, POLLER_FOREVER);
        if (count < 0)
            error(EXIT_FAILURE, -count, "wait for guests");
        for (int i = 0; more && i < count; i++)
            more = handle(s, &batch[i]);
    }
}

static struct waker *stop; /* for the signal handler */

static void stop_on_signal(int number)
{
    (void)number;
    /* NOLINTNEXTLINE(bugprone-signal-handler): waker.h allows it */
    waker_wake(stop);
}

static void open_server(struct server *s, struct sockaddr_in *address)
{
    struct token listener, waker;

    s->listener = tcp_listen(address);
    if (s->listener < 0)
        error(EXIT_FAILURE, -s->listener, "listen at %s",
              tcp_text(address).text);
    int rc = poller_open(&s->poller);
    if (rc == 0)
        rc = tokens_take(&s->tokens, &s->listener, &listener);
    if (rc == 0)
        rc = poller_register(&s->poller, s->listener, listener,
                             INTEREST_READABLE);
    if (rc == 0)
        rc = tokens_take(&s->tokens, &s->stop, &waker);
    if (rc == 0)
        rc = waker_open(&s->stop, &s->poller, waker);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a server");
    stop = &s->stop;
    signal(SIGINT, stop_on_signal);
    signal(SIGTERM, stop_on_signal);
    printf("listening on %s\n", tcp_text(address).text);
}

/* ---- The verb ---- */

struct options {
    bool listen; /* else our own clients, then the end */
    long port;
    bool bug;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 'l') {
        o->listen = true;
        o->port = count_arg(state, "--listen", arg, 0, 65535);
    } else if (key == 'b' && strcmp(arg, "eof") == 0)
        o->bug = true;
    else if (key == 'b')
        argp_error(state, "--bug: there is only 'eof'");
    else
        return unexpected(key, arg, state);
    return 0;
}

int tcp_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"listen", 'l', "PORT", 0,
         "serve others there (0: any port) until Ctrl-C", 0},
        {"bug", 'b', "eof", 0, "takes the end for \"nothing yet\"", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "A server that greets and listens."};
    struct sockaddr_in address = tcp_loopback();
    struct server s = {.left = 0};
    struct options o = {.listen = false};
    struct clients *clients = NULL;

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    address.sin_port = htons((uint16_t)o.port);
    s.bug = o.bug;
    open_server(&s, &address);
    if (!o.listen) {
        watchdog(30, "tcp: the guests have not left in 30 s\n");
        clients = clients_start(&address, o.bug ? 1 : 3);
    }
    serve(&s, o.listen ? LONG_MAX : o.bug ? 1 : 3);
    clients_join(clients);
    if (o.bug)
        printf("%ld reads gave 0, in %.0f ms of one processor; nothing will "
               "follow: 0 is the end\n",
               s.nothing, (double)clock() * 1e3 / CLOCKS_PER_SEC);
    else
        printf("%ld guests came, %ld have left\n", s.came, s.left);
    waker_close(&s.stop);
    poller_close(&s.poller);
    close(s.listener);
    tokens_destroy(&s.tokens);
    return EXIT_SUCCESS;
}
