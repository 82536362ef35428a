/* SPDX-License-Identifier: MIT
 *
 * bench.c - what it costs to move eight bytes from thread to thread, and to lock
 * what nobody else wants. "2 to 1" is senders to receivers; a ping-pong is there
 * and back, between two CPUs or on one.
 * Try: threads-demo bench
 */
#include "../channel.h"
#include "../cpu.h"
#include "../demo.h"
#include "../lock.h"
#include "stage.h"
#include "verbs.h"

enum { MOST = 4, ROOM = 1024 };

struct flow {
    struct channel *channel;
    long each; /* messages of one sender */
};

static void *send_all(void *arg)
{
    const struct flow *flow = arg;

    for (long i = 0; i < flow->each; i++)
        must(channel_send(flow->channel, &i));
    channel_drop_sender(flow->channel);
    return NULL;
}

static void *receive_all(void *arg)
{
    const struct flow *flow = arg;

    for (long value; channel_recv(flow->channel, &value) == 0;)
        ;
    channel_drop_receiver(flow->channel);
    return NULL;
}

static int stream(enum channel_engine engine, size_t capacity, int senders,
                  int receivers, long messages)
{
    struct flow flow = {.each = messages / senders};
    pthread_t threads[MOST];

    int rc = channel_new(&flow.channel, engine, sizeof(long), capacity);
    if (rc < 0)
        return rc;
    for (int i = 1; i < senders; i++)
        channel_add_sender(flow.channel);
    for (int i = 1; i < receivers; i++)
        channel_add_receiver(flow.channel);
    for (int i = 0; i < senders + receivers; i++)
        threads[i] = start_thread(i < senders ? send_all : receive_all, &flow);
    for (int i = 0; i < senders + receivers; i++)
        must(pthread_join(threads[i], NULL));
    return 0;
}

struct game {
    enum channel_engine engine;
    int cpus; /* 1 or 2 */
    long times;
    struct channel *there, *back;
};

static void *pong(void *arg)
{
    const struct game *game = arg;

    cpu_pin(game->cpus - 1);
    for (long value; channel_recv(game->there, &value) == 0;)
        must(channel_send(game->back, &value));
    channel_drop_receiver(game->there);
    channel_drop_sender(game->back);
    return NULL;
}

/* A thread of its own, since pinning would stay with the caller. */
static void *ping(void *arg)
{
    struct game *game = arg;

    if (game->cpus == 1)
        cpu_pin(0); /* before: the channels ask how many CPUs there are */
    must(channel_new(&game->there, game->engine, sizeof(long), 1));
    must(channel_new(&game->back, game->engine, sizeof(long), 1));
    pthread_t other = start_thread(pong, game);
    cpu_pin(0);
    for (long i = 0, value; i < game->times; i++) {
        must(channel_send(game->there, &i));
        must(channel_recv(game->back, &value));
    }
    channel_drop_sender(game->there);
    channel_drop_receiver(game->back);
    must(pthread_join(other, NULL));
    return NULL;
}

static int ping_pong(enum channel_engine engine, int cpus, long times)
{
    struct game game = {.engine = engine, .cpus = cpus, .times = times};

    must(pthread_join(start_thread(ping, &game), NULL));
    return 0;
}

/* Contenders are plain functions of a count: one line each. */
#define CONTENDER(name, call) \
    static int name(long n)   \
    {                         \
        return call;          \
    }
CONTENDER(mutex_1_1, stream(CHANNEL_MUTEX, ROOM, 1, 1, n))
CONTENDER(ring_1_1, stream(CHANNEL_RING, ROOM, 1, 1, n))
CONTENDER(ring_2_1, stream(CHANNEL_RING, ROOM, 2, 1, n))
CONTENDER(ring_2_2, stream(CHANNEL_RING, ROOM, 2, 2, n))
CONTENDER(mutex_any, stream(CHANNEL_MUTEX, CHANNEL_UNBOUNDED, 1, 1, n))
CONTENDER(any_1_1, stream(CHANNEL_RING, CHANNEL_UNBOUNDED, 1, 1, n))
CONTENDER(any_2_1, stream(CHANNEL_RING, CHANNEL_UNBOUNDED, 2, 1, n))
CONTENDER(any_2_2, stream(CHANNEL_RING, CHANNEL_UNBOUNDED, 2, 2, n))
CONTENDER(mutex_pings_2, ping_pong(CHANNEL_MUTEX, 2, n))
CONTENDER(ring_pings_2, ping_pong(CHANNEL_RING, 2, n))
CONTENDER(mutex_pings_1, ping_pong(CHANNEL_MUTEX, 1, n))
CONTENDER(ring_pings_1, ping_pong(CHANNEL_RING, 1, n))

static int lock_pthread(long times)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    for (long i = 0; i < times; i++) {
        must(pthread_mutex_lock(&lock));
        must(pthread_mutex_unlock(&lock));
    }
    return -pthread_mutex_destroy(&lock);
}

static int lock_futex(long times)
{
    struct futex_lock lock;

    futex_lock_init(&lock);
    for (long i = 0; i < times; i++) {
        futex_lock_acquire(&lock);
        futex_lock_release(&lock);
    }
    return futex_lock_system_calls(&lock) == 0 ? 0 : -EBUSY;
}

int bench_main(int argc, char **argv)
{
    const struct contender rows[] = {
        {"mutex, 1 to 1", mutex_1_1, 100000},
        {"ring, 1 to 1", ring_1_1, 500000},
        {"ring, 2 to 1", ring_2_1, 500000},
        {"ring, 2 to 2", ring_2_2, 500000},
        {"mutex unbounded, 1 to 1", mutex_any, 100000},
        {"ring unbounded, 1 to 1", any_1_1, 500000},
        {"ring unbounded, 2 to 1", any_2_1, 500000},
        {"ring unbounded, 2 to 2", any_2_2, 500000},
        {"mutex ping-pong, 2 CPUs", mutex_pings_2, 100},
        {"ring ping-pong, 2 CPUs", ring_pings_2, 20000},
        {"mutex ping-pong, 1 CPU", mutex_pings_1, 1000},
        {"ring ping-pong, 1 CPU", ring_pings_1, 1000},
        {"pthread mutex, alone", lock_pthread, 400000},
        {"futex lock, alone", lock_futex, 400000},
    };

    return run_bench(argc, argv, "8-byte messages, room for 1024; locks alone.",
                     rows, sizeof rows / sizeof rows[0]);
}
