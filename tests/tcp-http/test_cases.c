/* SPDX-License-Identifier: MIT
 *
 * test_cases.c - the dialogues in cases/, spoken to connection.h: whole, byte by
 * byte, and in two pieces cut at every place. No socket, and no time, here: what
 * has not been said when a connection wishes to read will not be said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "connection.h"

/* A client of a connection: all it has heard. */
struct client {
    struct counters counters; /* first: it wants a cache line */
    struct shared shared;
    struct connection c;
    char *heard;
    size_t length, size;
};

static struct client *begin(void)
{
    struct client *client =
        aligned_alloc(_Alignof(struct client), sizeof *client);
    assert_non_null(client);
    memset(client, 0, sizeof *client);
    shared_init(&client->shared, &client->counters);
    connection_init(&client->c, &client->shared);
    return client;
}

static void end(struct client *client)
{
    connection_destroy(&client->c);
    exchanges_destroy(&client->shared.exchanges);
    free(client->heard);
    free(client);
}

static void hear(struct client *client)
{
    while (connection_wishes(&client->c) & CONNECTION_WRITE) {
        struct output output = connection_output(&client->c);
        size_t count = output.count;
        if (client->length + count + 1 > client->size) {
            client->size = 2 * (client->length + count + 1);
            client->heard = realloc(client->heard, client->size);
            assert_non_null(client->heard);
        }
        memcpy(client->heard + client->length, output.bytes, count);
        client->length += count;
        client->heard[client->length] = '\0';
        connection_sent(&client->c, count);
    }
}

/* Says one piece, as long as somebody listens. */
static void say(struct client *client, const char *bytes, size_t count)
{
    while (count > 0 && connection_wishes(&client->c) & CONNECTION_READ) {
        size_t room;
        char *at = connection_room(&client->c, &room);
        room = room < count ? room : count;
        memcpy(at, bytes, room);
        connection_received(&client->c, room);
        hear(client);
        bytes += room;
        count -= room;
    }
}

static struct heard heard_since(const struct client *client, size_t start)
{
    return (struct heard){
        client->heard ? client->heard + start : "", client->length - start,
        (connection_wishes(&client->c) & CONNECTION_READ) == 0};
}

/* A dialogue: the first piece has first bytes, each other one step. */
static const char *speak(const struct http_case *c, size_t first, size_t step)
{
    struct client *client = begin();
    size_t at = 0;
    int last;

    while (at < c->length) {
        size_t count = at == 0 && first > 0 ? first : step;
        size_t left =
            (at < c->await_at && c->await_at < c->length ? c->await_at
                                                         : c->length) -
            at;
        if (at == c->await_at) {
            int what = case_heard(heard_since(client, 0));
            if (what == 2)
                break;
            if (what == 0) {
                end(client);
                return "nothing to go on for a client that awaits";
            }
        }
        count = count < left ? count : left;
        say(client, c->sent + at, count);
        at += count;
    }
    if (c->fin && connection_wishes(&client->c) & CONNECTION_READ)
        connection_ended(&client->c);
    hear(client);
    const char *wrong = case_judge(c, heard_since(client, 0), true, &last);
    if (wrong == NULL && case_then(c, last) == THEN_OPEN) {
        size_t start = client->length;
        say(client, CASE_PROBE, sizeof CASE_PROBE - 1);
        wrong = case_judge_probe(heard_since(client, start));
    }
    end(client);
    return wrong;
}

/* ---- Ways to cut ---- */

static const char *whole(const struct http_case *c)
{
    return speak(c, 0, SIZE_MAX);
}

static const char *byte_by_byte(const struct http_case *c)
{
    return speak(c, 0, 1);
}

/* Of a long one, the middle is cut here and there. */
static const char *cut_everywhere(const struct http_case *c)
{
    const char *wrong = NULL;

    for (size_t cut = 1; cut < c->length && wrong == NULL; cut++) {
        bool is_middle = cut > 512 && c->length - cut > 512;
        if (!is_middle || cut % 997 == 0)
            wrong = speak(c, cut, SIZE_MAX);
    }
    return wrong;
}

static void all_cases(const char *(*way)(const struct http_case *c))
{
    static const char *const files[] = {"request-line", "fields", "body",
                                        "connection"};
    int failures = 0;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct cases cases = cases_read(files[i]);
        for (size_t j = 0; j < cases.count; j++) {
            const char *wrong = way(&cases.at[j]);
            if (wrong == NULL)
                continue;
            print_error("%s: %s: %s\n    %s\n", files[i], cases.at[j].name,
                        wrong, cases.at[j].why);
            failures++;
        }
        cases_free(&cases);
    }
    assert_int_equal(failures, 0);
}

static void every_dialogue_goes_as_it_should(void **state)
{
    (void)state;
    all_cases(whole);
}

static void the_same_a_byte_at_a_time(void **state)
{
    (void)state;
    all_cases(byte_by_byte);
}

static void the_same_cut_at_every_place(void **state)
{
    (void)state;
    all_cases(cut_everywhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dialogue_goes_as_it_should),
        cmocka_unit_test(the_same_a_byte_at_a_time),
        cmocka_unit_test(the_same_cut_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
