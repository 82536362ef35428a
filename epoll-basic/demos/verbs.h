/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int connect_main(int argc, char **argv);
int tcp_main(int argc, char **argv);
int trigger_main(int argc, char **argv);
int spurious_main(int argc, char **argv);
int wake_main(int argc, char **argv);
int fds_main(int argc, char **argv);
int flags_main(int argc, char **argv);
int delay_main(int argc, char **argv);
int registrar_main(int argc, char **argv);
int timers_main(int argc, char **argv);
int interrupt_main(int argc, char **argv);
int generator_main(int argc, char **argv);
int future_main(int argc, char **argv);
int timer_main(int argc, char **argv);
int executor_main(int argc, char **argv);
int reactor_main(int argc, char **argv);
int scaling_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
