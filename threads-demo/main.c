/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"mpsc", "many producers, one receiver, one channel", mpsc_main},
    {"pipeline", "a source, two workers and a sink, joined by channels",
     pipeline_main},
    {"park", "sleep until handed a token, and look again", park_main},
    {"pool", "ten jobs on four workers, results in order", pool_main},
    {"counter", "ten threads count; the updates that get lost", counter_main},
    {"lock", "mutex, futex, spin and readers-writer lock", lock_main},
    {"condvar", "wait for a condition, and why `while`", condvar_main},
    {"barrier", "three threads meet between two phases", barrier_main},
    {"once", "made once, given out once", once_main},
    {"oneshot", "one value: it comes, never comes, comes late", oneshot_main},
    {"refcount", "the last owner clears up; weak references", refcount_main},
    {"actor", "one thread owns the state, others send messages", actor_main},
    {"fanout", "one value for all who listen", fanout_main},
    {"limit", "nine tasks, three permits", limit_main},
    {"cancel", "a thread cancelled with a lock held", cancel_main},
    {"order", "memory orders: what this CPU shows", order_main},
    {"dirsum", "size or digest of every file in a tree", dirsum_main},
    {"bench", "what a message through a channel costs", bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "OS threads share memory and pass messages.\v"
        "Without a verb: mpsc. `threads-demo VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
