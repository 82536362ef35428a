/* SPDX-License-Identifier: MIT
 *
 * pool.c - making and ending the workers, and the way in from outside. What a
 * worker does in between is in worker.c.
 */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "pool_inside.h"
#include "util.h"

/* As many as this process may use; more than the set has room for, or no such
 * call: as many as there are. */
static unsigned allowed_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}

static struct pool *make_pool(unsigned count)
{
    size_t size = sizeof(struct pool) + count * sizeof(struct worker);
    struct pool *pool = aligned_alloc(CACHE_LINE, size);
    if (pool == NULL)
        return NULL;

    pool->count = count;
    atomic_init(&pool->sleepers, 0);
    must(pthread_mutex_init(&pool->lock, NULL));
    must(pthread_cond_init(&pool->root_done, NULL));
    pool->first = NULL;
    pool->last = &pool->first;
    pool->stopping = false;
    for (unsigned i = 0; i < count; i++) {
        struct worker *w = &pool->worker[i];
        deque_init(&w->deque);
        w->pool = pool;
        w->id = i;
        w->victim = (i + 1) % count;
        must(pthread_cond_init(&w->wake, NULL));
        w->asleep = w->in_frame = false;
    }
    return pool;
}

/* Stops the first so many workers, the only ones that run, and frees all. */
static void stop_and_free(struct pool *pool, unsigned started)
{
    must(pthread_mutex_lock(&pool->lock));
    pool->stopping = true;
    for (unsigned i = 0; i < started; i++)
        worker_wake(&pool->worker[i]);
    must(pthread_mutex_unlock(&pool->lock));
    for (unsigned i = 0; i < started; i++)
        must(pthread_join(pool->worker[i].thread, NULL));

    for (unsigned i = 0; i < pool->count; i++) {
        must(pthread_cond_destroy(&pool->worker[i].wake));
        deque_destroy(&pool->worker[i].deque);
    }
    must(pthread_cond_destroy(&pool->root_done));
    must(pthread_mutex_destroy(&pool->lock));
    free(pool);
}

int pool_new(struct pool **out, unsigned workers)
{
    if (workers > POOL_MOST_WORKERS)
        return -EINVAL;
    struct pool *pool = make_pool(workers == 0 ? allowed_cpus() : workers);
    if (pool == NULL)
        return -ENOMEM;

    for (unsigned i = 0; i < pool->count; i++) {
        struct worker *w = &pool->worker[i];
        int rc = pthread_create(&w->thread, NULL, worker_live, w);
        if (rc != 0) {
            stop_and_free(pool, i);
            return -rc;
        }
    }
    *out = pool; /* only now: the caller sees all of it or nothing */
    return 0;
}

void pool_free(struct pool *pool)
{
    if (pool != NULL)
        stop_and_free(pool, pool->count);
}

unsigned pool_size(const struct pool *pool)
{
    return pool->count;
}

int pool_run(struct pool *pool, int (*run)(struct worker *w, void *arg),
             void *arg)
{
    struct root root = {.run = run, .arg = arg};

    for (unsigned i = 0; i < pool->count; i++)
        if (pthread_equal(pthread_self(), pool->worker[i].thread))
            return -EDEADLK;

    must(pthread_mutex_lock(&pool->lock));
    /* root leaves the list before it is done, and we stay until it is. */
    /* cppcheck-suppress autoVariables */
    *pool->last = &root;
    /* cppcheck-suppress autoVariables */
    pool->last = &root.next;
    worker_wake_one(pool, true);
    while (!root.done)
        must(pthread_cond_wait(&pool->root_done, &pool->lock));
    must(pthread_mutex_unlock(&pool->lock));
    return root.rc;
}
