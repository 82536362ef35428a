/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int serve_main(int argc, char **argv);
int discard_main(int argc, char **argv);
int count_main(int argc, char **argv);
int parse_main(int argc, char **argv);
int states_main(int argc, char **argv);
int slow_main(int argc, char **argv);
int workers_main(int argc, char **argv);
int get_main(int argc, char **argv);
int mhd_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
