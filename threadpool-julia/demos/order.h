/* SPDX-License-Identifier: MIT
 *
 * order.h - what a command line asks to be drawn.
 */
#ifndef ORDER_H
#define ORDER_H

#include <argp.h>

#include "../picture.h"

struct order {
    struct picture picture;
    const char *output;   /* the picture */
    const char *who;      /* who drew it; NULL: not wanted */
    const char *timeline; /* when; NULL: not wanted */
    bool stats;
};

/* Reads the options; what they leave open is the book's picture. A wrong one
 * ends the program with status 64 and a line that names the limits. */
struct order order_parse(const char *about, int argc, char **argv);

/* "static", "dynamic,4": ends the program so too. */
void schedule_arg(struct argp_state *state, const char *arg,
                  struct render_options *options);

#endif
