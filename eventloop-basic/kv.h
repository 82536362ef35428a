/* SPDX-License-Identifier: MIT
 *
 * kv.h - a store, served by line over TCP. A client may ask many things before
 * it reads: it gets the answers in order, and no new ones while one waits.
 *
 * On one loop the store needs no lock: a line is answered between two waits,
 * and nothing else runs meanwhile. Several loops, on as many threads, share a
 * store by a lock that is held for one line, and never while a loop waits.
 *
 * All functions are for the loop's thread. SIGPIPE must be ignored.
 *
 * Read with: Tokio's tutorial, "Shared state", "Spawning", "Framing".
 */
#ifndef KV_H
#define KV_H

#include <pthread.h>

#include "server.h"
#include "store.h"

struct kv; /* its memory goes with its last handle, while the loop runs */

/* The store, and the lock (or NULL), must outlive it. -ENOMEM, or as
 * server_listen(); the loop must then run once more before uv_loop_close(). */
int kv_listen(struct kv **out, uv_loop_t *loop, const struct listening *where,
              struct store *store, pthread_mutex_t *lock);

const struct server *kv_server(const struct kv *kv);

/* The end of it; the kv must not be touched after this. */
void kv_close(struct kv *kv);

#endif
