/* SPDX-License-Identifier: MIT
 *
 * park.c - two executors say that they are ready, park, are told to go (a flag,
 * then a token), and run one future each. The flag is what they wait for; the
 * token only says "look again". A timer has unparked them before, twice: that is
 * remembered, as one token. With --bug bare an executor takes that token for the
 * thing itself, and starts too early.
 * Try: threads-demo park --bug bare
 * Read with: Futures Explained in 200 Lines, "Bonus"; Rust Atomics and Locks, 1.
 */
#include <sched.h>
#include <stdatomic.h>

#include "../cpu.h"
#include "../demo.h"
#include "../oneshot.h"
#include "../parker.h"
#include "stage.h"
#include "verbs.h"

struct executor {
    const char *name;
    int number;
    bool bare;            /* the bug */
    struct oneshot stray; /* it has taken the timer's token */
    struct parker parker;
    _Atomic bool go;
    bool early;         /* it started without having been told to */
    int tokens, result; /* it took so many; its future gave that */
};

static bool told_to_go(struct executor *self)
{
    /* acquire, pairs with "go" in start_it(). */
    return atomic_load_explicit(&self->go, memory_order_acquire);
}

static void *execute(void *arg)
{
    struct executor *self = arg;
    bool told;

    cpu_pin(self->number); /* a wish: if refused, it runs where it is put */
    trace(self->name, "is ready on CPU %d, and parks", sched_getcpu());
    for (;;) {
        parker_park(&self->parker);
        told = told_to_go(self);
        if (self->tokens++ == 0)
            must(oneshot_send(&self->stray, &self->number));
        if (told || self->bare)
            break;
        trace(self->name, "takes a token, is not told, and parks again");
    }
    self->early = !told;
    trace(self->name, told ? "is told, and runs its future"
                           : "runs, though nobody told it to");
    self->result = 21 * (self->number + 1);
    return NULL;
}

static void start_it(struct executor *e)
{
    trace("main", "tells %s to go", e->name);
    /* release, "go": who sees it sees what main had prepared. */
    atomic_store_explicit(&e->go, true, memory_order_release);
    parker_unpark(&e->parker);
}

int park_main(int argc, char **argv)
{
    struct choice bug = {
        "bug", "bare: park, and do not look at the flag", -1, {"bare"}, 0, 0};
    struct executor executors[] = {{.name = "executor-1", .number = 0},
                                   {.name = "executor-2", .number = 1}};
    pthread_t threads[2];
    int number, sum = 0, early = 0, tokens = 0;

    choose(argc, argv, "Two executors park.", &bug, 1);
    watchdog(30, "park: a wake-up was lost\n");
    for (int i = 0; i < 2; i++) {
        struct executor *e = &executors[i];
        e->bare = bug.chosen == 0;
        parker_init(&e->parker);
        oneshot_init(&e->stray, &number, sizeof number);
        trace("timer", "unparks %s twice, for reasons of its own", e->name);
        parker_unpark(&e->parker);
        parker_unpark(&e->parker);
        threads[i] = start_thread(execute, e);
        must(oneshot_recv(&e->stray));
    }
    for (int i = 0; i < 2; i++) {
        start_it(&executors[i]);
        must(pthread_join(threads[i], NULL));
        sum += executors[i].result;
        early += executors[i].early;
        tokens += executors[i].tokens;
    }
    printf("two futures gave %d; %d tokens taken; %d started before they were "
           "told\n",
           sum, tokens, early);
    bool right =
        bug.chosen == 0 ? early == 2 && tokens == 2 : early == 0 && tokens == 4;
    return sum == 63 && right ? EXIT_SUCCESS : EXIT_FAILURE;
}
