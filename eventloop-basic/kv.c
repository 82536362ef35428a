/* SPDX-License-Identifier: MIT
 *
 * kv.c - a line comes, the store answers.
 */
#include "kv.h"

#include <stdlib.h>

#include "liner.h"
#include "util.h"

enum { QUEUE_LIMIT = 64 * 1024 }; /* an answer waits alone: liner.h */

struct kv {
    struct server server;
    struct store *store;
    pthread_mutex_t *lock;
};

static void on_line(struct liner *liner, const char *line, size_t length)
{
    struct kv *kv = liner->connection.all->owner;
    char answer[STORE_ANSWER_LIMIT];

    if (kv->lock != NULL)
        must(pthread_mutex_lock(kv->lock));
    size_t count = store_answer(kv->store, line, length, answer);
    if (kv->lock != NULL)
        must(pthread_mutex_unlock(kv->lock));
    connection_send(&liner->connection, answer, count);
}

static const struct line_protocol by_line = {
    .protocol = LINER_PROTOCOL(struct liner, QUEUE_LIMIT),
    .limit = STORE_LINE_LIMIT,
    .waits = true,
    .line = on_line,
};

int kv_listen(struct kv **out, uv_loop_t *loop, const struct listening *where,
              struct store *store, pthread_mutex_t *lock)
{
    struct kv *kv = calloc(1, sizeof *kv);
    if (kv == NULL)
        return -ENOMEM;
    kv->store = store;
    kv->lock = lock;
    int rc =
        server_listen(&kv->server, loop, where, &by_line.protocol, kv, free);
    if (rc == 0)
        *out = kv;
    return rc;
}

const struct server *kv_server(const struct kv *kv)
{
    return &kv->server;
}

void kv_close(struct kv *kv)
{
    server_close(&kv->server);
}
