/* SPDX-License-Identifier: MIT
 *
 * lock_readers.c - many may read at once, one may write. Readers follow each
 * other so closely that the lock is never free; a writer waits. With --bug starve
 * the lock lets every reader in, and the writer would wait as long as they come;
 * right: a lock that prefers writers asks new readers to wait.
 * Try: threads-demo lock --kind rwlock --bug starve
 * Read with: Rust Cookbook, RwLock; the libuv guide, "Threads".
 */
#include <sched.h>
#include <stdatomic.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { ROUNDS = 1000, PATIENCE = 10000000 };

struct shelf {
    pthread_rwlock_t lock; /* guards books */
    int books;
    _Atomic bool wants; /* the writer has come */
};

static void *write_one(void *arg)
{
    struct shelf *s = arg;

    /* release, pairs with the acquire below: only to be seen. */
    atomic_store_explicit(&s->wants, true, memory_order_release);
    must(pthread_rwlock_wrlock(&s->lock));
    s->books++;
    must(pthread_rwlock_unlock(&s->lock));
    return NULL;
}

/* Each reader comes before the last has gone, while a writer waits. How many
 * until the lock says no to one, which is when the writer's turn has come? */
static int readers_in_a_row(struct shelf *s, int most)
{
    int readers = 1;

    while (!atomic_load_explicit(&s->wants, memory_order_acquire))
        sched_yield();
    for (; readers < most && pthread_rwlock_tryrdlock(&s->lock) == 0;
         readers++) {
        must(pthread_rwlock_unlock(&s->lock)); /* the last one goes */
        sched_yield();
    }
    return readers;
}

int lock_readers(bool starve)
{
    struct shelf s = {.books = 0};
    pthread_rwlockattr_t prefer;
    int most = starve ? ROUNDS : PATIENCE;

    must(pthread_rwlockattr_init(&prefer));
    must(pthread_rwlockattr_setkind_np(
        &prefer, starve ? PTHREAD_RWLOCK_PREFER_READER_NP
                        : PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP));
    must(pthread_rwlock_init(&s.lock, &prefer));
    must(pthread_rwlockattr_destroy(&prefer));
    must(pthread_rwlock_rdlock(&s.lock)); /* the first reader */
    pthread_t writer = start_thread(write_one, &s);
    bool refused = readers_in_a_row(&s, most) < most;
    bool waited = s.books == 0; /* we are a reader: nobody writes */
    must(pthread_rwlock_unlock(&s.lock));
    must(pthread_join(writer, NULL));
    must(pthread_rwlock_destroy(&s.lock));
    printf("readers that follow each other: %s; the writer %s\n",
           refused ? "one had to wait" : "all were let in",
           refused ? "came before them" : "came when there were no more");
    return waited && s.books == 1 && refused != starve ? EXIT_SUCCESS
                                                       : EXIT_FAILURE;
}
