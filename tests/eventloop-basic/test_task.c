/* SPDX-License-Identifier: MIT
 *
 * test_task.c - what task.h promises.
 *
 * Each test has a loop of its own, and in its teardown uv_loop_close() must
 * give 0: no handle and no request may be left. Jobs and callbacks record, the
 * test asserts when its loop has ended.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "task.h"
#include "util.h"

enum { POOL = 4 };

static int make_loop(void **state)
{
    uv_loop_t *loop = malloc(sizeof *loop);
    *state = loop;
    return loop == NULL ? -1 : uv_loop_init(loop);
}

static int close_loop(void **state)
{
    int rc = uv_loop_close(*state);
    free(*state);
    return rc;
}

/* ---- Tasks ---- */

struct record {
    struct task task;
    int input, output; /* output: the job's, until done */
    int gives;         /* what the job returns */
    int runs, dones, rc;
    int cancel; /* what task_cancel() said */
    uv_thread_t ran_on, done_on;
};

static int twice(void *argument)
{
    struct record *r = argument;
    r->runs++;
    r->ran_on = uv_thread_self();
    r->output = 2 * r->input;
    return r->gives;
}

static void record(struct task *task, int rc)
{
    struct record *r = task->argument;
    r->dones++;
    r->done_on = uv_thread_self();
    r->rc = rc;
}

static void a_result_comes_back_to_the_loop(void **state)
{
    struct record r = {.input = 21, .rc = 1};
    assert_int_equal(task_spawn(&r.task, *state, twice, record, &r), 0);
    assert_int_equal(r.dones, 0); /* spawning never calls back */
    assert_int_equal(uv_run(*state, UV_RUN_DEFAULT), 0);
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.output, 42);
    assert_int_equal(r.runs, 1);
    assert_int_equal(r.dones, 1);
    assert_true(r.done_on == uv_thread_self());
    assert_true(r.ran_on != uv_thread_self());
}

static void an_error_of_the_job_comes_to_its_join(void **state)
{
    struct record r = {.gives = -EIO};
    assert_int_equal(task_spawn(&r.task, *state, twice, record, &r), 0);
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(r.rc, -EIO);
    assert_int_equal(r.dones, 1);
}

static void no_task_without_a_job(void **state)
{
    struct record r = {.rc = 1};
    assert_int_equal(task_spawn(&r.task, *state, NULL, record, &r), -EINVAL);
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(r.dones, 0);
}

/* All of the pool's threads, held until they are let go. */
struct plug {
    struct record record[POOL];
    uv_sem_t in, out;
};

static struct plug plug;

static int hold_a_thread(void *argument)
{
    uv_sem_post(&plug.in);
    uv_sem_wait(&plug.out);
    return twice(argument);
}

static void plug_the_pool(uv_loop_t *loop)
{
    plug = (struct plug){.record = {{.input = 0}}};
    must(uv_sem_init(&plug.in, 0));
    must(uv_sem_init(&plug.out, 0));
    for (int i = 0; i < POOL; i++)
        must(task_spawn(&plug.record[i].task, loop, hold_a_thread, record,
                        &plug.record[i]));
    for (int i = 0; i < POOL; i++)
        uv_sem_wait(&plug.in);
}

static void unplug_and_run(uv_loop_t *loop)
{
    for (int i = 0; i < POOL; i++)
        uv_sem_post(&plug.out);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_sem_destroy(&plug.in);
    uv_sem_destroy(&plug.out);
}

static void a_job_that_waits_for_a_thread_can_be_cancelled(void **state)
{
    struct record r = {.rc = 1};
    plug_the_pool(*state);
    int spawned = task_spawn(&r.task, *state, twice, record, &r);
    int first = task_cancel(&r.task);
    int again = task_cancel(&r.task);
    int called_at_once = r.dones;
    unplug_and_run(*state);
    assert_int_equal(spawned, 0);
    assert_int_equal(first, 0);
    assert_int_equal(again, 0);
    assert_int_equal(called_at_once, 0);
    assert_int_equal(r.rc, -ECANCELED);
    assert_int_equal(r.rc, UV_ECANCELED);
    assert_int_equal(r.runs, 0);
    assert_int_equal(r.dones, 1);
    assert_int_equal(task_cancel(&r.task), -EBUSY); /* it is over */
}

