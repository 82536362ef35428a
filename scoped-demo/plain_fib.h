/* SPDX-License-Identifier: MIT
 *
 * plain_fib.h - Fibonacci numbers by plain calls, which joins are compared with.
 */
#ifndef PLAIN_FIB_H
#define PLAIN_FIB_H

long plain_fib(long n);

/* How many joins fib(n) takes: a call with n of two or more is one. */
long plain_fib_joins(long n);

#endif
