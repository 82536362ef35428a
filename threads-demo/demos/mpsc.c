/* SPDX-License-Identifier: MIT
 *
 * mpsc.c - many producers, one consumer: two threads send through one channel,
 * and main receives until both have let go of it.
 *
 * Try: threads-demo mpsc
 * Read with: The Rust Programming Language, ch. 16.
 */
#include <pthread.h>

#include "../channel.h"
#include "../demo.h"
#include "verbs.h"

enum { EACH = 9 };

struct producer {
    const char *name;
    int first; /* sends first, first + 1, ... */
    struct channel *channel;
    pthread_t thread;
};

static void *produce(void *arg)
{
    const struct producer *self = arg;

    for (int number = self->first; number < self->first + EACH; number++) {
        trace(self->name, "sends %d", number);
        must(channel_send(self->channel, &number));
        usleep(1000);
    }
    channel_drop_sender(self->channel); /* the last to let go closes it */
    return NULL;
}

int mpsc_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc = "Two producers send 2-10 and 12-20 to main, 1 ms apart."};
    struct producer producers[] = {{.name = "producer-a", .first = 2},
                                   {.name = "producer-b", .first = 12}};
    struct channel *channel;
    int number, received = 0, in_order = 0, next[] = {2, 12};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "mpsc: a sender or the receiver waits for ever\n");
    int rc = channel_new(&channel, sizeof number, CHANNEL_UNBOUNDED);
    for (int i = 0; i < 2 && rc == 0; i++) {
        producers[i].channel = channel;
        channel_add_sender(
            channel); /* here, not in the thread: it may be late */
        rc = pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
    }
    if (rc != 0)
        error(EXIT_FAILURE, abs(rc), "start two producers on a channel");
    channel_drop_sender(channel); /* main's own, or receiving would never end */

    for (int i = 1; i <= 4; i++) {
        trace("main", "counts %d", i);
        usleep(1000);
    }
    while (channel_recv(channel, &number) == 0) {
        trace("main", "receives %d", number);
        received++;
        in_order += number == next[number > 10]++;
    }
    channel_drop_receiver(channel);
    for (int i = 0; i < 2; i++)
        must(pthread_join(producers[i].thread, NULL));

    printf("%d received, %d of them in their sender's order\n", received,
           in_order);
    return received == 2 * EACH && in_order == received ? 0 : EXIT_FAILURE;
}