static void a_job_that_runs_cannot_be_cancelled(void **state)
{
    int rc[POOL];
    plug_the_pool(*state);
    for (int i = 0; i < POOL; i++)
        rc[i] = task_cancel(&plug.record[i].task);
    unplug_and_run(*state);
    for (int i = 0; i < POOL; i++) {
        assert_int_equal(rc[i], -EBUSY);
        assert_int_equal(plug.record[i].rc, 0);
        assert_int_equal(plug.record[i].runs, 1);
        assert_int_equal(plug.record[i].dones, 1);
        assert_int_equal(task_cancel(&plug.record[i].task), -EBUSY);
    }
}

enum { JOBS = 10000 };

static void ten_thousand_jobs_are_each_done_once(void **state)
{
    struct record *r = calloc(JOBS, sizeof *r);
    long wrong = 0;
    assert_non_null(r);
    for (int i = 0; i < JOBS; i++) {
        r[i].input = i;
        wrong += task_spawn(&r[i].task, *state, twice, record, &r[i]) != 0;
    }
    uv_run(*state, UV_RUN_DEFAULT);
    for (int i = 0; i < JOBS; i++)
        wrong += r[i].rc != 0 || r[i].output != 2 * i || r[i].runs != 1 ||
                 r[i].dones != 1;
    free(r);
    assert_int_equal(wrong, 0);
}

/* Some are taken back while the pool works: each is done or cancelled. */
static void every_task_is_joined_once_cancelled_or_not(void **state)
{
    struct record *r = calloc(JOBS, sizeof *r);
    long wrong = 0;
    assert_non_null(r);
    for (int i = 0; i < JOBS; i++)
        must(task_spawn(&r[i].task, *state, twice, record, &r[i]));
    for (int i = 0; i < JOBS; i += 2)
        r[i].cancel = task_cancel(&r[i].task);
    uv_run(*state, UV_RUN_DEFAULT);
    for (int i = 0; i < JOBS; i++) {
        bool cancelled = r[i].rc == -ECANCELED;
        wrong += r[i].dones != 1 || r[i].runs != !cancelled;
        wrong += cancelled != (i % 2 == 0 && r[i].cancel == 0);
    }
    free(r);
    assert_int_equal(wrong, 0);
}

static void spawn_again(struct task *task, int rc)
{
    struct record *r = task->argument;
    record(task, rc);
    if (r->dones < 1000)
        must(task_spawn(task, task->request.loop, twice, spawn_again, r));
}

static void a_task_may_be_spawned_anew_in_done(void **state)
{
    struct record r = {.rc = 1};
    must(task_spawn(&r.task, *state, twice, spawn_again, &r));
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.runs, 1000);
}

static int give_nothing(void *argument)
{
    (void)argument;
    return 0;
}

static void free_it(struct task *task, int rc)
{
    *(long *)task->argument += rc == 0;
    free(task);
}

static void a_task_may_be_freed_in_done(void **state)
{
    long freed = 0;
    for (int i = 0; i < 100; i++) {
        struct task *task = malloc(sizeof *task);
        assert_non_null(task);
        must(task_spawn(task, *state, give_nothing, free_it, &freed));
    }
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(freed, 100);
}

/* ---- One-shot channels ---- */

struct inbox {
    struct oneshot *oneshot;
    int calls, rc;
    long value;
    uv_thread_t on;
};

static void put(void *argument, int rc, const void *value)
{
    struct inbox *inbox = argument;
    inbox->calls++;
    inbox->rc = rc;
    inbox->value = value == NULL ? 0 : *(const long *)value;
    inbox->on = uv_thread_self();
}

static void make_oneshot(struct inbox *inbox, uv_loop_t *loop)
{
    *inbox = (struct inbox){.rc = 1};
    must(oneshot_new(&inbox->oneshot, loop, sizeof(long), put, inbox));
}

