/* SPDX-License-Identifier: MIT
 *
 * chat_double_remove.c - a name is not a member: who is removed by name, and in
 * two places, may be somebody else by then.
 *
 * Try: eventloop-basic chat --bug double-remove
 * Read with: async-std's book, the chat ("Handling disconnection").
 */
#include "../broker.h"
#include "../demo.h"
#include "chat.h"

static int count_line(void *to, const char *line, size_t length)
{
    (void)line, (void)length;
    ++*(int *)to;
    return 0;
}

static void remove_by_name(struct broker *broker, const char *name)
{
    struct member *whoever = broker_find(broker, name, strlen(name));
    if (whoever != NULL)
        broker_leave(broker, whoever);
}

/* A connection's reader and its writer both see it fail; between the two, ann
 * is back on a new one. Gives how many messages the new ann then gets. */
static int come_back(bool by_name)
{
    struct broker *broker = NULL;
    struct member *old = NULL, *new;
    int to_old = 0, to_new = 0;
    int rc = broker_new(&broker, count_line);
    if (rc == 0)
        rc = broker_join(broker, &old, "ann", 3, NULL, 0, &to_old);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a broker");
    trace("reader", "sees the connection fail, and removes ann");
    if (by_name)
        remove_by_name(broker, "ann");
    else
        broker_leave(broker, old);
    must(broker_join(broker, &new, "ann", 3, NULL, 0, &to_new));
    trace("ann", "is back, on a new connection");
    if (by_name) {
        trace("writer", "sees the old one fail, and removes ann");
        remove_by_name(broker, "ann");
    } else {
        trace("writer", "sees the old one fail: that member has ended");
    }
    struct member *ann = broker_find(broker, "ann", 3);
    if (ann != NULL)
        broker_say(broker, ann, "ann: are you there?", 19);
    trace("ann", "gets %d messages", to_new);
    if (ann != NULL)
        broker_leave(broker, ann);
    broker_free(broker);
    return to_new;
}

int chat_double_remove(void)
{
    printf("removed by name, in two places:\n");
    int lost = come_back(true);
    printf("removed as a member, in one place:\n");
    int found = come_back(false);
    bool holds = lost == 0 && found == 1;
    printf("the second removal hits whoever has the name by then: %s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
