/* SPDX-License-Identifier: MIT
 *
 * test_broker.c - what broker.h promises, against a model.
 *
 * The model is an array of people with a room or none, and it says with plain
 * loops what each should have got. Lines go into inboxes, not to sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker.h"
#include "util.h"

struct inbox {
    char text[16384];
    size_t length;
    bool full; /* takes no more: deliver() says so */
};

static void put(struct inbox *inbox, const char *line, size_t length)
{
    assert_true(inbox->length + length < sizeof inbox->text);
    memcpy(inbox->text + inbox->length, line, length);
    inbox->length += length;
    inbox->text[inbox->length] = '\0';
}

static int deliver(void *to, const char *line, size_t length)
{
    struct inbox *inbox = to;
    if (inbox->full)
        return -ENOBUFS;
    put(inbox, line, length);
    return 0;
}

struct person {
    char name[16];
    struct member *member; /* NULL: not here */
    int room;              /* -1: none */
    struct inbox got, want;
};

static int join(struct broker *broker, struct person *p, const char *name,
                const char *room)
{
    return broker_join(broker, &p->member, name, strlen(name), room,
                       room == NULL ? 0 : strlen(room), &p->got);
}

static void say(struct broker *broker, struct person *p, const char *line)
{
    broker_say(broker, p->member, line, strlen(line));
}

static int make_broker(void **state)
{
    return broker_new((struct broker **)state, deliver);
}

static int free_broker(void **state)
{
    broker_free(*state); /* asserts that nobody is left */
    return 0;
}

static void a_message_goes_to_those_it_names(void **state)
{
    static struct person ann, bob, cat;
    ann = bob = cat = (struct person){.room = -1};
    assert_int_equal(join(*state, &ann, "ann", NULL), 0);
    assert_int_equal(join(*state, &bob, "bob", NULL), 0);
    assert_int_equal(join(*state, &cat, "cat", NULL), 0);
    say(*state, &ann, "bob: one");
    say(*state, &ann, "  cat ,bob:two: still two");
    say(*state, &bob, "bob: to myself");
    say(*state, &ann, "cat, cat,cat: once");
    say(*state, &ann, "");
    assert_string_equal(
        bob.got.text,
        "from ann: one\nfrom ann: two: still two\nfrom bob: to myself\n");
    assert_string_equal(cat.got.text,
                        "from ann: two: still two\nfrom ann: once\n");
    assert_string_equal(ann.got.text, "");
    assert_int_equal(broker_delivered(*state), 5);
    broker_leave(*state, ann.member);
    broker_leave(*state, bob.member);
    broker_leave(*state, cat.member);
}

static void what_cannot_be_sent_is_answered(void **state)
{
    static struct person ann, bob;
    ann = bob = (struct person){.room = -1};
    assert_int_equal(join(*state, &ann, "ann", NULL), 0);
    assert_int_equal(join(*state, &bob, "bob", NULL), 0);
    say(*state, &ann, "dan, bob: hello");
    say(*state, &ann, "hello?");
    say(*state, &ann, "bob: \033[2J");
    say(*state, &ann, ": nobody");
    assert_string_equal(ann.got.text, "! no one is called dan\n"
                                      "! to whom? name, name: text\n"
                                      "! a line has no control bytes\n"
                                      "! no one is called \n");
    assert_string_equal(bob.got.text, "from ann: hello\n");
    broker_leave(*state, ann.member);
    broker_leave(*state, bob.member);
}

static void a_room_hears_all_but_the_speaker(void **state)
{
    static struct person ann, bob, cat;
    ann = bob = cat = (struct person){.room = -1};
    assert_int_equal(join(*state, &ann, "ann", "red"), 0);
    assert_int_equal(join(*state, &bob, "bob", "red"), 0);
    assert_int_equal(join(*state, &cat, "cat", "blue"), 0);
    say(*state, &ann, "note: all hear this");
    say(*state, &ann, "@cat: and this is for you");
    broker_leave(*state, bob.member);
    assert_string_equal(ann.got.text, "* bob has come\n* bob has gone\n");
    assert_string_equal(bob.got.text, "ann: note: all hear this\n");
    assert_string_equal(cat.got.text, "from ann: and this is for you\n");
    broker_leave(*state, ann.member);
    broker_leave(*state, cat.member);
}

static void a_name_is_taken_until_its_owner_leaves(void **state)
{
    static struct person first, second;
    first = second = (struct person){.room = -1};
    assert_int_equal(join(*state, &first, "ann", NULL), 0);
    assert_int_equal(join(*state, &second, "ann", NULL), -EEXIST);
    assert_ptr_equal(broker_find(*state, "ann", 3), first.member);
    broker_leave(*state, first.member);
    assert_null(broker_find(*state, "ann", 3));
    assert_int_equal(join(*state, &second, "ann", NULL), 0);
    broker_leave(*state, second.member);
}

