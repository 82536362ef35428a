/* SPDX-License-Identifier: MIT
 *
 * actor.c - one thread owns the state; who wants something of it sends a message,
 * and a question carries the oneshot for its answer. No lock, since nobody else
 * ever sees the state. When the last handle (a hold on the mailbox) is let go of,
 * the actor ends.
 * Try: threads-demo actor --counter
 * Read with: Rust Cookbook, "Actor pattern"; Tokio's tutorial, "Channels".
 */
#include "../channel.h"
#include "../demo.h"
#include "../oneshot.h"
#include "stage.h"
#include "verbs.h"

enum { DRIVERS = 4, CALLERS = 10, MAILBOX = 4 };

struct message {
    enum { UPDATE, QUERY, NEXT } kind;
    const char *driver; /* UPDATE and QUERY */
    int points;         /* UPDATE */
    struct oneshot *reply;
};

struct driver {
    const char *name;
    int points;
};

struct actor {
    struct channel *mailbox;
    /* The state: the actor's alone. */
    struct driver drivers[DRIVERS];
    int known, next;
};

/* The driver's place in the table; a new one at its end. */
static int find(struct actor *a, const char *name)
{
    int i = 0;

    while (i < a->known && strcmp(a->drivers[i].name, name) != 0)
        i++;
    return i;
}

static void answer(struct actor *a, const struct message *m)
{
    int i = m->kind == NEXT ? 0 : find(a, m->driver);

    if (m->kind == UPDATE) {
        a->drivers[i].name = m->driver;
        a->drivers[i].points += m->points;
        a->known += i == a->known;
        trace("actor", "%s has %d now", m->driver, a->drivers[i].points);
    } else if (m->kind == NEXT) {
        int number = a->next++;
        must(oneshot_send(m->reply, &number));
    } else if (i < a->known) {
        must(oneshot_send(m->reply, &a->drivers[i].points));
    } else {
        must(oneshot_hang_up(m->reply)); /* no such driver */
    }
}

static void *act(void *arg)
{
    struct actor *a = arg;

    for (struct message m; channel_recv(a->mailbox, &m) == 0;)
        answer(a, &m);
    trace("actor", "has no handles left, and ends");
    channel_drop_receiver(a->mailbox);
    return NULL;
}

/* Asks, and waits for the answer: -EPIPE if there is none. */
static int ask(struct channel *mailbox, struct message m)
{
    struct oneshot reply;
    int place;

    oneshot_init(&reply, &place, sizeof place);
    m.reply = &reply;
    must(channel_send(mailbox, &m));
    int rc = oneshot_recv(&reply);
    return rc == 0 ? place : rc;
}

static int keep_scores(struct channel *mailbox)
{
    const struct message updates[] = {{.driver = "Ada", .points = 3},
                                      {.driver = "Alan", .points = 8},
                                      {.driver = "Ada", .points = 9}};

    for (int i = 0; i < 3; i++)
        must(channel_send(mailbox, &updates[i]));
    int ada = ask(mailbox, (struct message){QUERY, "Ada", 0, NULL});
    int alan = ask(mailbox, (struct message){QUERY, "Alan", 0, NULL});
    int grace = ask(mailbox, (struct message){QUERY, "Grace", 0, NULL});
    printf("Ada %d, Alan %d, Grace %s\n", ada, alan,
           grace == -EPIPE ? "unknown" : "known");
    return ada != 12 || alan != 8 || grace != -EPIPE;
}

static void *call(void *arg)
{
    struct channel *mailbox = arg;
    long got = ask(mailbox, (struct message){.kind = NEXT});

    channel_drop_sender(mailbox);
    return (void *)got;
}

/* Ten callers fetch and add: each gets another number. */
static int count_callers(struct channel *mailbox)
{
    pthread_t callers[CALLERS];
    unsigned seen = 0;

    for (int i = 0; i < CALLERS; i++) {
        channel_add_sender(mailbox);
        callers[i] = start_thread(call, mailbox);
    }
    for (int i = 0; i < CALLERS; i++) {
        void *got;
        must(pthread_join(callers[i], &got));
        seen |= 1u << (long)got;
    }
    printf("ten callers, ten different numbers: %s\n",
           seen == (1u << CALLERS) - 1 ? "yes" : "no");
    return seen != (1u << CALLERS) - 1;
}

int actor_main(int argc, char **argv)
{
    struct choice counter = {
        "counter", "ten callers, one counter", -1, {NULL}, 0, 0};
    struct actor actor = {.known = 0};

    choose(argc, argv, "One owner, many askers.", &counter, 1);
    watchdog(30, "actor: a question has no answer\n");
    int rc = channel_new(&actor.mailbox, CHANNEL_MUTEX, sizeof(struct message),
                         MAILBOX);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make the mailbox");
    pthread_t thread = start_thread(act, &actor);
    int failed = counter.chosen == 0 ? count_callers(actor.mailbox)
                                     : keep_scores(actor.mailbox);
    channel_drop_sender(actor.mailbox);
    must(pthread_join(thread, NULL));
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
