/* SPDX-License-Identifier: MIT
 *
 * test_chat.c - what chat.h promises, over real sockets.
 *
 * The server's loop runs on a thread of its own; the test is all the clients.
 * Each teardown ends the chat, and uv_loop_close() must give 0.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chat.h"
#include "util.h"

struct hall {
    uv_loop_t loop;
    uv_async_t stop;
    struct chat *chat;
    pthread_t thread;
    int port;
    bool running, drains;
    struct chat_counts counts; /* when it was told to stop, and at the end */
};

static void *run_loop(void *argument)
{
    struct hall *hall = argument;
    uv_run(&hall->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void end_chat(uv_async_t *stop)
{
    struct hall *hall = stop->data;
    hall->counts = chat_counts(hall->chat);
    if (hall->drains)
        chat_drain(hall->chat, NULL, NULL);
    else
        chat_close(hall->chat);
    uv_close((uv_handle_t *)stop, NULL);
}

static int open_hall(void **state, bool rooms)
{
    struct hall *hall = calloc(1, sizeof *hall);
    if (hall == NULL)
        return -1;
    *state = hall;
    must(uv_loop_init(&hall->loop));
    must(uv_async_init(&hall->loop, &hall->stop, end_chat));
    hall->stop.data = hall;
    must(chat_listen(&hall->chat, &hall->loop, &(struct listening){.port = 0},
                     rooms));
    hall->port = server_port(chat_server(hall->chat));
    must(pthread_create(&hall->thread, NULL, run_loop, hall));
    hall->running = true;
    return 0;
}

static int open_rooms(void **state)
{
    return open_hall(state, true);
}

static int open_direct(void **state)
{
    return open_hall(state, false);
}

static void end_hall(struct hall *hall)
{
    if (!hall->running)
        return;
    must(uv_async_send(&hall->stop));
    must(pthread_join(hall->thread, NULL));
    hall->running = false;
}

static int close_hall(void **state)
{
    struct hall *hall = *state;
    end_hall(hall);
    int rc = uv_loop_close(&hall->loop);
    free(hall);
    return rc;
}

/* ---- A client ---- */

struct client {
    int fd;
    char text[8192]; /* received, and not yet taken as lines */
    size_t length;
};

static void come(struct client *c, const struct hall *hall, const char *first,
                 int receive_buffer)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)hall->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    c->length = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(c->fd >= 0);
    if (receive_buffer > 0)
        must(setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                        sizeof receive_buffer));
    must(connect(c->fd, (struct sockaddr *)&address, sizeof address));
    assert_int_equal(send(c->fd, first, strlen(first), MSG_NOSIGNAL),
                     strlen(first));
}

static bool say(const struct client *c, const char *line)
{
    size_t length = strlen(line);
    return send(c->fd, line, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void hang_up(const struct client *c) /* the server sees a reset */
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    must(close(c->fd));
}

/* Reads more; false at the end, or, unless it may wait, if there is no more. */
static bool receive(struct client *c, bool may_wait)
{
    ssize_t n = recv(c->fd, c->text + c->length, sizeof c->text - 1 - c->length,
                     may_wait ? 0 : MSG_DONTWAIT);
    if (n <= 0)
        return false;
    c->length += (size_t)n;
    c->text[c->length] = '\0';
    return true;
}

/* The next line of what was received, without its end; false if it is not all
 * there. */
static bool take_line(struct client *c, char line[512])
{
    char *end = memchr(c->text, '\n', c->length);
    if (end == NULL)
        return false;
    size_t length = (size_t)(end - c->text);
    assert_true(length < 512);
    memcpy(line, c->text, length);
    line[length] = '\0';
    c->length -= length + 1;
    memmove(c->text, end + 1, c->length);
    return true;
}

static void expect_line(struct client *c, const char *want)
{
    char line[512];
    while (!take_line(c, line))
        assert_true(receive(c, true));
    assert_string_equal(line, want);
}

static void expect_end(struct client *c)
{
    assert_int_equal(c->length, 0);
    assert_false(receive(c, true));
    must(close(c->fd));
}

/* ---- Names ---- */

static void names_are_refused_with_a_reason(void **state)
{
    static const char *const first[] = {"\n", "a b\n", "\033[2J\n", "a,b\n",
                                        "0123456789012345678901234567890123\n"};
    struct client ann, other;
    come(&ann, *state, "ann\nann: hi\n", 0);
    expect_line(&ann, "from ann: hi");
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        come(&other, *state, first[i], 0);
        expect_line(&other, "! a name has 1 to 32 bytes: no blank, no control "
                            "byte, none of , : @");
        expect_end(&other);
    }
    come(&other, *state, "ann\n", 0);
    expect_line(&other, "! this name is taken");
    expect_end(&other);
    assert_true(say(&ann, "ann: still here\n"));
    expect_line(&ann, "from ann: still here");
    must(close(ann.fd));
}

/* What it said behind the bad name, in the same packet, is not a second try. */
static void who_is_refused_gets_no_second_try(void **state)
{
    struct client c;
    come(&c, *state, "a b\nann\nann: hi\n", 0);
    expect_line(&c, "! a name has 1 to 32 bytes: no blank, no control byte, "
                    "none of , : @");
    expect_end(&c);
}

