/* SPDX-License-Identifier: MIT
 *
 * oneshot.h - one value, sent once, from one thread to one other.
 *
 * The struct and the place for the value are the receiver's memory, on its stack
 * if it likes: oneshot_recv() returns only when the sender has done with both.
 * The sender's part is to call exactly one of oneshot_send() and
 * oneshot_hang_up(); it then touches them no more.
 *
 * A receiver that gives up (oneshot_recv_until() said -ETIMEDOUT) must keep the
 * memory until the sender has played its part: the sender cannot know.
 *
 * Read with: Rust Atomics and Locks, ch. 5; Tokio's oneshot.
 */
#ifndef ONESHOT_H
#define ONESHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct oneshot {
    _Atomic uint32_t state; /* oneshot.c knows the four */
    size_t value_size;
    void *place;
};

/* The value, of value_size bytes, will be copied to *place. */
void oneshot_init(struct oneshot *o, void *place, size_t value_size);

/* Sender: copies *value, wakes the receiver. Never blocks. -EALREADY: there was
 * a value, or a hang-up, before. */
int oneshot_send(struct oneshot *o, const void *value);

/* Sender: there will be no value. -EALREADY as above. */
int oneshot_hang_up(struct oneshot *o);

/* Receiver: waits until the value is in its place. -EPIPE: the sender hung up.
 * May be called again: the answer stays. */
int oneshot_recv(struct oneshot *o);

/* The same, until the deadline at most, a moment of now_ns(): -ETIMEDOUT. */
int oneshot_recv_until(struct oneshot *o, int64_t deadline);

#endif
