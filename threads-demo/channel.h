/* SPDX-License-Identifier: MIT
 *
 * channel.h - values handed from any number of senders to any number of
 * receivers, by the rules of Rust's channels.
 *
 * A channel has two sides. Each side is held by one holder at birth; a holder
 * takes another hold for a friend (channel_add_*) before handing the pointer
 * on, and lets go when done (channel_drop_*). When the last sender has let go,
 * receivers drain what is queued and are then told the channel is closed; when
 * the last receiver has, queued values are dropped and senders are told at
 * once. The last hold of all frees the channel.
 *
 * Any thread may call any function, as long as it has a hold on that side; two
 * threads do not use one hold at the same time.
 *
 * Values come out in the order they went in; each comes out once. A value is
 * bytes: what it points to belongs to whoever has the value, to the channel
 * while it is queued.
 *
 * Read with: The Rust Programming Language, ch. 16; Rust Cookbook,
 * "Concurrency"; OSTEP, ch. 30.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <stdint.h>

struct channel; /* the engines alone see inside */

/* Two engines that keep the same promises, one written to be read, one to be
 * fast. */
enum channel_engine {
    CHANNEL_MUTEX, /* one lock, two conditions: channel_mutex.c */
    CHANNEL_RING   /* no lock but to sleep: channel_ring.c, channel_blocks.c */
};

/* Capacities with a meaning of their own. No room: each send waits until its
 * value is taken (a rendezvous; channel_meet.c, whatever the engine). No bound:
 * the queue grows. */
#define CHANNEL_NO_ROOM   0
#define CHANNEL_UNBOUNDED SIZE_MAX

/* A channel for values of value_size bytes, copied in and out, with room for
 * capacity of them. It is born with one sender and one receiver. -EINVAL: a
 * size of 0; -ENOMEM. */
int channel_new(struct channel **out, enum channel_engine engine,
                size_t value_size, size_t capacity);

/* Values that no receiver is left for are dropped by this, each once. Set it
 * before the first send; it must not call the channel. Default: forgotten. */
void channel_set_drop(struct channel *ch, void (*drop)(void *value));

/* One more hold on a side. Call it before the new holder starts. */
void channel_add_sender(struct channel *ch);
void channel_add_receiver(struct channel *ch);

/* Lets go of one hold; ch is then not to be touched through it. */
void channel_drop_sender(struct channel *ch);
void channel_drop_receiver(struct channel *ch);

/* Copies *value in; blocks while the channel is full. -EPIPE: no receiver is
 * left, -ENOMEM: an unbounded queue could not grow. On an error the value was
 * not taken. A value sent while the last receiver lets go may be dropped. */
int channel_send(struct channel *ch, const void *value);

/* The same, not blocking: -EAGAIN if the channel is full (no room: if no
 * receiver waits). */
int channel_try_send(struct channel *ch, const void *value);

/* The same, blocking until the deadline at most, a moment of now_ns():
 * -ETIMEDOUT. */
int channel_send_until(struct channel *ch, const void *value, int64_t deadline);

/* Copies the oldest value out; blocks while there is none. -EPIPE: the channel
 * is empty and no sender is left. On an error *value is as it was. */
int channel_recv(struct channel *ch, void *value);

/* The same, not blocking: -EAGAIN if the channel is empty. */
int channel_try_recv(struct channel *ch, void *value);

/* The same, blocking until the deadline at most: -ETIMEDOUT. */
int channel_recv_until(struct channel *ch, void *value, int64_t deadline);

/* How many values are queued: a moment's number, for display and tests. */
size_t channel_length(struct channel *ch);

#endif
