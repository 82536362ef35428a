/* SPDX-License-Identifier: MIT
 *
 * channel.h - pixels on their way from many threads to one: a lock, two
 * conditions, a ring. Here to show what a message costs; threads-demo has
 * channels in full.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { CHANNEL_CAPACITY = 1024 };

struct pixel {
    int32_t x, y, steps;
};

/* Invariant, whenever lock is free: count pixels wait in slot[head], slot[head
 * + 1], ... (modulo the capacity). senders says how many may still send. */
struct channel {
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t not_full, not_empty;
    int senders, head, count;
    struct pixel slot[CHANNEL_CAPACITY];
};

void channel_init(struct channel *channel, int senders);
void channel_destroy(struct channel *channel);

/* Waits for room. */
void channel_send(struct channel *channel, struct pixel pixel);

/* A sender is done. */
void channel_close(struct channel *channel);

/* Waits for a pixel. false: all senders are done, and nothing is left. */
bool channel_receive(struct channel *channel, struct pixel *pixel);

#endif