static void a_megabyte_without_end_is_refused_with_a_reason(void **state)
{
    static char megabyte[(1 << 20) + 1];
    struct client c;
    memset(megabyte, 'x', 1 << 20);
    for (int named = 0; named < 2; named++) {
        come(&c, *state, named ? "ann\n" : "an", 0);
        assert_true(say(&c, megabyte)); /* all of it: the server reads on */
        expect_line(&c, "! a line has at most 4096 bytes");
        expect_end(&c);
    }
}

/* The end is seen, and the name free, before the next line is handled. */
static void a_name_is_free_when_its_owner_has_gone(void **state)
{
    struct client watcher, ann;
    come(&watcher, *state, "watcher\n", 0);
    for (int i = 0; i < 300; i++) {
        come(&ann, *state, "ann\n", 0);
        expect_line(&watcher, "* ann has come");
        if (i % 2 == 0)
            hang_up(&ann);
        else
            must(close(ann.fd));
        expect_line(&watcher, "* ann has gone");
    }
    must(close(watcher.fd));
}

static void a_name_is_free_when_its_owner_is_dismissed(void **state)
{
    static char line[5001]; /* too long */
    struct client dismissed, ann;
    memset(line, 'x', sizeof line - 1);
    come(&dismissed, *state, "ann\n", 0);
    assert_true(say(&dismissed, line));
    expect_line(&dismissed, "! a line has at most 4096 bytes");
    come(&ann, *state, "ann\n@ann: mine\n", 0); /* while the other lingers */
    expect_line(&ann, "from ann: mine");
    must(close(dismissed.fd));
    assert_true(say(&ann, "@ann: still mine\n"));
    expect_line(&ann, "from ann: still mine");
    must(close(ann.fd));
}

/* ---- Messages ---- */

static void a_message_goes_to_those_it_names(void **state)
{
    struct client ann, bob;
    come(&ann, *state, "ann\nann: hi\n", 0);
    expect_line(&ann, "from ann: hi");
    come(&bob, *state, "bob\r\nann, bob: half", 0);
    assert_true(say(&bob, " and half\r\ndan: you?\r\n"));
    expect_line(&ann, "from bob: half and half");
    expect_line(&bob, "from bob: half and half");
    expect_line(&bob, "! no one is called dan");
    must(close(ann.fd) + close(bob.fd));
}

enum { STAYERS = 6, VISITORS = 10, STEPS = 20000 };

struct crowd {
    struct client stayer[STAYERS], visitor[VISITORS];
    bool here[VISITORS];
    int said[STAYERS];           /* how many lines each has said */
    int heard[STAYERS][STAYERS]; /* by the first, of the second */
    int visits;
};

static uint32_t seed = 1;

static int pick(int most)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 16) % (uint32_t)most);
}

/* Takes what a stayer has got: from each of the others, the next line. */
static void hear(struct crowd *crowd, int me)
{
    char line[512];
    int from, number;
    while (take_line(&crowd->stayer[me], line)) {
        /* NOLINTNEXTLINE(cert-err34-c): two short numbers that we have sent */
        if (sscanf(line, "s%d: %d", &from, &number) != 2)
            continue; /* of visitors */
        assert_in_range(from, 0, STAYERS - 1);
        assert_int_not_equal(from, me);
        assert_int_equal(number, crowd->heard[me][from]);
        crowd->heard[me][from]++;
    }
}

static void let_someone_visit(struct crowd *crowd, const struct hall *hall,
                              int i)
{
    struct client *visitor = &crowd->visitor[i];
    char name[32];
    if (!crowd->here[i]) {
        snprintf(name, sizeof name, "v%d\n", crowd->visits++);
        come(visitor, hall, name, i % 2 == 0 ? 4096 : 0); /* nobody reads */
        crowd->here[i] = true;
    } else if (pick(4) > 0) {
        say(visitor, pick(2) == 0 ? "a line\n" : "half a li");
    } else {
        crowd->here[i] = false;
        if (pick(2) == 0)
            hang_up(visitor);
        else
            must(close(visitor->fd));
    }
}

static bool has_heard_all(const struct crowd *crowd, int me)
{
    for (int i = 0; i < STAYERS; i++)
        if (i != me && crowd->heard[me][i] < crowd->said[i])
            return false;
    return true;
}

static void who_stays_gets_all_that_stayers_say_once_and_in_order(void **state)
{
    static struct crowd crowd;
    char line[32];
    crowd = (struct crowd){.visits = 0};
    for (int i = 0; i < STAYERS; i++) {
        snprintf(line, sizeof line, "s%d\n", i);
        come(&crowd.stayer[i], *state, line, 0);
        for (int before = 0; before < i; before++) { /* it is in */
            snprintf(line, sizeof line, "* s%d has come", i);
            expect_line(&crowd.stayer[before], line);
        }
    }
    for (int step = 0; step < STEPS; step++) {
        int i = pick(STAYERS);
        if (pick(3) == 0) {
            let_someone_visit(&crowd, *state, pick(VISITORS));
        } else {
            snprintf(line, sizeof line, "%d\n", crowd.said[i]++);
            assert_true(say(&crowd.stayer[i], line));
        }
        if (receive(&crowd.stayer[i], false))
            hear(&crowd, i);
    }
    for (int i = 0; i < STAYERS; i++) {
        while (!has_heard_all(&crowd, i)) {
            assert_true(receive(&crowd.stayer[i], true));
            hear(&crowd, i);
        }
    }
    end_hall(*state);
    for (int i = 0; i < STAYERS; i++)
        must(close(crowd.stayer[i].fd));
    for (int i = 0; i < VISITORS; i++)
        if (crowd.here[i])
            must(close(crowd.visitor[i].fd));
}

