/* SPDX-License-Identifier: MIT
 *
 * ask.h - a client in few lines, for the stories slow and workers: it asks now
 * and listens later. What fails ends the program.
 */
#ifndef ASK_H
#define ASK_H

#include <stdint.h>

/* Connects to 127.0.0.1:port and says GET path; a socket. */
int ask(uint16_t port, const char *path);

/* Waits for the answer, checks that it is a 200, and closes. */
void ask_answer(int fd);

#endif
