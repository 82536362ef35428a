/* SPDX-License-Identifier: MIT
 *
 * loops.h - the parts of the verb loops: loops.c, or with --bridge this.
 */
#ifndef DEMOS_LOOPS_H
#define DEMOS_LOOPS_H

int loops_bridge(void);

#endif
