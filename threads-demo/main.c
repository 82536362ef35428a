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
    {"oneshot", "one value: it comes, never comes, comes late", oneshot_main},
    {"actor", "one thread owns the state, others send messages", actor_main},
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