static void no_oneshot_without_a_size(void **state)
{
    struct oneshot *oneshot = NULL;
    assert_int_equal(oneshot_new(&oneshot, *state, 0, put, NULL), -EINVAL);
    assert_int_equal(oneshot_new(&oneshot, *state, SIZE_MAX, put, NULL),
                     -ENOMEM);
    assert_int_equal(oneshot_new(&oneshot, *state, SIZE_MAX / 4, put, NULL),
                     -ENOMEM);
    assert_null(oneshot);
}

static void a_value_sent_before_the_loop_runs_is_received(void **state)
{
    struct inbox inbox;
    make_oneshot(&inbox, *state);
    assert_int_equal(oneshot_send(inbox.oneshot, &(long){7}), 0);
    assert_int_equal(inbox.calls, 0); /* not from inside a call */
    assert_int_equal(uv_run(*state, UV_RUN_DEFAULT), 0);
    assert_int_equal(inbox.calls, 1);
    assert_int_equal(inbox.rc, 0);
    assert_int_equal(inbox.value, 7);
}

/* A sender on a thread of its own, let go by the loop when it goes to wait. */
struct sender {
    struct oneshot *oneshot;
    bool drops;
    int rc;
    uv_sem_t go;
    uv_prepare_t before_the_wait;
};

static void let_the_sender_go(uv_prepare_t *prepare)
{
    struct sender *sender = prepare->data;
    uv_sem_post(&sender->go);
    uv_close((uv_handle_t *)prepare, NULL);
}

static void *send_later(void *argument)
{
    struct sender *sender = argument;
    uv_sem_wait(&sender->go);
    if (sender->drops)
        oneshot_drop_sender(sender->oneshot);
    else
        sender->rc = oneshot_send(sender->oneshot, &(long){7});
    return NULL;
}

static void wait_for_a_sender(uv_loop_t *loop, struct inbox *inbox, bool drops)
{
    struct sender sender = {.drops = drops};
    pthread_t thread;
    make_oneshot(inbox, loop);
    sender.oneshot = inbox->oneshot;
    must(uv_sem_init(&sender.go, 0));
    must(uv_prepare_init(loop, &sender.before_the_wait));
    sender.before_the_wait.data = &sender;
    must(uv_prepare_start(&sender.before_the_wait, let_the_sender_go));
    must(pthread_create(&thread, NULL, send_later, &sender));
    uv_run(loop, UV_RUN_DEFAULT);
    must(pthread_join(thread, NULL));
    uv_sem_destroy(&sender.go);
    assert_int_equal(sender.rc, 0);
    assert_int_equal(inbox->calls, 1);
    assert_true(inbox->on == uv_thread_self());
}

static void a_value_sent_while_the_loop_waits_is_received(void **state)
{
    for (int round = 0; round < 1000; round++) {
        struct inbox inbox;
        wait_for_a_sender(*state, &inbox, false);
        assert_int_equal(inbox.rc, 0);
        assert_int_equal(inbox.value, 7);
    }
}

static void a_dropped_sender_is_told_to_the_receiver(void **state)
{
    for (int round = 0; round < 1000; round++) {
        struct inbox inbox;
        wait_for_a_sender(*state, &inbox, true);
        assert_int_equal(inbox.rc, -EPIPE);
    }
}

static void a_sender_is_told_when_the_receiver_is_gone(void **state)
{
    struct inbox inbox;
    make_oneshot(&inbox, *state);
    oneshot_close(inbox.oneshot);
    uv_run(*state, UV_RUN_DEFAULT); /* the handle is closed, the sender lives */
    assert_int_equal(oneshot_send(inbox.oneshot, &(long){7}), -EPIPE);
    make_oneshot(&inbox, *state);
    oneshot_close(inbox.oneshot);
    oneshot_drop_sender(inbox.oneshot);
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(inbox.calls, 0);
}

