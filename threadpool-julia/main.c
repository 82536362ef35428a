/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"draw", "the Julia set as a PNG, its rows drawn by all cores", draw_main},
    {"pool", "workers with names and memory of their own; jobs handed in",
     pool_main},
    {"thumbs", "every PNG file of a folder shrunk, a task for each",
     thumbs_main},
    {"compare", "four schedules side by side: a table and a picture",
     compare_main},
    {"bench", "what a pixel costs: one thread, all threads, the PNG",
     bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "A pool of threads draws one picture.\v"
        "Without a verb: draw. `threadpool-julia VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
