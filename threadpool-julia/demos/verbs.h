/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int draw_main(int argc, char **argv);
int pool_main(int argc, char **argv);
int thumbs_main(int argc, char **argv);
int compare_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
