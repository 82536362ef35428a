/* SPDX-License-Identifier: MIT
 *
 * broker.c - a table of names, a table of rooms, a list of members in each room.
 *
 *     line      = "" / addressed / to the room
 *     addressed = name *("," name) ":" text
 *
 * Blanks around names, and before a text, do not count.
 *
 * One thread runs all of this, line by line. So the order in which lines come
 * in is the order in which each receiver gets them, and nothing needs a lock.
 *
 * Read with: async-std's book, the chat.
 */
#include "broker.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { BUCKETS = 1024 };

struct room {
    char name[BROKER_NAME_LIMIT + 1];
    struct room *next; /* in its bucket */
    struct member *first;
};

struct member {
    char name[BROKER_NAME_LIMIT + 1];
    struct member *next; /* in its bucket */
    void *to;
    struct room *room; /* or NULL */
    struct member *next_in_room, *previous_in_room;
    long last_message; /* that was sent to it: none is sent twice */
};

struct broker {
    int (*deliver)(void *to, const char *line, size_t length);
    struct member *members[BUCKETS];
    struct room *rooms[BUCKETS];
    long here, delivered, messages;
};

/* ---- Names ---- */

static bool is_name(const char *name, size_t length)
{
    if (length == 0 || length > BROKER_NAME_LIMIT)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (byte <= ' ' || byte == 0x7f || strchr(",:@", byte) != NULL)
            return false;
    }
    return true;
}

static size_t bucket_of(const char *name, size_t length) /* FNV-1a */
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619U;
    return hash % BUCKETS;
}

static bool is_called(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

struct member *broker_find(const struct broker *broker, const char *name,
                           size_t length)
{
    struct member *m = broker->members[bucket_of(name, length)];

    while (m != NULL && !is_called(m->name, name, length))
        m = m->next;
    return m;
}

/* ---- Sending ---- */

/* Made once, sent to many. */
struct message {
    size_t length;
    char text[BROKER_LINE_LIMIT + 2 * BROKER_NAME_LIMIT];
};

__attribute__((format(printf, 2, 3))) static void
compose(struct message *message, const char *format, ...)
{
    /* cppcheck-suppress ctuuninitvar ; here it is written */
    char *text = message->text;
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text, sizeof message->text - 1, format, args);
    va_end(args);
    assert(length >= 0 && (size_t)length < sizeof message->text - 1);
    message->text[length] = '\n';
    message->length = (size_t)length + 1;
}

/* 1 if it was taken, else 0. */
static long deliver(struct broker *broker, const struct member *to,
                    const struct message *message)
{
    return broker->deliver(to->to, message->text, message->length) == 0;
}

/* To all in the room but one. */
static long deliver_to_room(struct broker *broker, const struct member *but,
                            const struct message *message)
{
    long count = 0;

    for (struct member *m = but->room->first; m != NULL; m = m->next_in_room) {
        if (m != but)
            count += deliver(broker, m, message);
    }
    return count;
}

static void say_to_room(struct broker *broker, struct member *member,
                        const char *line, size_t length)
{
    struct message message;

    compose(&message, "%s: %.*s", member->name, (int)length, line);
    broker->delivered += deliver_to_room(broker, member, &message);
}

static void send_to_name(struct broker *broker, struct member *from,
                         const char *name, size_t length,
                         const struct message *message)
{
    struct member *to = broker_find(broker, name, length);

    if (to == NULL) {
        struct message answer;
        compose(&answer, "! no one is called %.*s", (int)length, name);
        deliver(broker, from, &answer);
    } else if (to->last_message != broker->messages) {
        to->last_message = broker->messages;
        broker->delivered += deliver(broker, to, message);
    }
}

static void skip_blanks(const char **text, size_t *length)
{
    while (*length > 0 && **text == ' ')
        ++*text, --*length;
    while (*length > 0 && (*text)[*length - 1] == ' ')
        --*length;
}

