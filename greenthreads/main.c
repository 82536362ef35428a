/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"run", "two green threads count, turn by turn", run_main},
    {"stack", "jump onto a stack made by hand, and draw it", stack_main},
    {"overflow", "a recursion runs into the guard; who says so?",
     overflow_main},
    {"compare",
     "one story by threads, green threads, ucontext, callbacks, polling",
     compare_main},
    {"hog", "one that never yields starves the rest; two cures", hog_main},
    {"io", "a TCP echo server with one green thread per connection", io_main},
    {"many", "a crowd of green threads, all alive at once", many_main},
    {"bench", "what a switch costs, by assembly, ucontext and OS threads",
     bench_main},
};

int main(int argc, char **argv)
{
    return run_verb(
        argc, argv,
        "Threads made by hand: a stack and a switch.\v"
        "Without a verb: run. `greenthreads VERB --help` tells more; "
        "READING.md says which page of which book each verb goes with.",
        verbs, sizeof verbs / sizeof verbs[0]);
}
