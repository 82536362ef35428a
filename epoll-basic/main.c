/* SPDX-License-Identifier: MIT
 *
 * main.c - the table of verbs, in the order of the books.
 */
#include "demo.h"
#include "demos/verbs.h"

static const struct verb verbs[] = {
    {"connect", "a connection that does not block: ask, wait, be told",
     connect_main},
    {"tcp", "a server that greets, listens, and sees the end", tcp_main},
    {"trigger", "level, edge and one-shot: what each tells, and when",
     trigger_main},
    {"spurious", "told to read, and nothing is there; woken by signals",
     spurious_main},
    {"wake", "another thread ends the wait; a million wakes merge", wake_main},
    {"fds", "time, signals, files and processes in the same wait", fds_main},
    {"flags", "which flags each kind of ending gives", flags_main},
    {"delay", "five questions, answered in the order of their delays",
     delay_main},
    {"registrar", "registered from outside while one waits; late events",
     registrar_main},
    {"timers", "who is due when, and how long a wait may last", timers_main},
    {"interrupt", "a signal handler pushes and wakes, and does no more",
     interrupt_main},
    {"generator", "a function that stops in the middle, and what it is made of",
     generator_main},
    {"future", "polled by hand: join, and-then, cancelled by dropping",
     future_main},
    {"timer", "a thread sleeps and wakes; whom, if the future has moved?",
     timer_main},
    {"executor", "two timers as two tasks, or one after the other",
     executor_main},
    {"reactor", "an echo server and its clients, all of them tasks",
     reactor_main},
    {"scaling", "one event among N idle descriptors: select, poll, epoll",
     scaling_main},
    {"bench", "what events, wakes, registrations and timers cost", bench_main},
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