static void say_to_names(struct broker *broker, struct member *member,
                         const char *line, size_t length)
{
    struct message message;
    const char *colon = memchr(line, ':', length);

    if (colon == NULL) {
        compose(&message, "! to whom? name, name: text");
        deliver(broker, member, &message);
        return;
    }
    const char *text = colon + 1;
    size_t text_length = length - (size_t)(text - line);
    skip_blanks(&text, &text_length);
    compose(&message, "from %s: %.*s", member->name, (int)text_length, text);
    for (const char *name = line; name <= colon;) {
        const char *end = memchr(name, ',', (size_t)(colon - name));
        if (end == NULL)
            end = colon;
        size_t name_length = (size_t)(end - name);
        const char *bare = name;
        skip_blanks(&bare, &name_length);
        send_to_name(broker, member, bare, name_length, &message);
        name = end + 1;
    }
}

static bool has_control_bytes(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

void broker_say(struct broker *broker, struct member *member, const char *line,
                size_t length)
{
    assert(length <= BROKER_LINE_LIMIT);
    broker->messages++;
    if (has_control_bytes(line, length)) { /* they can drive a terminal */
        struct message answer;
        compose(&answer, "! a line has no control bytes");
        deliver(broker, member, &answer);
    } else if (length > 0 && line[0] == '@') {
        say_to_names(broker, member, line + 1, length - 1);
    } else if (length > 0 && member->room != NULL) {
        say_to_room(broker, member, line, length);
    } else if (length > 0) {
        say_to_names(broker, member, line, length);
    }
}

/* ---- Coming and going ---- */

static int enter(struct broker *broker, struct member *member, const char *name,
                 size_t length)
{
    struct room **bucket = &broker->rooms[bucket_of(name, length)];
    struct room *room = *bucket;

    while (room != NULL && !is_called(room->name, name, length))
        room = room->next;
    if (room == NULL) {
        room = calloc(1, sizeof *room);
        if (room == NULL)
            return -ENOMEM;
        memcpy(room->name, name, length);
        room->next = *bucket;
        *bucket = room;
    }
    member->room = room;
    member->next_in_room = room->first;
    if (room->first != NULL)
        room->first->previous_in_room = member;
    room->first = member;
    return 0;
}

static void leave_room(struct broker *broker, struct member *member)
{
    struct room *room = member->room;

    if (member->previous_in_room == NULL)
        room->first = member->next_in_room;
    else
        member->previous_in_room->next_in_room = member->next_in_room;
    if (member->next_in_room != NULL)
        member->next_in_room->previous_in_room = member->previous_in_room;
    if (room->first != NULL)
        return;
    struct room **at =
        &broker->rooms[bucket_of(room->name, strlen(room->name))];
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    free(room);
}

/* Tells the room that a member "has come", or "has gone". */
static void tell_room(struct broker *broker, const struct member *member,
                      const char *what)
{
    struct message message;

    compose(&message, "* %s %s", member->name, what);
    deliver_to_room(broker, member, &message);
}

int broker_join(struct broker *broker, struct member **out, const char *name,
                size_t name_length, const char *room, size_t room_length,
                void *to)
{
    if (!is_name(name, name_length) ||
        (room != NULL && !is_name(room, room_length)))
        return -EINVAL;
    if (broker_find(broker, name, name_length) != NULL)
        return -EEXIST;

    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        return -ENOMEM;
    memcpy(member->name, name, name_length);
    member->to = to;
    if (room != NULL && enter(broker, member, room, room_length) < 0) {
        free(member);
        return -ENOMEM;
    }
    struct member **bucket = &broker->members[bucket_of(name, name_length)];
    member->next = *bucket;
    *bucket = member;
    broker->here++;
    if (room != NULL)
        tell_room(broker, member, "has come");
    *out = member;
    return 0;
}

void broker_leave(struct broker *broker, struct member *member)
{
    size_t bucket = bucket_of(member->name, strlen(member->name));
    struct member **at = &broker->members[bucket];

    while (*at != member)
        at = &(*at)->next;
    *at = member->next;
    broker->here--;
    if (member->room != NULL) {
        tell_room(broker, member, "has gone");
        leave_room(broker, member);
    }
    free(member);
}

/* ---- The broker ---- */

int broker_new(struct broker **out,
               int (*deliver_line)(void *to, const char *line, size_t length))
{
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL)
        return -ENOMEM;
    broker->deliver = deliver_line;
    *out = broker;
    return 0;
}

void broker_free(struct broker *broker)
{
    assert(broker == NULL || broker->here == 0);
    free(broker);
}

long broker_members(const struct broker *broker)
{
    return broker->here;
}

long broker_delivered(const struct broker *broker)
{
    return broker->delivered;
}
