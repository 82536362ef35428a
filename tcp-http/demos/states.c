/* SPDX-License-Identifier: MIT
 *
 * states.c - the connection's machine: its table, and a client's whole life. No
 * socket is needed for that, and no time passes: bytes and clock are inputs.
 *
 * The table is not typed in, it is asked for: a connection is led into each
 * state, one thing happens to it, and the state it is then in is printed.
 *
 * Try: tcp-http states
 */
#include "../connection.h"
#include "../demo.h"
#include "verbs.h"

#define FIELDS " HTTP/1.1\r\nHost: a\r\n"
#define POST   "POST /echo" FIELDS "Content-Length: "

/* How a client gets there, and what it may say then. */
static const struct scene {
    const char *said, *rest;
    enum connection_state state;
    bool takes; /* its answers */
} scenes[] = {
    {"", "GET", STATE_IDLE, false},
    {"GET /", FIELDS "\r\n", STATE_HEAD, false},
    {POST "5\r\n\r\nhe", "llo", STATE_BODY, false},
    {"GET /sleep?ms=500" FIELDS "\r\n", NULL, STATE_SLEEP, false},
    {POST "5000\r\n\r\n" /* and 5000 blanks */, NULL, STATE_SEND, false},
    {"G@RBAGE\r\n", NULL, STATE_LAST, false},
    {"G@RBAGE\r\n", "more", STATE_LINGER, true},
};

struct stage {
    struct counters counters;
    struct shared shared;
    struct connection c;
};

static void say(struct stage *s, const char *text)
{
    size_t room, length = strlen(text);
    char *at = connection_room(&s->c, &room);

    if (at == NULL || length > room)
        error(EXIT_FAILURE, 0, "nobody listens to '%s'", text);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes */
    memcpy(at, text, length);
    connection_received(&s->c, length);
}

/* The client takes all that is there for it. Gives the last answer's status. */
static int take(struct stage *s)
{
    int status = 0;

    for (struct output o; (o = connection_output(&s->c)).count > 0;) {
        if (strncmp(o.bytes, "HTTP/1.1 ", 9) == 0)
            status = atoi(o.bytes + 9); /* NOLINT(cert-err34-c): our own */
        connection_sent(&s->c, o.count);
    }
    return status;
}

static void connect_client(struct stage *s)
{
    *s = (struct stage){0};
    shared_init(&s->shared, &s->counters);
    connection_init(&s->c, &s->shared);
}

static void end(struct stage *s)
{
    connection_destroy(&s->c);
    exchanges_destroy(&s->shared.exchanges);
}

static void play(struct stage *s, const struct scene *scene)
{
    char blanks[5001];

    snprintf(blanks, sizeof blanks, "%5000s", "");
    connect_client(s);
    if (scene->said[0] != '\0')
        say(s, scene->said);
    if (scene->state == STATE_SEND)
        say(s, blanks);
    if (scene->takes)
        take(s);
    if (s->c.state != scene->state)
        error(EXIT_FAILURE, 0, "%s is not reached",
              connection_state_name(scene->state));
}

/* ---- The table ---- */

enum event { THE_REST, THE_END, TIME, TAKEN, STOP, EVENTS };

/* False if this cannot happen in this state. */
static bool happens(struct stage *s, const struct scene *scene,
                    enum event event)
{
    unsigned wishes = connection_wishes(&s->c);
    bool listens = wishes & (CONNECTION_READ | CONNECTION_LINGER);

    if (event == THE_REST && listens)
        say(s, scene->rest);
    else if (event == THE_END && listens)
        connection_ended(&s->c);
    else if (event == TIME)
        connection_timed_out(&s->c);
    else if (event == TAKEN && (wishes & CONNECTION_WRITE))
        take(s);
    else if (event == STOP) {
        s->shared.draining = true;
        connection_finish(&s->c);
    } else
        return false;
    return true;
}

static void print_table(void)
{
    printf("%-8s %-9s %-9s %-9s %-9s %-9s\n", "in", "the rest", "FIN",
           "time-out", "all taken", "stop");
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        printf("%-8s", connection_state_name(scenes[i].state));
        for (int event = 0; event < EVENTS; event++) {
            struct stage s;
            play(&s, &scenes[i]);
            bool possible = happens(&s, &scenes[i], (enum event)event);
            printf(" %-9s", possible ? connection_state_name(
                                           (enum connection_state)s.c.state)
                                     : "-");
            end(&s);
        }
        putchar('\n');
    }
}

/* ---- A life ---- */

static void report(const struct stage *s, const char *event)
{
    static const char *const kinds[] = {"a request", "its head", "its body",
                                        "room",      "the end",  "its time"};
    unsigned wishes = connection_wishes(&s->c);
    enum timeout_kind kind;
    int64_t due = connection_due(&s->c, &kind);

    printf("%4.1f s  %-28s %-7s %-6s", (double)s->shared.now / 1e9, event,
           connection_state_name((enum connection_state)s->c.state),
           wishes & CONNECTION_CLOSE    ? "close"
           : wishes & CONNECTION_LINGER ? "linger"
           : wishes & CONNECTION_WRITE  ? "write"
           : wishes                     ? "read"
                                        : "-");
    if (due != INT64_MAX)
        printf(" %s, until %.1f s", kinds[kind], (double)due / 1e9);
    putchar('\n');
}

static void tell_a_life(struct stage *s)
{
    static const struct {
        double later; /* seconds */
        const char *event, *said;
    } life[] = {
        {0, "says \"GET / HT\"", "GET / HT"},
        {3, "says \"TP/1.1 ...\"", "TP/1.1\r\nHost: a\r\n\r\n"},
        {0, "takes its answer", NULL},
        {5, "asks for /sleep?ms=500", "GET /sleep?ms=500" FIELDS "\r\n"},
        {0.5, "waits", ""},
        {0, "takes its answer", NULL},
        {1, "says \"GET / HT\", no more", "GET / HT"},
        {10, "is silent", ""},
        {0, "takes its answer", NULL},
        {2, "does not close", ""},
    };

    connect_client(s);
    report(s, "comes");
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        enum timeout_kind kind;
        int status = 0;
        char event[64];
        s->shared.now += (int64_t)(life[i].later * 1e9);
        if (life[i].said == NULL)
            status = take(s);
        else if (life[i].said[0] != '\0')
            say(s, life[i].said);
        else if (connection_due(&s->c, &kind) <= s->shared.now)
            connection_timed_out(&s->c);
        if (status != 0)
            snprintf(event, sizeof event, "%s: %d", life[i].event, status);
        else
            snprintf(event, sizeof event, "%s", life[i].event);
        report(s, event);
    }
}

int states_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc =
            "Prints where the connection's machine goes from each state, and "
            "follows one client through it."};
    struct stage s;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    print_table();
    putchar('\n');
    tell_a_life(&s);
    bool closed = connection_wishes(&s.c) == CONNECTION_CLOSE;
    end(&s);
    return closed ? EXIT_SUCCESS : EXIT_FAILURE;
}
