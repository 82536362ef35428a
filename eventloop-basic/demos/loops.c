/* SPDX-License-Identifier: MIT
 *
 * loops.c - a loop on each of several threads, each thread bound to a processor.
 * All say that they are ready and wait, until main opens the gate by waking each
 * loop; what a loop then does, it does on its own thread.
 *
 * Try: eventloop-basic loops
 *      eventloop-basic loops --bridge
 * Read with: Tokio's documentation, runtime (current thread); the original
 * hello-tokio.
 */
#include "loops.h"

#include <sched.h>

#include "../demo.h"
#include "stage.h"
#include "verbs.h"

enum { MOST = 64 };

struct worker {
    struct stage stage;
    uv_async_t gate;
    uv_timer_t future;
    pthread_t thread;
    uv_sem_t *ready;
    pthread_t done_on; /* where its future ran */
    bool done;
    int cpu; /* it is bound to, or -1 */
    char name[24];
};

static void finish(uv_timer_t *future)
{
    struct worker *w = future->data;
    w->done_on = pthread_self();
    w->done = true;
    trace(w->name, "its future is done, on processor %d", sched_getcpu());
    CLOSE(future);
}

static void gate_opens(uv_async_t *gate)
{
    struct worker *w = gate->data;
    CLOSE(gate);
    if (w->stage.stopped_by == 0)
        must(uv_timer_start(&w->future, finish, 1, 0));
}

/* Each loop hears of a signal. The gate stays, for main is going to open it. */
static void interrupted(void *argument)
{
    CLOSE(&((struct worker *)argument)->future);
}

static void bind_to(struct worker *w)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)w->cpu, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0)
        w->cpu = -1; /* it is not ours to use: then anywhere */
}

static void *run_loop(void *argument)
{
    struct worker *w = argument;
    bind_to(w);
    trace(w->name, "is ready, and its loop waits");
    uv_sem_post(w->ready);
    stage_serve(&w->stage);
    return NULL;
}

static void start(struct worker *w, int i, uv_sem_t *ready)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    w->ready = ready;
    w->cpu = (int)(i % cpus);
    snprintf(w->name, sizeof w->name, "loop-%d", i + 1);
    stage_open(&w->stage, interrupted, w);
    must(uv_async_init(&w->stage.loop, &w->gate, gate_opens));
    must(uv_timer_init(&w->stage.loop, &w->future));
    w->gate.data = w->future.data = w;
    int rc = pthread_create(&w->thread, NULL, run_loop, w);
    if (rc != 0)
        error(EXIT_FAILURE, rc, "start thread %d", i + 1);
}

struct wishes {
    long count;
    bool bridge;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *wishes = state->input;
    if (key == 'n')
        wishes->count = count_arg(state, "--loops", arg, 1, MOST);
    else if (key == 'b')
        wishes->bridge = true;
    else
        return unexpected(key, arg, state);
    return 0;
}

int loops_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"loops", 'n', "N", 0, "2 by default", 0},
        {"bridge", 'b', NULL, 0,
         "one loop on a thread, and threads that know no loop ask it", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Loops on threads of their own."};
    static struct worker worker[MOST];
    struct wishes wishes = {.count = 2};
    uv_sem_t ready;
    argp_parse(&argp, argc, argv, 0, NULL, &wishes);
    watchdog(30, "loops: a loop does not end\n");
    if (wishes.bridge)
        return loops_bridge();
    must(uv_sem_init(&ready, 0));
    for (int i = 0; i < wishes.count; i++)
        start(&worker[i], i, &ready);
    for (int i = 0; i < wishes.count; i++)
        uv_sem_wait(&ready);
    trace("main", "opens the gate");
    for (int i = 0; i < wishes.count; i++)
        must(uv_async_send(&worker[i].gate));
    bool holds = true;
    for (int i = 0; i < wishes.count; i++) {
        must(pthread_join(worker[i].thread, NULL));
        holds = holds && worker[i].done &&
                pthread_equal(worker[i].done_on, worker[i].thread);
    }
    uv_sem_destroy(&ready);
    for (int i = 0; i < wishes.count; i++)
        stage_exit_if_stopped(&worker[i].stage);
    printf(
        "each loop ran its future on its own thread, and closed with nothing "
        "left: %s\n",
        holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
