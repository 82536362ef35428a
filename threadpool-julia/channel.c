/* SPDX-License-Identifier: MIT
 *
 * channel.c - each condition is signalled when what it waits for becomes true
 * for one more thread; the last close tells the one receiver.
 */
#include "channel.h"

#include "util.h"

void channel_init(struct channel *ch, int senders)
{
    must(pthread_mutex_init(&ch->lock, NULL));
    must(pthread_cond_init(&ch->not_full, NULL));
    must(pthread_cond_init(&ch->not_empty, NULL));
    ch->senders = senders;
    ch->head = ch->count = 0;
}

void channel_destroy(struct channel *ch)
{
    must(pthread_cond_destroy(&ch->not_empty));
    must(pthread_cond_destroy(&ch->not_full));
    must(pthread_mutex_destroy(&ch->lock));
}

void channel_send(struct channel *ch, struct pixel pixel)
{
    must(pthread_mutex_lock(&ch->lock));
    while (ch->count == CHANNEL_CAPACITY)
        must(pthread_cond_wait(&ch->not_full, &ch->lock));
    ch->slot[(ch->head + ch->count) % CHANNEL_CAPACITY] = pixel;
    ch->count++;
    must(pthread_cond_signal(&ch->not_empty));
    must(pthread_mutex_unlock(&ch->lock));
}

void channel_close(struct channel *ch)
{
    must(pthread_mutex_lock(&ch->lock));
    ch->senders--;
    must(pthread_cond_signal(&ch->not_empty));
    must(pthread_mutex_unlock(&ch->lock));
}

bool channel_receive(struct channel *ch, struct pixel *pixel)
{
    must(pthread_mutex_lock(&ch->lock));
    while (ch->count == 0 && ch->senders > 0)
        must(pthread_cond_wait(&ch->not_empty, &ch->lock));
    bool received = ch->count > 0;
    if (received) {
        *pixel = ch->slot[ch->head];
        ch->head = (ch->head + 1) % CHANNEL_CAPACITY;
        ch->count--;
        must(pthread_cond_signal(&ch->not_full));
    }
    must(pthread_mutex_unlock(&ch->lock));
    return received;
}