/* ---- Who does not read ---- */

static void who_never_reads_is_cut_off_and_cannot_grow_memory(void **state)
{
    struct hall *hall = *state;
    struct client slow, talker;
    char line[512];
    memset(line, 'x', 500);
    memcpy(line + 500, "\n", 2);
    come(&talker, hall, "talker\n", 0);
    come(&slow, hall, "slow\n", 4096);
    expect_line(&talker, "* slow has come");
    size_t before = mallinfo2().uordblks, most = before;
    bool gone = false;
    for (int i = 0; i < 200000 && !gone; i++) {
        assert_true(say(&talker, line));
        size_t now = mallinfo2().uordblks;
        most = now > most ? now : most;
        gone = receive(&talker, false);
    }
    expect_line(&talker, "* slow has gone");
    assert_true(most - before < 256 << 10); /* 64 KiB, and what libuv has */
    end_hall(hall);
    assert_int_equal(hall->counts.cut_off, 1);
    must(close(slow.fd) + close(talker.fd));
}

static void an_idle_guest_takes_less_than_two_kilobytes(void **state)
{
    enum { GUESTS = 400 }; /* both ends are this process's descriptors */
    static struct client guest[GUESTS];
    char line[512];
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < GUESTS; i++) {
        snprintf(line, sizeof line, "g%d room%d\n@g%d: in\nhalf a line", i,
                 i % 20, i);
        come(&guest[i], *state, line, 0);
    }
    for (int i = 0; i < GUESTS; i++) {
        snprintf(line, sizeof line, "from g%d: in\n", i);
        while (strstr(guest[i].text, line) == NULL)
            assert_true(receive(&guest[i], true));
    }
    size_t after = mallinfo2().uordblks;
    for (int i = 0; i < GUESTS; i++)
        must(close(guest[i].fd));
    assert_true(after - before < (size_t)GUESTS * 2048);
}

/* ---- The end ---- */

static void *read_to_the_end(void *argument)
{
    static char some[4096];
    struct client *c = argument;
    for (ssize_t n; (n = recv(c->fd, some, sizeof some, 0)) > 0;)
        c->length += (size_t)n;
    return NULL;
}

static void what_was_said_is_delivered_before_the_end(void **state)
{
    struct hall *hall = *state;
    struct client slow, talker;
    char line[512];
    pthread_t thread;
    long said = 0;
    memset(line, 'x', 500);
    memcpy(line + 500, "\n", 2);
    come(&talker, hall, "talker\n", 0);
    come(&slow, hall, "slow\n", 4096);
    expect_line(&talker, "* slow has come");
    for (; said < 3000; said++) /* more than its kernel buffer takes */
        assert_true(say(&talker, line));
    assert_true(say(&talker, "@talker: all is in\n"));
    expect_line(&talker, "from talker: all is in");
    hall->drains = true;
    slow.length = 0;
    must(pthread_create(&thread, NULL, read_to_the_end, &slow));
    end_hall(hall);
    must(pthread_join(thread, NULL));
    assert_int_equal(hall->counts.cut_off, 0);
    assert_int_equal(hall->counts.delivered, said + 1);
    assert_int_equal(slow.length,
                     said * (long)strlen("talker: \n") + said * 500L);
    must(close(slow.fd) + close(talker.fd));
}

#define WITH_ROOMS(test) \
    cmocka_unit_test_setup_teardown(test, open_rooms, close_hall)
#define WITH_DIRECT(test) \
    cmocka_unit_test_setup_teardown(test, open_direct, close_hall)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECT(names_are_refused_with_a_reason),
        WITH_DIRECT(who_is_refused_gets_no_second_try),
        WITH_DIRECT(a_megabyte_without_end_is_refused_with_a_reason),
        WITH_DIRECT(a_message_goes_to_those_it_names),
        WITH_ROOMS(a_name_is_free_when_its_owner_has_gone),
        WITH_ROOMS(a_name_is_free_when_its_owner_is_dismissed),
        WITH_ROOMS(who_stays_gets_all_that_stayers_say_once_and_in_order),
        WITH_ROOMS(who_never_reads_is_cut_off_and_cannot_grow_memory),
        WITH_ROOMS(an_idle_guest_takes_less_than_two_kilobytes),
        WITH_ROOMS(what_was_said_is_delivered_before_the_end),
    };
    signal(SIGPIPE, SIG_IGN); /* chat.h asks for it */
    alarm(240);               /* a line that never comes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
