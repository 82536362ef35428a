/* SPDX-License-Identifier: MIT
 *
 * pool.c - jobs from outside, and the workers' beginning and end.
 *
 * A job from outside is a root: it lies in a list until a worker is idle, and in
 * the frame of its pool_run() until it is done. Why no idle worker sleeps on while
 * one lies there, worker.c says.
 */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "util.h"
#include "worker.h"

struct root {
    int (*run)(struct task *top, void *arg);
    void *arg;
    int rc;
    bool done;
    struct root *next;
};

struct pool {
    struct crew crew; /* first: live() knows */
    struct deque *deques;

    /* Looked at without the lock. */
    atomic_uint roots; /* in the list below */
    atomic_bool stopping;

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t root_done;
    struct root *first, **last; /* roots that wait, in their order */

    pthread_t thread[]; /* of each worker; fixed by pool_new() */
};

/* ---- A worker's life ---- */

static bool is_called(void *arg)
{
    struct pool *pool = arg;

    /* seq_cst, both: worker.c says why it must be so strict. */
    return atomic_load_explicit(&pool->roots, memory_order_seq_cst) > 0 ||
           atomic_load_explicit(&pool->stopping, memory_order_seq_cst);
}

static struct root *take_root(struct pool *pool)
{
    must(pthread_mutex_lock(&pool->lock));
    struct root *root = pool->first;
    if (root != NULL) {
        pool->first = root->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
        /* relaxed: only the rise matters to sleepers. */
        atomic_fetch_sub_explicit(&pool->roots, 1, memory_order_relaxed);
    }
    must(pthread_mutex_unlock(&pool->lock));
    return root;
}

static void run_root(struct pool *pool, struct root *root, struct task *top)
{
    int rc = root->run(top, root->arg);

    must(pthread_mutex_lock(&pool->lock));
    root->rc = rc;
    root->done = true; /* unlocked, the frame that root lies in may go */
    must(pthread_cond_broadcast(&pool->root_done));
    must(pthread_mutex_unlock(&pool->lock));
}

static void *live(void *arg)
{
    struct worker *w = arg;
    struct pool *pool = (struct pool *)w->crew; /* its first member */
    struct task *top = w->joins->slot;

    for (;;) {
        worker_idle(top, is_called, pool);
        struct root *root = take_root(pool);
        if (root != NULL)
            run_root(pool, root, top);
        /* seq_cst, as in is_called(); acquire would do. */
        else if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst))
            return NULL;
    }
}

/* ---- Beginning and end ---- */

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

static int default_size(unsigned *out)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here sets variables. */
    const char *text = getenv("SCOPED_DEMO_THREADS");
    long size = allowed_cpus();

    if (text != NULL && parse_count(text, 1, POOL_MOST_WORKERS, &size) < 0)
        return -EINVAL;
    *out = size < POOL_MOST_WORKERS ? (unsigned)size : POOL_MOST_WORKERS;
    return 0;
}

static struct pool *make_pool(unsigned count)
{
    struct pool *pool = malloc(sizeof *pool + count * sizeof(pthread_t));
    if (pool == NULL)
        return NULL;
    struct worker *worker =
        aligned_alloc(_Alignof(struct worker), count * sizeof *worker);
    if (worker == NULL)
        goto free_pool;
    pool->deques =
        aligned_alloc(DEQUE_BYTES, 2 * (size_t)count * sizeof(struct deque));
    if (pool->deques == NULL)
        goto free_worker;

    pool->crew.count = count;
    pool->crew.worker = worker;
    atomic_init(&pool->crew.sleepers, 0);
    for (unsigned i = 0; i < count; i++)
        worker_init(&worker[i], &pool->crew, i, &pool->deques[2 * (size_t)i],
                    &pool->deques[2 * (size_t)i + 1]);
    atomic_init(&pool->roots, 0);
    atomic_init(&pool->stopping, false);
    must(pthread_mutex_init(&pool->lock, NULL));
    must(pthread_cond_init(&pool->root_done, NULL));
    pool->first = NULL;
    pool->last = &pool->first;
    return pool;
free_worker:
    free(worker);
free_pool:
    free(pool);
    return NULL;
}

/* Stops the first so many workers, the only ones that run, and frees all. */
static void stop_and_free(struct pool *pool, unsigned started)
{
    /* seq_cst: see is_called(). */
    atomic_store_explicit(&pool->stopping, true, memory_order_seq_cst);
    for (unsigned i = 0; i < started; i++)
        worker_wake(&pool->crew.worker[i]);
    for (unsigned i = 0; i < started; i++) {
        must(pthread_join(pool->thread[i], NULL));
        worker_destroy(&pool->crew.worker[i]);
    }

    must(pthread_cond_destroy(&pool->root_done));
    must(pthread_mutex_destroy(&pool->lock));
    free(pool->deques);
    free(pool->crew.worker);
    free(pool);
}

int pool_new(struct pool **out, unsigned workers)
{
    if (workers > POOL_MOST_WORKERS)
        return -EINVAL;
    int rc = workers == 0 ? default_size(&workers) : 0;
    if (rc < 0)
        return rc;
    struct pool *pool = make_pool(workers);
    if (pool == NULL)
        return -ENOMEM;

    for (unsigned i = 0; i < pool->crew.count; i++) {
        rc =
            pthread_create(&pool->thread[i], NULL, live, &pool->crew.worker[i]);
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
        stop_and_free(pool, pool->crew.count);
}

unsigned pool_size(const struct pool *pool)
{
    return pool->crew.count;
}

size_t pool_steals(const struct pool *pool, unsigned worker)
{
    return pool->crew.worker[worker].steals;
}

size_t pool_allocations(const struct pool *pool)
{
    size_t sum = 0;

    for (unsigned i = 0; i < pool->crew.count; i++)
        sum += pool->crew.worker[i].allocations;
    return sum;
}

int pool_run(struct pool *pool, int (*run)(struct task *top, void *arg),
             void *arg)
{
    struct root root = {.run = run, .arg = arg};

    for (unsigned i = 0; i < pool->crew.count; i++)
        if (pthread_equal(pthread_self(), pool->thread[i]))
            return -EDEADLK;

    must(pthread_mutex_lock(&pool->lock));
    /* root leaves the list before it is done, and we stay until it is. */
    /* cppcheck-suppress autoVariables */
    *pool->last = &root;
    /* cppcheck-suppress autoVariables */
    pool->last = &root.next;
    /* seq_cst: see is_called(). */
    atomic_fetch_add_explicit(&pool->roots, 1, memory_order_seq_cst);
    must(pthread_mutex_unlock(&pool->lock));
    crew_wake_idle(&pool->crew);

    must(pthread_mutex_lock(&pool->lock));
    while (!root.done)
        must(pthread_cond_wait(&pool->root_done, &pool->lock));
    must(pthread_mutex_unlock(&pool->lock));
    return root.rc;
}

int pool_once(unsigned workers, int (*run)(struct task *top, void *arg),
              void *arg)
{
    struct pool *pool;

    int rc = pool_new(&pool, workers);
    if (rc < 0)
        return rc;
    /* There is a pool: pool_new() does not return -rc where rc is 0. */
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
    rc = pool_run(pool, run, arg);
    pool_free(pool);
    return rc;
}