static void bad_names_are_refused(void **state)
{
    static const struct {
        const char *name;
        size_t length;
    } bad[] = {
        {"", 0},      {"a b", 3},
        {"a\0b", 3},  {"\033[31m", 5},
        {"a\x7f", 2}, {"a,b", 3},
        {"a:b", 3},   {"@ann", 4},
        {"\t", 1},    {"012345678901234567890123456789012", 33},
    };
    static struct person p;
    p = (struct person){.room = -1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(broker_join(*state, &p.member, bad[i].name,
                                     bad[i].length, NULL, 0, &p.got),
                         -EINVAL);
        assert_int_equal(broker_join(*state, &p.member, "ann", 3, bad[i].name,
                                     bad[i].length, &p.got),
                         -EINVAL);
    }
    assert_int_equal(broker_members(*state), 0);
    assert_int_equal(join(*state, &p, "J\xc3\xb6rg", NULL), 0);
    broker_leave(*state, p.member);
    assert_int_equal(join(*state, &p, "01234567890123456789012345678901", NULL),
                     0);
    broker_leave(*state, p.member);
}

static void who_takes_nothing_is_not_counted(void **state)
{
    static struct person ann, bob;
    ann = bob = (struct person){.room = -1};
    assert_int_equal(join(*state, &ann, "ann", NULL), 0);
    assert_int_equal(join(*state, &bob, "bob", NULL), 0);
    bob.got.full = true;
    say(*state, &ann, "ann, bob: hello");
    assert_int_equal(broker_delivered(*state), 1);
    broker_leave(*state, ann.member);
    broker_leave(*state, bob.member);
}

/* ---- Random joins, leaves and lines, against the model ---- */

enum { PEOPLE = 12, ROOMS = 3, STEPS = 50000 };

static uint32_t seed = 1;

static int pick(int most)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 16) % (uint32_t)most);
}

static const char *const room_names[ROOMS] = {"red", "green", "blue"};

static void expect_in_room(struct person *people, const struct person *but,
                           const char *line)
{
    for (int i = 0; i < PEOPLE; i++)
        if (people[i].member != NULL && people[i].room == but->room &&
            &people[i] != but)
            put(&people[i].want, line, strlen(line));
}

static void come_or_go(struct broker *broker, struct person *people,
                       struct person *p)
{
    char line[64];
    if (p->member != NULL) {
        snprintf(line, sizeof line, "* %s has gone\n", p->name);
        broker_leave(broker, p->member);
        p->member = NULL;
    } else {
        p->room = pick(ROOMS + 1) - 1;
        snprintf(line, sizeof line, "* %s has come\n", p->name);
        const char *room = p->room < 0 ? NULL : room_names[p->room];
        assert_int_equal(join(broker, p, p->name, room), 0);
    }
    if (p->room >= 0)
        expect_in_room(people, p, line);
}

static void speak(struct broker *broker, struct person *people,
                  struct person *p, int number)
{
    char line[96], want[64];
    if (p->room >= 0 && pick(2) == 0) {
        snprintf(line, sizeof line, "%d", number);
        snprintf(want, sizeof want, "%s: %d\n", p->name, number);
        expect_in_room(people, p, want);
    } else {
        struct person *to[2] = {&people[pick(PEOPLE)], &people[pick(PEOPLE)]};
        const char *at = p->room >= 0 ? "@" : "";
        snprintf(line, sizeof line, "%s%s, %s: %d", at, to[0]->name,
                 to[1]->name, number);
        for (int i = 0; i < 2; i++) {
            if (to[i]->member == NULL) {
                snprintf(want, sizeof want, "! no one is called %s\n",
                         to[i]->name);
                put(&p->want, want, strlen(want));
            } else if (i == 0 || to[1] != to[0]) {
                snprintf(want, sizeof want, "from %s: %d\n", p->name, number);
                put(&to[i]->want, want, strlen(want));
            }
        }
    }
    say(broker, p, line);
}

static void each_gets_what_the_model_says_in_that_order(void **state)
{
    static struct person people[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = (struct person){.room = -1};
        snprintf(people[i].name, sizeof people[i].name, "p%d", i);
    }
    for (int step = 0; step < STEPS; step++) {
        struct person *p = &people[pick(PEOPLE)];
        if (p->member == NULL || pick(8) == 0)
            come_or_go(*state, people, p);
        else
            speak(*state, people, p, step);
        for (int i = 0; i < PEOPLE; i++) {
            assert_string_equal(people[i].got.text, people[i].want.text);
            if (people[i].got.length > 8000)
                people[i].got = people[i].want = (struct inbox){.length = 0};
        }
    }
    for (int i = 0; i < PEOPLE; i++)
        if (people[i].member != NULL)
            broker_leave(*state, people[i].member);
    assert_int_equal(broker_members(*state), 0);
}

#define WITH_BROKER(test) \
    cmocka_unit_test_setup_teardown(test, make_broker, free_broker)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BROKER(a_message_goes_to_those_it_names),
        WITH_BROKER(what_cannot_be_sent_is_answered),
        WITH_BROKER(a_room_hears_all_but_the_speaker),
        WITH_BROKER(a_name_is_taken_until_its_owner_leaves),
        WITH_BROKER(bad_names_are_refused),
        WITH_BROKER(who_takes_nothing_is_not_counted),
        WITH_BROKER(each_gets_what_the_model_says_in_that_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
