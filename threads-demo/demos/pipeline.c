/* SPDX-License-Identifier: MIT
 *
 * pipeline.c - channels with room for one message: slow workers hold the source
 * back (backpressure), and all ends because each stage lets go of its ends.
 * Try: threads-demo pipeline
 * Read with: Rust Cookbook, "Concurrency", parallel pipeline.
 */
#include <pthread.h>

#include "../channel.h"
#include "../demo.h"
#include "verbs.h"

enum { MESSAGES = 4 };

struct stage {
    const char *name;
    struct channel *in, *out;
    pthread_t thread;
};

static void *feed(void *arg)
{
    const struct stage *source = arg;

    for (int message = 1; message <= MESSAGES; message++) {
        must(channel_send(source->out, &message));
        trace(source->name, "has sent %d", message);
    }
    channel_drop_sender(source->out);
    return NULL;
}

static void *twice(void *arg)
{
    const struct stage *worker = arg;

    for (int message; channel_recv(worker->in, &message) == 0;) {
        trace(worker->name, "takes %d", message);
        usleep(100000); /* the work */
        must(channel_send(worker->out, &(int){2 * message}));
    }
    channel_drop_receiver(worker->in);
    channel_drop_sender(worker->out); /* the last worker's ends the sink */
    return NULL;
}

int pipeline_main(int argc, char **argv)
{
    const struct argp argp = {NULL, unexpected,
                              .doc = "Source, workers, sink."};
    struct channel *raw = NULL, *doubled = NULL;
    int message, count = 0, sum = 0;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "pipeline: a stage waits for ever\n");
    if (channel_new(&raw, sizeof message, 1) < 0 ||
        channel_new(&doubled, sizeof message, 1) < 0)
        error(EXIT_FAILURE, ENOMEM, "make two channels");
    channel_add_receiver(raw);   /* worker-2's ends; the others have */
    channel_add_sender(doubled); /* those the channels were born with */
    struct stage stages[] = {{"source", NULL, raw, 0},
                             {"worker-1", raw, doubled, 0},
                             {"worker-2", raw, doubled, 0}};
    for (int i = 0; i < 3; i++)
        if (pthread_create(&stages[i].thread, NULL, i == 0 ? feed : twice,
                           &stages[i]) != 0)
            error(EXIT_FAILURE, EAGAIN, "start %s", stages[i].name);
    for (; channel_recv(doubled, &message) == 0; count++, sum += message)
        trace("sink", "receives %d", message);
    channel_drop_receiver(doubled);
    for (int i = 0; i < 3; i++)
        must(pthread_join(stages[i].thread, NULL));
    printf("%d messages arrived, their sum is %d\n", count, sum);
    return count == MESSAGES && sum == 20 ? EXIT_SUCCESS : EXIT_FAILURE;
}
