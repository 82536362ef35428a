/* SPDX-License-Identifier: MIT
 *
 * pool.c - workers: victims, sleeping and waking, roots, beginning and end.
 *
 * Why no worker oversleeps. A worker that wants to sleep
 *   (1) says so in its sleep word, and counts itself a sleeper,
 *   (2) asks every other worker to share,
 *   (3) looks once more at everything that could end its sleep, and then
 *   (4) waits, if its sleep word still says so.
 * Whoever does what could end a sleep does it first and looks for sleepers then:
 *
 *   shared tasks  deque_answer(): lift the ceiling, share; then sleepers.
 *   a latch       the last drop, or task_give_back(); then the sleep word.
 *   a root        (a job from outside) count it; then the sleep words. Likewise
 *                 the order to stop.
 *
 * Each of these accesses is seq_cst, so there is one order of all of them. If
 * the other one's deed comes before (3), the sleeper sees it. If it comes after
 * (3), it comes after (1), and the other one sees the sleeper. So one of the two
 * always notices, and waking is a compare-and-swap of the sleep word, which one
 * of two wakers wins; (4) then does not wait, or is ended by the futex.
 *
 * And no question is lost: if a sleeper's (2) comes before the ceiling is
 * lifted, then so does (1), the answering owner sees the sleeper, wakes one, and
 * lowers the ceiling again as long as there are more.
 *
 * What is private to a busy worker wakes nobody. It is shared at the first push
 * or pop after the question, and until then its owner alone can run it, and will:
 * being woken for a task is a matter of speed, never of hanging. An owner that
 * sleeps has no private tasks: those below its frame, which it may not run now,
 * it shares before, since while it sleeps it can answer nobody.
 */
#include "pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

enum { LOOKS_BEFORE_SLEEP = 64 };

/* What a sleep word says. A worker that sleeps in a frame, that is in
 * worker_await(), takes no root: it has something to return to. */
enum { AWAKE, ASLEEP_IDLE, ASLEEP_IN_FRAME };

/* A job from outside. It lies in the frame of its pool_run(). */
struct root {
    int (*run)(struct task *top, void *arg);
    void *arg;
    int rc;
    bool done;
    struct root *next;
};

struct pool {
    unsigned count; /* fixed by pool_new() */
    struct deque *deques;

    /* Looked at without the lock. */
    atomic_uint sleepers; /* sleep words that do not say AWAKE */
    atomic_uint roots;    /* in the list below */
    atomic_bool stopping;

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t root_done;
    struct root *first, **last; /* roots that wait, in their order */

    struct worker worker[];
};

/* ---- Waking ---- */

static bool wake_if(struct worker *w, uint32_t how)
{
    /* seq_cst: see the top. */
    if (atomic_load_explicit(&w->sleep, memory_order_seq_cst) != how ||
        !atomic_compare_exchange_strong_explicit(
            &w->sleep, &how, AWAKE, memory_order_seq_cst, memory_order_relaxed))
        return false;
    /* seq_cst, pairs with worker_answer() and go_to_sleep(). */
    atomic_fetch_sub_explicit(&w->pool->sleepers, 1, memory_order_seq_cst);
    return true;
}

