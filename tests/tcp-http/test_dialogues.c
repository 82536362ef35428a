/* SPDX-License-Identifier: MIT
 *
 * test_dialogues.c - the dialogues in cases/ over real sockets: with server.h,
 * and with its twin mhd.h in each of its modes. Nothing here is timed: a client
 * that should hear no more sends one request more, or leaves, and listens to the
 * end.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "background.h"
#include "cases.h"
#include "listener.h"
#include "mhd.h"
#include "wire.h"

struct client {
    int fd;
    bool closed; /* by the server */
    size_t length;
    char heard[1 << 20];
};

static struct heard heard_since(const struct client *client, size_t start)
{
    return (struct heard){client->heard + start, client->length - start,
                          client->closed};
}

/* A server that has refused may have closed: then nobody listens any more. */
static void say(const struct client *client, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(client->fd, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* Listens once. False at the end, or if nothing comes for a long time. */
static bool hear(struct client *client)
{
    ssize_t count = recv(client->fd, client->heard + client->length,
                         sizeof client->heard - client->length, 0);
    if (count > 0) {
        client->length += (size_t)count;
        return true;
    }
    client->closed = count == 0 || errno == ECONNRESET;
    return false;
}

static void hear_all(struct client *client)
{
    while (hear(client))
        continue;
}

/* Whether the last answer may well be none, as the server still waits. */
static bool is_wait(const struct http_case *c)
{
    return strcmp(c->then, "wait") == 0 ||
           strncmp(c->expected[c->answers - 1].statuses, "wait", 4) == 0;
}

/* So many answers, and what else is there by the time another client has been
 * served. */
static void hear_and_look(struct client *client, const struct http_case *c,
                          size_t answers, uint16_t port)
{
    while (case_answers(c, heard_since(client, 0)) < answers && hear(client))
        continue;
    free(wire_dialogue(port, LAST, "HTTP/1.1 200 "));
    ssize_t count = recv(client->fd, client->heard + client->length,
                         sizeof client->heard - client->length, MSG_DONTWAIT);
    client->length += count > 0 ? (size_t)count : 0;
    client->closed |= count == 0;
}

static const char *judge(const struct http_case *c, struct client *client,
                         uint16_t port, bool ours)
{
    int last;

    if (c->fin) {
        shutdown(client->fd, SHUT_WR);
        hear_all(client);
        return case_judge(c, heard_since(client, 0), ours, &last);
    }
    if (is_wait(c)) {
        hear_and_look(client, c, c->answers - 1, port);
        return case_judge(c, heard_since(client, 0), false, &last);
    }
    while (case_answers(c, heard_since(client, 0)) < c->answers && hear(client))
        continue;
    const char *wrong = case_judge(c, heard_since(client, 0), ours, &last);
    enum case_then then = case_then(c, last);
    if (then == THEN_CLOSED && !client->closed) {
        hear_all(client);
        wrong = case_judge(c, heard_since(client, 0), ours, &last);
    }
    if (wrong != NULL || client->closed)
        return wrong;
    size_t start = client->length;
    say(client, CASE_PROBE, sizeof CASE_PROBE - 1);
    hear_all(client);
    if (then == THEN_ANY && client->closed && client->length == start)
        return NULL; /* it has closed, and may */
    return case_judge_probe(heard_since(client, start));
}

static const char *speak(const struct http_case *c, uint16_t port, bool ours)
{
    static struct client client;
    size_t first = c->await_at < c->length ? c->await_at : c->length;

    client = (struct client){.fd = wire_open(port, false)};
    say(&client, c->sent, first);
    if (first < c->length) {
        hear(&client);
        if (case_heard(heard_since(&client, 0)) == 1)
            say(&client, c->sent + first, c->length - first);
    }
    const char *wrong = judge(c, &client, port, ours);
    close(client.fd);
    return wrong;
}

/* ---- All of them ---- */

static const char *known; /* names, a line each; NULL: none are left out */

static bool is_known(const char *name)
{
    char line[128];

    snprintf(line, sizeof line, "\n%s\n", name);
    return known != NULL && strstr(known, line) != NULL;
}

static void all_cases(uint16_t port, bool ours)
{
    static const char *const files[] = {"request-line", "fields", "body",
                                        "connection"};
    int failures = 0, left_out = 0;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct cases cases = cases_read(files[i]);
        for (size_t j = 0; j < cases.count; j++) {
            const struct http_case *c = &cases.at[j];
            bool skip = is_known(c->name);
            const char *wrong = skip ? NULL : speak(c, port, ours);
            left_out += skip;
            failures += wrong != NULL;
            if (wrong != NULL)
                print_error("%s: %s: %s\n    %s\n", files[i], c->name, wrong,
                            c->why);
        }
        cases_free(&cases);
    }
    if (known != NULL)
        print_message("%d are left out, known to fail\n", left_out);
    assert_int_equal(failures, 0);
}

static void our_server_goes_through_all_of_them(void **state)
{
    struct background *server;
    int listener;
    uint16_t port = 0;
    (void)state;
    assert_int_equal(listener_open(&listener, &port), 0);
    assert_int_equal(background_start(&server, listener), 0);
    all_cases(port, true);
    assert_int_equal(background_stop(server, NULL), 0);
}

static int read_known(void **state)
{
    static char text[8192];
    FILE *file = fopen(CASES_FOLDER "/../mhd-known", "re");
    (void)state;
    if (file == NULL)
        return -1;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    known = text;
    return 0;
}

static void the_twin_goes_through_all_but_those_known(enum mhd_mode mode)
{
    struct mhd *mhd;
    int listener;
    uint16_t port = 0;
    assert_int_equal(listener_open(&listener, &port), 0);
    assert_int_equal(mhd_start(&mhd, listener, mode), 0);
    all_cases(port, false);
    mhd_stop(mhd);
}

static void so_does_the_twin_but_for_those_known(void **state)
{
    (void)state;
    the_twin_goes_through_all_but_those_known(MHD_MODE_INTERNAL);
}

static void and_with_a_pool(void **state)
{
    (void)state;
    the_twin_goes_through_all_but_those_known(MHD_MODE_POOL);
}

static void and_with_a_thread_for_each_client(void **state)
{
    (void)state;
    the_twin_goes_through_all_but_those_known(MHD_MODE_PER_CONNECTION);
}

static void and_with_a_thread_of_ours(void **state)
{
    (void)state;
    the_twin_goes_through_all_but_those_known(MHD_MODE_EXTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_server_goes_through_all_of_them),
        cmocka_unit_test_setup(so_does_the_twin_but_for_those_known,
                               read_known),
        cmocka_unit_test_setup(and_with_a_pool, read_known),
        cmocka_unit_test_setup(and_with_a_thread_for_each_client, read_known),
        cmocka_unit_test_setup(and_with_a_thread_of_ours, read_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
