/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"blocking", "a job that blocks runs on the pool, the loop ticks on",
     blocking_main},
    {"hello", "nothing is called back while nobody runs the loop", hello_main},
    {"oneshot", "one result, fetched by a one-shot channel and by joining",
     oneshot_main},
    {"timers", "sleep, time-out, interval, and the loop's own clock",
     timers_main},
    {"join", "three things one by one, joined, and joined until one fails",
     join_main},
    {"select", "the first of several counts, and each has its turn",
     select_main},
    {"hog", "what computing does to the loop: inline, sliced, on the pool",
     hog_main},
    {"phases", "one turn of the loop; what wake, cancel and stop do",
     phases_main},
    {"node", "the Node book's program: files, timers, a job, a request",
     node_main},
    {"loops", "a loop on each of several threads; or one, asked from outside",
     loops_main},
    {"cat", "prints a file, by requests that run on the pool", cat_main},
    {"stream", "streams that wrap streams: filter, map, take", stream_main},
    {"shutdown", "decide, tell, wait: and say who did not end", shutdown_main},
    {"echo", "a server that sends back what it is sent, raw or by line",
     echo_main},
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
