/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"max", "the greatest of many numbers, by divide and conquer", max_main},
    {"fib", "join at each step, and who stole what", fib_main},
    {"scope", "tasks within tasks, all ended before the scope", scope_main},
    {"loops", "each element, and one value of many", loops_main},
    {"search", "any, all, find; and a best that all share", search_main},
    {"sort", "lines of text, or numbers, by quicksort", sort_main},
    {"fail", "both halves run, and the first error wins", fail_main},
    {"blocked", "a half that waits for its sibling", blocked_main},
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
