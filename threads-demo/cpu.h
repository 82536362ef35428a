/* SPDX-License-Identifier: MIT
 *
 * cpu.h - which CPUs a thread may use, and how to stay on one.
 */
#ifndef CPU_H
#define CPU_H

/* How many CPUs the calling thread may run on: at least 1. */
int cpu_count(void);

/* Keeps the calling thread on one of them: the n-th, from 0, counted round if
 * there are fewer. The number of that CPU, or -errno. */
int cpu_pin(int n);

#endif
