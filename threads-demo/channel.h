/* SPDX-License-Identifier: MIT
 *
 * channel.h - values handed from any number of senders to any number of
 * receivers, by the rules of Rust's channels.
 *
 * A channel has two sides. Each side is held by one holder at birth; a holder
 * takes another hold for a friend (channel_add_*) before handing the pointer
 * on, and lets go when done (channel_drop_*). When the last sender has let go,
 * receivers drain what is queued and are then told the channel is closed; when
 * the last receiver has, senders are told at once. The last hold of all frees
 * the channel.
 *
 * Any thread may call any function, as long as it has a hold on that side.
 *
 * Read with: The Rust Programming Language, ch. 16; Rust Cookbook,
 * "Concurrency"; OSTEP, ch. 30.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <stdint.h>

struct channel; /* channel.c alone sees the lock */

/* As a capacity: no bound, the queue grows. */
#define CHANNEL_UNBOUNDED SIZE_MAX

/* A channel for values of value_size bytes, copied in and out, with room for
 * capacity of them: at least 1, or CHANNEL_UNBOUNDED. It is born with one
 * sender and one receiver. -EINVAL: a size or capacity of 0; -ENOMEM. */
int channel_new(struct channel **out, size_t value_size, size_t capacity);

/* One more hold on a side. Call it before the new holder starts. */
void channel_add_sender(struct channel *ch);
void channel_add_receiver(struct channel *ch);

/* Lets go of one hold; ch is then not to be touched through it. */
void channel_drop_sender(struct channel *ch);
void channel_drop_receiver(struct channel *ch);

/* Copies *value in; blocks while the channel is full. -EPIPE: no receiver is
 * left, -ENOMEM: an unbounded queue could not grow. On an error the value was
 * not taken. */
int channel_send(struct channel *ch, const void *value);

/* Copies the oldest value out; blocks while there is none. -EPIPE: the channel
 * is empty and no sender is left. */
int channel_recv(struct channel *ch, void *value);

#endif
