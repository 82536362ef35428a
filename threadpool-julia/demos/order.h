/* SPDX-License-Identifier: MIT
 *
 * order.h - what a command line asks to be drawn.
 */
#ifndef ORDER_H
#define ORDER_H

#include "../julia.h"

struct order {
    struct julia view;
    int threads; /* 0: all cores */
    const char *output;
};

/* Reads the options; what they leave open is the book's picture. A wrong one
 * ends the program with status 64 and a line that names the limits. */
struct order order_parse(const char *about, int argc, char **argv);

#endif
