/* SPDX-License-Identifier: MIT
 *
 * fail.c - what becomes of errors. Where Rayon speaks of panics, C has results:
 * whatever fails, all that was begun is ended, and then the first error is told.
 *
 * Try: scoped-demo fail
 * Read with: Rayon's documentation of join and scope, "Panics"; crossbeam's of
 * scoped threads.
 */
#include <fcntl.h>

#include "../demo.h"
#include "../join.h"
#include "../pool.h"
#include "../scope.h"
#include "../thread_scope.h"
#include "verbs.h"

/* ---- Two halves ---- */

static bool b_ran;

static int half_a(struct task *top, void *arg)
{
    (void)top;
    (void)arg;
    return -EIO;
}

static int half_b(struct task *top, void *arg)
{
    (void)top;
    (void)arg;
    b_ran = true;
    return -EPERM;
}

static int both_fail(struct task *top, void *arg)
{
    return join(top, half_a, arg, half_b, arg);
}

/* ---- Ten tasks ---- */

static int ran[10];

static int third_fails(struct task *top, struct scope *s, void *arg)
{
    int *own = arg;

    (void)top;
    (void)s;
    usleep(1000);
    *own = 1;
    return own == &ran[2] ? -EIO : 0;
}

static int spawn_ten(struct task *top, struct scope *s, void *arg)
{
    int rc = 0;

    (void)arg;
    for (int i = 0; i < 10 && rc == 0; i++)
        rc = scope_spawn(s, top, third_fails, &ran[i]);
    return rc;
}

static int ten_tasks(struct task *top, void *arg)
{
    return scope_run(top, spawn_ten, arg);
}

/* ---- A producer that dies, and the consumer that waits for it ---- */

struct pair {
    int pipe[2];
    int received, results[2];
};

static int produce_and_fail(void *arg)
{
    struct pair *p = arg;

    ssize_t n = write(p->pipe[1], "ab", 2);
    /* Its end goes with it, else the other one would wait for ever. */
    must(close(p->pipe[1]));
    return n == 2 ? -ECANCELED : -EIO;
}

static int consume(void *arg)
{
    struct pair *p = arg;
    char byte;

    while (read(p->pipe[0], &byte, 1) == 1)
        p->received++;
    must(close(p->pipe[0]));
    return 0;
}

static int run_pair(struct thread_scope *ts, void *arg)
{
    struct pair *p = arg;
    struct scoped_thread *producer, *consumer;

    int rc = thread_scope_spawn(ts, &producer, produce_and_fail, p);
    if (rc < 0)
        return rc;
    rc = thread_scope_spawn(ts, &consumer, consume, p);
    if (rc < 0)
        return rc;
    p->results[0] = thread_scope_join(producer);
    p->results[1] = thread_scope_join(consumer);
    return 0;
}

int fail_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "Errors in join, scope and threads."};
    struct pair pair = {.received = 0};
    struct pool *pool;
    int tasks = 0;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "fail: someone waits for one that has failed\n");
    int rc = pool_new(&pool, 0);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers");
    int join_rc = pool_run(pool, both_fail, NULL);
    int scope_rc = pool_run(pool, ten_tasks, NULL);
    pool_free(pool);
    for (int i = 0; i < 10; i++)
        tasks += ran[i];
    if (pipe2(pair.pipe, O_CLOEXEC) < 0)
        error(EXIT_FAILURE, errno, "make a pipe");
    rc = thread_scope_run(run_pair, &pair);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start two threads");

    printf("join: A failed, B %s all the same and failed too; A's error: %s\n",
           b_ran ? "ran" : "did not run", strerrorname_np(-join_rc));
    printf("scope: the third of ten failed, %d ended, then it returned: %s\n",
           tasks, strerrorname_np(-scope_rc));
    printf("threads: the producer gave %s, the consumer 0, after %d bytes\n",
           strerrorname_np(-pair.results[0]), pair.received);
    return join_rc == -EIO && b_ran && scope_rc == -EIO && tasks == 10 &&
                   pair.results[0] == -ECANCELED && pair.results[1] == 0 &&
                   pair.received == 2
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
