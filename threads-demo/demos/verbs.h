/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

#include <stdbool.h>

int mpsc_main(int argc, char **argv);
int pipeline_main(int argc, char **argv);
int park_main(int argc, char **argv);
int pool_main(int argc, char **argv);
int counter_main(int argc, char **argv);
int lock_main(int argc, char **argv);
int condvar_main(int argc, char **argv);
int barrier_main(int argc, char **argv);
int once_main(int argc, char **argv);
int oneshot_main(int argc, char **argv);
int refcount_main(int argc, char **argv);
int actor_main(int argc, char **argv);
int fanout_main(int argc, char **argv);
int limit_main(int argc, char **argv);
int cancel_main(int argc, char **argv);
int order_main(int argc, char **argv);
int dirsum_main(int argc, char **argv);
int bench_main(int argc, char **argv);

/* Stories that are parts of a verb, each in a file of its own name. */
int counter_pair(bool locked);
int lock_own(bool futex);
int lock_readers(bool starve);

#endif
