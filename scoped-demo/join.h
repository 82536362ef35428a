/* SPDX-License-Identifier: MIT
 *
 * join.h - two halves, perhaps at the same time, both done on return.
 *
 * join() puts B where thieves can find it, runs A, and then takes B back and
 * runs it; only if a thief came meanwhile did the two run at once. So it costs
 * little where there is nothing to gain, and code that may run in parallel need
 * not know whether it does. Nothing is allocated: what the halves share lies in
 * the frame of join(), which is why join() never returns before both have.
 *
 * Read with: Rayon's documentation of join; Cilk's "work first" principle.
 */
#ifndef JOIN_H
#define JOIN_H

struct worker;

/* Runs a(worker, a_arg) on w and b(worker, b_arg) on w or on a thief, and
 * returns when both have ended: both always run, though one fails. 0, or the
 * first error in the order of the text: a's, else b's (each gives 0 or a
 * negative errno). While a thief has b, w runs other tasks or sleeps. To be
 * called on w's own thread. */
int join(struct worker *w, int (*a)(struct worker *w, void *arg), void *a_arg,
         int (*b)(struct worker *w, void *arg), void *b_arg);

#endif