static void wake_futex(struct worker *w)
{
    syscall(SYS_futex, &w->sleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void worker_wake(struct worker *w)
{
    if (wake_if(w, ASLEEP_IDLE) || wake_if(w, ASLEEP_IN_FRAME))
        wake_futex(w);
}

static bool wake_one(struct pool *pool, uint32_t how)
{
    for (unsigned i = 0; i < pool->count; i++) {
        if (wake_if(&pool->worker[i], how)) {
            wake_futex(&pool->worker[i]);
            return true;
        }
    }
    return false;
}

/* For a task any sleeper will do, but best one that has no frames below. */
static void wake_for_task(struct pool *pool)
{
    if (!wake_one(pool, ASLEEP_IDLE))
        wake_one(pool, ASLEEP_IN_FRAME);
}

static bool has_sleepers(struct pool *pool)
{
    /* seq_cst: see the top. */
    return atomic_load_explicit(&pool->sleepers, memory_order_seq_cst) > 0;
}

/* Shares half of what is private below top. False: nothing is. */
static bool share(struct task *top)
{
    struct deque *d = deque_of(top);
    struct pool *pool = d->worker->pool;

    if (!deque_answer(d, top))
        return false;
    if (has_sleepers(pool)) {
        wake_for_task(pool);
        if (has_sleepers(pool))
            deque_ask(d); /* in the others' name: at the next push */
    }
    return true;
}

bool worker_answer(struct task *top)
{
    bool room = deque_has_room(top);

    if (deque_is_asked(deque_of(top)))
        share(room ? top + 1 : top);
    return room;
}

bool worker_take_back(struct task *top)
{
    /* What is to be run at once is not given away, but what lies below it. */
    if (deque_is_asked(deque_of(top)))
        share(top);
    return deque_reclaim(top);
}

/* ---- Tasks ---- */

static bool run_stolen(struct task *top, struct deque *d)
{
    struct task *task = deque_steal(d);

    if (task == NULL)
        return false;
    /* relaxed: a hint whom to help, no more. */
    atomic_store_explicit(&task->thief, worker_of(top), memory_order_relaxed);
    worker_of(top)->steals++;
    task->call(task, top);
    return true;
}

static bool steal_from(struct task *top, struct worker *victim)
{
    if (run_stolen(top, victim->joins) || run_stolen(top, victim->spawns))
        return true;
    deque_ask(victim->joins);
    deque_ask(victim->spawns);
    return false;
}

/* From every other worker in turn, beginning with the last lucky one. */
static bool steal(struct task *top, struct worker *w)
{
    struct pool *pool = w->pool;

    for (unsigned i = 0; i < pool->count; i++) {
        unsigned victim = (w->victim + i) % pool->count;
        if (victim != w->id && steal_from(top, &pool->worker[victim])) {
            w->victim = victim;
            return true;
        }
    }
    return false;
}

/* A thief's: the slot is read and given back, for its owner may want it. */
static void call_spawned(struct task *self, struct task *top)
{
    struct task task = {.run = self->run, .word = self->word};

    task_give_back(self);
    task.run.spawned(top, task.word.pointer);
}

void worker_run_spawned(struct task *top)
{
    struct task *task = --worker_of(top)->spawn_top;

    if (deque_pop(task) || worker_take_back(task)) {
        task->run.spawned(top, task->word.pointer);
        return;
    }
    while (!task_is_back(task))
        sched_yield(); /* the thief gives it back before it runs it */
    deque_forget(task);
}

/* ---- Sleeping ---- */

/* Whether w could steal one. What it has itself lies below its frame. */
static bool any_task(struct worker *w)
{
    for (unsigned i = 0; i < w->pool->count; i++)
        if (i != w->id && (deque_has_shared(w->pool->worker[i].joins) ||
                           deque_has_shared(w->pool->worker[i].spawns)))
            return true;
    return false;
}

/* (1) to (4) of the top. */
static void go_to_sleep(struct worker *w, uint32_t how,
                        bool (*over)(void *what), void *what)
{
    struct pool *pool = w->pool;

    /* seq_cst, both: see the top. */
    atomic_fetch_add_explicit(&pool->sleepers, 1, memory_order_seq_cst);
    atomic_store_explicit(&w->sleep, how, memory_order_seq_cst);
    for (unsigned i = 0; i < pool->count; i++) {
        if (i != w->id) {
            deque_ask(pool->worker[i].joins);
            deque_ask(pool->worker[i].spawns);
        }
    }
    if (over(what) || any_task(w))
        wake_if(w, how); /* or someone just did */
    /* acquire: what came before waking us is seen. */
    while (atomic_load_explicit(&w->sleep, memory_order_acquire) == how)
        syscall(SYS_futex, &w->sleep, FUTEX_WAIT_PRIVATE, how, NULL, NULL, 0);
    /* It may have been woken for a task and for this besides: another's turn. */
    if (over(what) && any_task(w))
        wake_for_task(pool);
}

void worker_await(struct task *top, struct worker *likely,
                  bool (*over)(void *what), void *what)
{
    struct worker *w = worker_of(top);

    for (int looks = 0;;) {
        while (worker_has_spawned(w)) {
            worker_run_spawned(top);
            looks = 0;
        }
        if (over(what))
            return;
        if ((likely != NULL && steal_from(top, likely)) || steal(top, w)) {
            looks = 0;
        } else if (looks++ < LOOKS_BEFORE_SLEEP) {
            sched_yield();
        } else {
            while (share(top) || share(w->spawn_top))
                continue;
            go_to_sleep(w, ASLEEP_IN_FRAME, over, what);
            looks = 0;
        }
    }
}

/* ---- A worker's life ---- */

static bool is_called(void *arg)
{
    struct pool *pool = arg;

    /* seq_cst, both: see the top. */
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
    struct pool *pool = w->pool;
    struct task *top = w->joins->slot;
    struct root *root;

    for (int looks = 0;;) {
        if (is_called(pool) && (root = take_root(pool)) != NULL) {
            run_root(pool, root, top);
            looks = 0;
        } else if (worker_has_spawned(w)) {
            worker_run_spawned(top);
            looks = 0;
        } else if (steal(top, w)) {
            looks = 0;
        } else if (is_called(pool)) {
            /* acquire would do; it is read to tell it from a root. */
            if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst))
                return NULL;
        } else if (looks++ < LOOKS_BEFORE_SLEEP) {
            sched_yield();
        } else {
            go_to_sleep(w, ASLEEP_IDLE, is_called, pool);
            looks = 0;
        }
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
    struct pool *pool = aligned_alloc(
        _Alignof(struct pool), sizeof *pool + count * sizeof(struct worker));
    if (pool == NULL)
        return NULL;
    pool->deques =
        aligned_alloc(DEQUE_BYTES, 2 * (size_t)count * sizeof(struct deque));
    if (pool->deques == NULL) {
        free(pool);
        return NULL;
    }

    pool->count = count;
    atomic_init(&pool->sleepers, 0);
    atomic_init(&pool->roots, 0);
    atomic_init(&pool->stopping, false);
    must(pthread_mutex_init(&pool->lock, NULL));
    must(pthread_cond_init(&pool->root_done, NULL));
    pool->first = NULL;
    pool->last = &pool->first;
    for (unsigned i = 0; i < count; i++) {
        struct worker *w = &pool->worker[i];
        w->joins = &pool->deques[2 * (size_t)i];
        w->spawns = w->joins + 1;
        deque_init(w->joins, w);
        deque_init(w->spawns, w);
        w->spawn_top = w->spawn_floor = w->spawns->slot;
        for (size_t slot = 0; slot < DEQUE_CAPACITY; slot++)
            w->spawns->slot[slot].call = call_spawned;
        w->pool = pool;
        w->id = i;
        w->victim = (i + 1) % count;
        w->steals = w->allocations = 0;
        w->spares = 0;
        atomic_init(&w->sleep, AWAKE);
    }
    return pool;
}

/* Stops the first so many workers, the only ones that run, and frees all. */
static void stop_and_free(struct pool *pool, unsigned started)
{
    /* seq_cst: see the top. */
    atomic_store_explicit(&pool->stopping, true, memory_order_seq_cst);
    for (unsigned i = 0; i < started; i++)
        worker_wake(&pool->worker[i]);
    for (unsigned i = 0; i < started; i++) {
        struct worker *w = &pool->worker[i];
        must(pthread_join(w->thread, NULL));
        while (w->spares > 0)
            free(w->spare[--w->spares]);
    }

    must(pthread_cond_destroy(&pool->root_done));
    must(pthread_mutex_destroy(&pool->lock));
    free(pool->deques);
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

    for (unsigned i = 0; i < pool->count; i++) {
        struct worker *w = &pool->worker[i];
        rc = pthread_create(&w->thread, NULL, live, w);
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

size_t pool_steals(const struct pool *pool, unsigned worker)
{
    return pool->worker[worker].steals;
}

size_t pool_allocations(const struct pool *pool)
{
    size_t sum = 0;

    for (unsigned i = 0; i < pool->count; i++)
        sum += pool->worker[i].allocations;
    return sum;
}

int pool_run(struct pool *pool, int (*run)(struct task *top, void *arg),
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
    /* seq_cst: see the top. */
    atomic_fetch_add_explicit(&pool->roots, 1, memory_order_seq_cst);
    must(pthread_mutex_unlock(&pool->lock));
    wake_one(pool, ASLEEP_IDLE);

    must(pthread_mutex_lock(&pool->lock));
    while (!root.done)
        must(pthread_cond_wait(&pool->root_done, &pool->lock));
    must(pthread_mutex_unlock(&pool->lock));
    return root.rc;
}
