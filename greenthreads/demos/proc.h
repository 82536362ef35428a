/* SPDX-License-Identifier: MIT
 *
 * proc.h - for demos: what the kernel tells in /proc of this process. Who asks
 * for what it does not tell ends the program.
 */
#ifndef PROC_H
#define PROC_H

/* The number after key, in a short file. */
long proc_number(const char *file, const char *key);

/* How many it has: of memory, and open. */
long proc_mappings(void);
long proc_descriptors(void);

#endif
