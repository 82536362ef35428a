/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"max", "the greatest of many numbers, by divide and conquer", max_main},
    {"bench", "what dividing costs, and what it gains", bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "Work splits, and joins before its frame dies.\v"
        "Without a verb: max. `scoped-demo VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
