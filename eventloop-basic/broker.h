/* SPDX-License-Identifier: MIT
 *
 * broker.h - who is here, under which name, in which room, and who gets what.
 * It knows no socket: lines go out through one function that it is given.
 *
 * A member is known by its name to the others, but to whoever made it by its
 * pointer. That is the difference between "ann" and "this ann": a name may be
 * taken anew while an old owner's end is still being noticed, so what ends is a
 * member, never a name.
 *
 * Read with: async-std's book, the chat ("Connecting readers and writers",
 * "Handling disconnection"); Tokio's examples, chat.
 */
#ifndef BROKER_H
#define BROKER_H

#include <stdbool.h>
#include <stddef.h>

enum { BROKER_NAME_LIMIT = 32, BROKER_LINE_LIMIT = 4096 };

struct broker;
struct member;

/* deliver() takes a line, its "\n" included, to the one who joined with `to`,
 * and gives 0 or an error, which is the receiver's business: it is not counted.
 * It must not call the broker: ends are for later. -ENOMEM. */
int broker_new(struct broker **out,
               int (*deliver)(void *to, const char *line, size_t length));

/* No member may be left. */
void broker_free(struct broker *broker);

/* A name has 1 to 32 bytes, of which none is a control byte, a blank, ',', ':'
 * or '@'; so has a room, and NULL is none. -EINVAL: not such a name; -EEXIST:
 * taken; -ENOMEM. A room is told "* ann has come". */
int broker_join(struct broker *broker, struct member **out, const char *name,
                size_t name_length, const char *room, size_t room_length,
                void *to);

/* The one place where a member ends. Its room is told "* ann has gone". */
void broker_leave(struct broker *broker, struct member *member);

/* "bob, cat: text" goes to those two, once each, as "from ann: text". In a
 * room, a line goes to all but the speaker, as "ann: text", unless it begins
 * with '@': "@bob: text" is for bob alone. An empty line is nothing. What
 * cannot be sent is answered to the speaker: "! no one is called dan". */
void broker_say(struct broker *broker, struct member *member, const char *line,
                size_t length);

/* The one who has this name, or NULL. */
struct member *broker_find(const struct broker *broker, const char *name,
                           size_t length);

long broker_members(const struct broker *broker);
long broker_delivered(const struct broker *broker); /* of what was said */

#endif