static void a_receiver_that_gives_up_is_never_called(void **state)
{
    struct inbox inbox;
    make_oneshot(&inbox, *state);
    assert_int_equal(oneshot_send(inbox.oneshot, &(long){7}), 0);
    oneshot_close(inbox.oneshot);
    uv_run(*state, UV_RUN_DEFAULT);
    assert_int_equal(inbox.calls, 0);
}

static void *send_now(void *argument)
{
    struct sender *sender = argument;
    sender->rc = oneshot_send(sender->oneshot, &(long){7});
    return NULL;
}

static void both_ends_may_go_at_the_same_time(void **state)
{
    for (int round = 0; round < 1000; round++) {
        struct inbox inbox;
        pthread_t thread;
        make_oneshot(&inbox, *state);
        struct sender sender = {.oneshot = inbox.oneshot, .rc = 1};
        must(pthread_create(&thread, NULL, send_now, &sender));
        oneshot_close(inbox.oneshot);
        uv_run(*state, UV_RUN_DEFAULT);
        must(pthread_join(thread, NULL));
        assert_true(sender.rc == 0 || sender.rc == -EPIPE);
        assert_int_equal(inbox.calls, 0);
    }
}

struct flood {
    struct inbox *inbox;
    int first;
    long failures;
};

enum { SENDERS = 4 };

static void *send_every_fourth(void *argument)
{
    struct flood *flood = argument;
    for (long i = flood->first; i < JOBS; i += SENDERS)
        flood->failures += oneshot_send(flood->inbox[i].oneshot, &i) != 0;
    return NULL;
}

static void ten_thousand_values_from_four_threads_all_arrive(void **state)
{
    struct inbox *inbox = calloc(JOBS, sizeof *inbox);
    struct flood flood[SENDERS];
    pthread_t thread[SENDERS];
    long wrong = 0;
    assert_non_null(inbox);
    for (int i = 0; i < JOBS; i++)
        make_oneshot(&inbox[i], *state);
    for (int i = 0; i < SENDERS; i++) {
        flood[i] = (struct flood){inbox, i, 0};
        must(pthread_create(&thread[i], NULL, send_every_fourth, &flood[i]));
    }
    uv_run(*state, UV_RUN_DEFAULT);
    for (int i = 0; i < SENDERS; i++) {
        must(pthread_join(thread[i], NULL));
        wrong += flood[i].failures;
    }
    for (int i = 0; i < JOBS; i++)
        wrong += inbox[i].calls != 1 || inbox[i].rc != 0 || inbox[i].value != i;
    free(inbox);
    assert_int_equal(wrong, 0);
}

#define WITH_LOOP(test) \
    cmocka_unit_test_setup_teardown(test, make_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(a_result_comes_back_to_the_loop),
        WITH_LOOP(an_error_of_the_job_comes_to_its_join),
        WITH_LOOP(no_task_without_a_job),
        WITH_LOOP(a_job_that_waits_for_a_thread_can_be_cancelled),
        WITH_LOOP(a_job_that_runs_cannot_be_cancelled),
        WITH_LOOP(ten_thousand_jobs_are_each_done_once),
        WITH_LOOP(every_task_is_joined_once_cancelled_or_not),
        WITH_LOOP(a_task_may_be_spawned_anew_in_done),
        WITH_LOOP(a_task_may_be_freed_in_done),
        WITH_LOOP(no_oneshot_without_a_size),
        WITH_LOOP(a_value_sent_before_the_loop_runs_is_received),
        WITH_LOOP(a_value_sent_while_the_loop_waits_is_received),
        WITH_LOOP(a_dropped_sender_is_told_to_the_receiver),
        WITH_LOOP(a_sender_is_told_when_the_receiver_is_gone),
        WITH_LOOP(a_receiver_that_gives_up_is_never_called),
        WITH_LOOP(both_ends_may_go_at_the_same_time),
        WITH_LOOP(ten_thousand_values_from_four_threads_all_arrive),
    };
    /* libuv reads it when the pool starts; no thread runs yet. */
    setenv("UV_THREADPOOL_SIZE", "4", 1); /* NOLINT(concurrency-mt-unsafe) */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
