/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"blocking", "a job that blocks runs on the pool, the loop ticks on",
     blocking_main},
    {"oneshot", "one result, fetched by a one-shot channel and by joining",
     oneshot_main},
    {"echo", "a TCP server that sends back what it is sent", echo_main},
    {"proxy", "copies both ways between its clients and another server",
     proxy_main},
    {"kv", "GET, SET and DEL by line, by one loop or by several", kv_main},
    {"chat", "names, rooms and messages over TCP, with a broker between",
     chat_main},
    {"bench", "what a job's way to the pool and back costs", bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "One thread, one loop, many things under way: libuv.\v"
        "Without a verb: blocking. `eventloop-basic VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
