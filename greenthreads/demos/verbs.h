/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int run_main(int argc, char **argv);
int stack_main(int argc, char **argv);
int overflow_main(int argc, char **argv);
int compare_main(int argc, char **argv);
int hog_main(int argc, char **argv);
int io_main(int argc, char **argv);
int many_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
