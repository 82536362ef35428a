/* SPDX-License-Identifier: MIT
 *
 * markers.h - the registers a function must keep for its caller, all of them.
 */
#ifndef MARKERS_H
#define MARKERS_H

#include <stdint.h>

#include "context.h"

#if defined(__x86_64__)
enum { MARKERS = 6 }; /* rbx, rbp, r12-r15 */
#elif defined(__aarch64__)
enum { MARKERS = 19 }; /* d8-d15, x19-x29 */
#elif defined(__riscv_float_abi_double) && __riscv_xlen == 64
enum { MARKERS = 24 }; /* fs0-fs11, s0-s11 */
#else
enum { MARKERS = 0 }; /* no markers.S for this processor */
#endif

/* context_switch(), with in[] in those registers before; out[] is what they
 * held after. */
void *switch_with_markers(struct context **from, struct context *to, void *pass,
                          const uint64_t *in, uint64_t *out);

#endif
