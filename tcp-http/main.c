/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"serve", "answer hello on a port of 127.0.0.1, until Ctrl-C", serve_main},
    {"parse", "how bytes become a request, in whatever pieces", parse_main},
    {"states", "where a connection goes from each state, and one life",
     states_main},
    {"slow", "what / waits while /sleep is served, three ways", slow_main},
    {"workers", "handlers on threads; answers come back by an eventfd",
     workers_main},
    {"get", "fetch a URL and print what comes", get_main},
    {"mhd", "the same site by libmicrohttpd, in its four modes", mhd_main},
    {"bench", "what a request costs: its head, and all of it", bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "A low-level HTTP server: one thread, one epoll, many clients.\v"
        "Without a verb: serve. `tcp-http VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
