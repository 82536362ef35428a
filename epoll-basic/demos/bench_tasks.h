/* SPDX-License-Identifier: MIT
 *
 * bench_tasks.h - the rows of `bench` that are about tasks.
 */
#ifndef BENCH_TASKS_H
#define BENCH_TASKS_H

/* A task is spawned, polled once and over; then the next one. */
int bench_spawn_to_end(long tasks);

/* The same, 100 spawned at a time. */
int bench_spawn_100(long tasks);

/* A task wakes itself and is polled. */
int bench_wake_and_poll(long polls);

/* Two tasks send each other a byte through a pair of sockets: two reads, two
 * writes, and two events by way of the reactor. */
int bench_ping_pong(long rounds);

#endif
