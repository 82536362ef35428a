/* SPDX-License-Identifier: MIT
 *
 * plain_fib.c - in a file of its own because the demos of join are built with
 * -fno-optimize-sibling-calls. Here that would let gcc see that the same number
 * is asked for twice, and ask once, which is another algorithm.
 */
#include "plain_fib.h"

long plain_fib(long n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

long plain_fib_joins(long n)
{
    return n < 2 ? 0 : 1 + plain_fib_joins(n - 1) + plain_fib_joins(n - 2);
}
