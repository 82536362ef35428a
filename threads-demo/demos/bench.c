/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs to move eight bytes from one thread to another.
 *
 * Try: threads-demo bench
 */
#include <pthread.h>

#include "../channel.h"
#include "../demo.h"
#include "verbs.h"

struct flow {
    struct channel *channel;
    long messages;
};

static void *send_all(void *arg)
{
    const struct flow *flow = arg;

    for (long i = 0; i < flow->messages; i++)
        must(channel_send(flow->channel, &i));
    channel_drop_sender(flow->channel);
    return NULL;
}

static int one_to_one(size_t capacity, long messages)
{
    struct flow flow = {.messages = messages};
    pthread_t sender;
    long value;

    int rc = channel_new(&flow.channel, sizeof value, capacity);
    if (rc < 0)
        return rc;
    rc = -pthread_create(&sender, NULL, send_all, &flow);
    if (rc < 0) {
        channel_drop_sender(flow.channel);
        channel_drop_receiver(flow.channel);
        return rc;
    }
    for (long i = 0; i < messages; i++)
        must(channel_recv(flow.channel, &value));
    channel_drop_receiver(flow.channel);
    must(pthread_join(sender, NULL));
    return 0;
}

static int room_for_1024(long messages)
{
    return one_to_one(1024, messages);
}

static int room_for_one(long messages)
{
    return one_to_one(1, messages);
}

static int no_bound(long messages)
{
    return one_to_one(CHANNEL_UNBOUNDED, messages);
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"channel, room for 1024", room_for_1024, 200000},
        {"channel, unbounded", no_bound, 200000},
        {"channel, room for 1", room_for_one, 2000},
    };

    return run_bench(argc, argv, "One sender, one receiver, 8-byte messages.",
                     rows, sizeof rows / sizeof rows[0]);
}
