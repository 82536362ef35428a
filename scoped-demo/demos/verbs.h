/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int max_main(int argc, char **argv);
int fib_main(int argc, char **argv);
int scope_main(int argc, char **argv);
int loops_main(int argc, char **argv);
int search_main(int argc, char **argv);
int sort_main(int argc, char **argv);
int fail_main(int argc, char **argv);
int blocked_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
