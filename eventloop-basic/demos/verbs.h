/* SPDX-License-Identifier: MIT
 *
 * verbs.h - each verb's entry, in a file of its own name. argv[0] names program
 * and verb; the result is the program's exit status.
 */
#ifndef VERBS_H
#define VERBS_H

int blocking_main(int argc, char **argv);
int hello_main(int argc, char **argv);
int oneshot_main(int argc, char **argv);
int timers_main(int argc, char **argv);
int join_main(int argc, char **argv);
int select_main(int argc, char **argv);
int hog_main(int argc, char **argv);
int phases_main(int argc, char **argv);
int node_main(int argc, char **argv);
int loops_main(int argc, char **argv);
int cat_main(int argc, char **argv);
int stream_main(int argc, char **argv);
int shutdown_main(int argc, char **argv);
int echo_main(int argc, char **argv);
int proxy_main(int argc, char **argv);
int kv_main(int argc, char **argv);
int chat_main(int argc, char **argv);
int bench_main(int argc, char **argv);

#endif
