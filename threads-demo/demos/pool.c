/* SPDX-License-Identifier: MIT
 *
 * pool.c - ten jobs on four workers; each job waits for the one after it, so
 * they finish in another order than they were submitted, and the results come in
 * order all the same. With --bug hold each job runs with the lock held that it
 * was received under: then one worker does what four could.
 * Try: threads-demo pool --bug hold
 * Read with: The Rust Programming Language, ch. 21; Hoverbear on futures.
 */
#include "../pool.h"
#include "../demo.h"
#include "../oneshot.h"
#include "stage.h"
#include "verbs.h"

enum { JOBS = 10, WORKERS = 4, TEXT_JOB = 5 };

struct shared {
    pthread_mutex_t lock; /* guards the numbers */
    int running, most, finished;
    bool hold;
    pthread_mutex_t guard; /* what --bug hold holds */
};

struct job {
    struct shared *shared;
    int id;
    struct job *next; /* the one it waits for, if any */
    struct oneshot done;
    int sent;                   /* the oneshot's place; it only says "done" */
    enum { NUMBER, TEXT } kind; /* of its result */
    union {
        int number;
        const char *text;
    };
};

static int count(struct shared *s, int running, int finished)
{
    must(pthread_mutex_lock(&s->lock));
    s->running += running;
    s->most = s->running > s->most ? s->running : s->most;
    s->finished += finished;
    int nth = s->finished;
    must(pthread_mutex_unlock(&s->lock));
    return nth;
}

static void *run(void *arg)
{
    struct job *job = arg;
    char worker[16];

    if (job->shared->hold)
        must(pthread_mutex_lock(&job->shared->guard));
    count(job->shared, +1, 0);
    if (job->next != NULL)
        must(oneshot_recv(&job->next->done));
    job->kind = job->id == TEXT_JOB ? TEXT : NUMBER;
    if (job->kind == TEXT)
        job->text = "text";
    else
        job->number = job->id;
    must(pthread_getname_np(pthread_self(), worker, sizeof worker));
    trace(worker, "finishes job %d, as number %d", job->id,
          count(job->shared, -1, 1));
    if (job->shared->hold)
        must(pthread_mutex_unlock(&job->shared->guard));
    must(oneshot_send(&job->done, &job->id));
    return job;
}

static bool is_result_of(const struct job *job, int id)
{
    return job->kind == TEXT ? id == TEXT_JOB && strcmp(job->text, "text") == 0
                             : job->number == id;
}

int pool_main(int argc, char **argv)
{
    struct choice bug = {
        "bug", "hold: run jobs with the queue's lock held", -1, {"hold"}, 0, 0};
    struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .guard = PTHREAD_MUTEX_INITIALIZER};
    struct job jobs[JOBS];
    struct pool *pool;
    bool in_order = true;

    choose(argc, argv, "Ten jobs on four workers.", &bug, 1);
    watchdog(30, "pool: a job waits for one that no worker runs\n");
    shared.hold = bug.chosen == 0;
    for (int i = 0; i < JOBS; i++) {
        bool waits = !shared.hold && i % WORKERS < WORKERS - 1 && i < JOBS - 1;
        jobs[i] = (struct job){
            .shared = &shared, .id = i, .next = waits ? &jobs[i + 1] : NULL};
        oneshot_init(&jobs[i].done, &jobs[i].sent, sizeof jobs[i].sent);
    }
    int rc = pool_new(&pool, WORKERS, JOBS);
    for (int i = 0; i < JOBS && rc == 0; i++)
        rc = pool_submit(pool, run, &jobs[i]);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "give ten jobs to a pool");
    for (int i = 0; i < JOBS; i++) {
        void *job;
        must(pool_fetch(pool, &job));
        in_order = in_order && is_result_of(job, i);
    }
    pool_free(pool);
    printf("in order: %s; at most %d jobs ran at the same time\n",
           in_order ? "true" : "false", shared.most);
    return in_order && shared.most == (shared.hold ? 1 : WORKERS)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
