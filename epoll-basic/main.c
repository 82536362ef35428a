/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"connect", "a connection that does not block: ask, wait, be told",
     connect_main},
    {"bench", "what waiting costs: epoll, the poller, poll(2)", bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "Who may read now? One thread waits for many descriptors.\v"
        "Without a verb: connect. `epoll-basic VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
