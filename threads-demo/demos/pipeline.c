/* SPDX-License-Identifier: MIT
 *
 * pipeline.c - channels with room for one message: slow workers hold the source
 * back (backpressure), and all ends because each stage lets go of its ends. With
 * --bug no-close the source keeps its end, and all wait for it.
 * Try: threads-demo pipeline --cap 4
 * Read with: Rust Cookbook, "Concurrency", parallel pipeline.
 */
#include "../channel.h"
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { MESSAGES = 4, STAGES = 3 };
enum { SHORT = 500000000 }; /* ns; the work takes a fifth of it */

struct stage {
    const char *name;
    struct channel *in, *out;
    bool keeps_its_end; /* the source: the bug */
    size_t most;        /* the source: the most it saw in its channel */
};

static void *feed(void *arg)
{
    struct stage *source = arg;

    for (int message = 1; message <= MESSAGES; message++) {
        must(channel_send(source->out, &message));
        size_t queued = channel_length(source->out);
        source->most = queued > source->most ? queued : source->most;
        trace(source->name, "has sent %d", message);
    }
    if (!source->keeps_its_end)
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

/* Receives until the end, which with the bug never comes. */
static int sink(struct channel *doubled, bool bug, int *sum)
{
    int message, rc, count = 0;

    while ((rc = channel_recv_until(doubled, &message,
                                    bug ? now_ns() + SHORT : INT64_MAX)) == 0) {
        trace("sink", "receives %d", message);
        *sum += message;
        count++;
    }
    if (rc == -ETIMEDOUT)
        trace("sink", "waits for a worker, both workers wait for the source, "
                      "and the source has gone without letting go");
    return rc == (bug ? -ETIMEDOUT : -EPIPE) ? count : -1;
}

static struct channel *made(size_t capacity)
{
    struct channel *channel;
    int rc = channel_new(&channel, CHANNEL_MUTEX, sizeof(int), capacity);

    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a channel");
    return channel;
}

int pipeline_main(int argc, char **argv)
{
    enum { CAP, BUG, OPTIONS };
    struct choice asked[] = {
        {"cap",
         "1, 0 (a rendezvous) to 1000000, or none",
         -1,
         {"none"},
         1000000,
         1},
        {"bug", "no-close: the source never lets go", -1, {"no-close"}, 0, 0}};
    pthread_t threads[STAGES];
    int sum = 0;

    choose(argc, argv, "Source, two workers, sink.", asked, OPTIONS);
    watchdog(30, "pipeline: a stage waits for ever\n");
    bool bug = asked[BUG].chosen == 0;
    size_t capacity =
        asked[CAP].chosen == 0 ? CHANNEL_UNBOUNDED : (size_t)asked[CAP].number;
    struct channel *raw = made(capacity), *doubled = made(capacity);
    channel_add_receiver(raw);   /* worker-2's ends; the others have */
    channel_add_sender(doubled); /* those the channels were born with */
    struct stage stages[STAGES] = {{"source", NULL, raw, bug, 0},
                                   {"worker-1", raw, doubled, false, 0},
                                   {"worker-2", raw, doubled, false, 0}};
    for (int i = 0; i < STAGES; i++)
        threads[i] = start_thread(i == 0 ? feed : twice, &stages[i]);
    int count = sink(doubled, bug, &sum);
    if (bug)
        channel_drop_sender(raw); /* what the source forgot: all can end */
    for (int i = 0; i < STAGES; i++)
        must(pthread_join(threads[i], NULL));
    channel_drop_receiver(doubled);
    printf("high water %zu; %d messages arrived, their sum is %d\n",
           stages[0].most, count, sum);
    if (bug && count == MESSAGES)
        puts("a channel whose sender is forgotten never ends");
    return count == MESSAGES && sum == 20 ? EXIT_SUCCESS : EXIT_FAILURE;
}
