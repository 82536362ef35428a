/* SPDX-License-Identifier: MIT
 *
 * mpsc.c - many producers, one consumer: two threads send through one channel,
 * and main receives until both have let go of it. With --try main does not wait:
 * it draws frames, and takes in each what has come.
 * Try: threads-demo mpsc --engine ring --cap 0
 * Read with: The Rust Programming Language, ch. 16.
 */
#include "../channel.h"
#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { EACH = 9, FRAME_US = 2000 };

struct producer {
    const char *name;
    int first; /* sends first, first + 1, ... */
    struct channel *channel;
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

struct tally {
    int received, in_order;
    int next[2]; /* what each producer should send next */
};

static void note(struct tally *t, int number)
{
    trace("main", "receives %d", number);
    t->received++;
    t->in_order += number == t->next[number > 10]++;
}

static void receive_all(struct channel *channel, struct tally *t)
{
    for (int number; channel_recv(channel, &number) == 0;)
        note(t, number);
}

/* Frame by frame: draws, then takes in what has come, and waits for nothing. */
static void receive_in_frames(struct channel *channel, struct tally *t)
{
    int number, rc;

    do {
        trace("main", "draws a frame");
        usleep(FRAME_US);
        while ((rc = channel_try_recv(channel, &number)) == 0)
            note(t, number);
    } while (rc == -EAGAIN); /* until it is closed */
}

int mpsc_main(int argc, char **argv)
{
    enum { ENGINE, CAP, TRY, OPTIONS };
    struct choice asked[] = {
        {"engine", "mutex (default) or ring", 0, {"mutex", "ring"}, 0, 0},
        {"cap",
         "0 (a rendezvous) to 1000000, or none",
         0,
         {"none"},
         1000000,
         0},
        {"try", "receive without waiting, in frames", -1, {NULL}, 0, 0}};
    struct producer producers[] = {{"producer-a", 2, NULL},
                                   {"producer-b", 12, NULL}};
    pthread_t threads[2];
    struct channel *channel;

    choose(argc, argv, "Two producers send 2-10 and 12-20, 1 ms apart.", asked,
           OPTIONS);
    watchdog(30, "mpsc: a sender or the receiver waits for ever\n");
    size_t capacity =
        asked[CAP].chosen == 0 ? CHANNEL_UNBOUNDED : (size_t)asked[CAP].number;
    int rc = channel_new(&channel, (enum channel_engine)asked[ENGINE].chosen,
                         sizeof(int), capacity);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "make a channel");
    for (int i = 0; i < 2; i++) {
        producers[i].channel = channel;
        channel_add_sender(channel); /* not in the thread: it may be late */
        threads[i] = start_thread(produce, &producers[i]);
    }
    channel_drop_sender(channel); /* main's own, or receiving would never end */

    for (int i = 1; i <= 4; i++) {
        trace("main", "counts %d", i);
        usleep(1000);
    }
    struct tally tally = {.next = {2, 12}};
    if (asked[TRY].chosen == 0)
        receive_in_frames(channel, &tally);
    else
        receive_all(channel, &tally);
    channel_drop_receiver(channel);
    for (int i = 0; i < 2; i++)
        must(pthread_join(threads[i], NULL));
    printf("%d received, %d of them in their sender's order\n", tally.received,
           tally.in_order);
    return tally.in_order == 2 * EACH ? EXIT_SUCCESS : EXIT_FAILURE;
}
