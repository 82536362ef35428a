/* SPDX-License-Identifier: MIT
 *
 * chat.c - the chat server. At SIGINT or SIGTERM nothing new comes in, what was
 * said is delivered, and those who have not read it a second later are cut off.
 *
 * Try: eventloop-basic chat, and in two other terminals:
 *      eventloop-basic chat --connect 7008    (or nc 127.0.0.1 7008)
 *      A name, then "bob: hello".
 * Read with: async-std's book, the chat; Tokio's examples, chat (--room).
 */
#include "chat.h"
#include "../chat.h"
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { PATIENCE_MS = 1000 };

struct wishes {
    struct listening where;
    bool rooms;
    const char *connect, *bug;
};

struct hall {
    struct stage stage;
    struct chat *chat;
    uv_timer_t patience;
};

static void over(void *argument)
{
    struct hall *hall = argument;
    struct chat_counts counts = chat_counts(hall->chat);
    printf("%ld lines said, %ld delivered, %ld clients cut off\n", counts.said,
           counts.delivered, counts.cut_off);
    CLOSE(&hall->patience);
}

static void lose_patience(uv_timer_t *timer)
{
    chat_close(((struct hall *)timer->data)->chat);
}

static void stop(void *argument)
{
    struct hall *hall = argument;
    printf("told to stop: %ld are here\n", chat_counts(hall->chat).here);
    must(uv_timer_start(&hall->patience, lose_patience, PATIENCE_MS, 0));
    chat_drain(hall->chat, over, hall);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'p')
        wishes->where.port = (int)count_arg(state, "--port", arg, 0, 65535);
    else if (key == 'r')
        wishes->rooms = true;
    else if (key == 'c')
        wishes->connect = arg;
    else if (key == 'b' && (strcmp(arg, "two-writers") == 0 ||
                            strcmp(arg, "double-remove") == 0))
        wishes->bug = arg;
    else if (key == 'b')
        argp_error(state,
                   "--bug: '%s' is neither two-writers nor "
                   "double-remove",
                   arg);
    else
        return unexpected(key, arg, state);
    return 0;
}

static int serve(const struct wishes *wishes)
{
    struct hall hall;
    stage_open(&hall.stage, stop, &hall);
    must(uv_timer_init(&hall.stage.loop, &hall.patience));
    hall.patience.data = &hall;
    int rc = chat_listen(&hall.chat, &hall.stage.loop, &wishes->where,
                         wishes->rooms);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "listen on 127.0.0.1:%d", wishes->where.port);
    printf("listening on 127.0.0.1:%d\n", server_port(chat_server(hall.chat)));
    stage_serve(&hall.stage);
    printf("the loop is closed, with nothing left\n");
    return EXIT_SUCCESS;
}

int chat_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"port", 'p', "PORT", 0, "7008 by default; 0 picks a free one", 0},
        {"room", 'r', NULL, 0,
         "all in a room hear what is said; the first line is NAME [ROOM]", 0},
        {"connect", 'c', "[ADDRESS:]PORT", 0, "be a client instead", 0},
        {"bug", 'b', "NAME", 0, "two-writers, or double-remove", 0},
        {0}};
    const struct argp argp = {
        options, parse,
        .doc = "A chat on 127.0.0.1 until SIGINT or SIGTERM. A client's first "
               "line is its name; 'bob, cat: text' goes to those two."};
    struct wishes wishes = {.where.port = 7008};
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    if (wishes.connect != NULL)
        return chat_client(wishes.connect);
    if (wishes.bug != NULL)
        return strcmp(wishes.bug, "two-writers") == 0 ? chat_two_writers()
                                                      : chat_double_remove();
    return serve(&wishes);
}
