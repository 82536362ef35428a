/* SPDX-License-Identifier: MIT
 *
 * test_workers.c - what workers.h promises.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>

#include "util.h"
#include "workers.h"

struct number {
    struct job job;
    int in, out;
};

static void square(struct job *job)
{
    struct number *number = (struct number *)job;
    number->out = number->in * number->in;
}

/* As the loop does: waits on the descriptor alone. */
static struct job *wait_for(struct workers *workers)
{
    struct pollfd fd = {.fd = workers_fd(workers), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    return workers_take(workers);
}

static void every_job_comes_back_once_with_its_result(void **state)
{
    enum { JOBS = 20000, AT_ONCE = 50 };
    static struct number each[JOBS];
    struct workers *workers;
    int given = 0, taken = 0;
    (void)state;
    assert_int_equal(workers_new(&workers, 4, square), 0);
    while (taken < JOBS) {
        while (given < JOBS && given - taken < AT_ONCE) {
            each[given].in = given;
            each[given].out = -1;
            workers_give(workers, &each[given++].job);
        }
        struct job *job = wait_for(workers), *next;
        for (; job != NULL; job = next) {
            struct number *number = (struct number *)job;
            next = STAILQ_NEXT(job, link);
            assert_int_equal(number->out, number->in * number->in);
            number->out = -1; /* twice would be seen */
            taken++;
        }
    }
    assert_null(workers_take(workers));
    workers_free(workers);
}

static void one_worker_keeps_the_order(void **state)
{
    enum { JOBS = 1000 };
    static struct number each[JOBS];
    struct workers *workers;
    (void)state;
    assert_int_equal(workers_new(&workers, 1, square), 0);
    for (int i = 0; i < JOBS; i++) {
        each[i].in = i;
        workers_give(workers, &each[i].job);
    }
    for (int i = 0; i < JOBS;) {
        struct job *job = wait_for(workers);
        for (; job != NULL; job = STAILQ_NEXT(job, link))
            assert_int_equal(((struct number *)job)->in, i++);
    }
    workers_free(workers);
}

static void what_is_given_is_run_before_the_end(void **state)
{
    enum { JOBS = 1000 };
    static struct number each[JOBS];
    struct workers *workers;
    (void)state;
    assert_int_equal(workers_new(&workers, 3, square), 0);
    for (int i = 0; i < JOBS; i++) {
        each[i].in = i;
        each[i].out = -1;
        workers_give(workers, &each[i].job);
    }
    workers_free(workers);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(each[i].out, i * i);
    workers_free(NULL);
}

static sem_t begun, may_end;

static void wait_to_be_told(struct job *job)
{
    (void)job;
    must(sem_post(&begun));
    must(sem_wait(&may_end));
}

static void
the_descriptor_tells_of_jobs_that_are_done_and_of_no_others(void **state)
{
    struct number number = {.in = 1};
    struct workers *workers;
    (void)state;
    must(sem_init(&begun, 0, 0));
    must(sem_init(&may_end, 0, 0));
    assert_int_equal(workers_new(&workers, 1, wait_to_be_told), 0);
    struct pollfd fd = {.fd = workers_fd(workers), .events = POLLIN};
    workers_give(workers, &number.job);
    must(sem_wait(&begun));
    int early = poll(&fd, 1, 0);
    must(sem_post(&may_end));
    assert_int_equal(early, 0);
    assert_ptr_equal(wait_for(workers), &number.job);
    assert_int_equal(poll(&fd, 1, 0), 0); /* taken: it is silent again */
    workers_free(workers);
}

/* ---- The linker's --wrap puts this in front of the real one ---- */

static int threads_allowed = -1; /* -1: any number */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *arg)
{
    if (threads_allowed == 0)
        return EAGAIN;
    if (threads_allowed > 0)
        threads_allowed--;
    return __real_pthread_create(thread, attributes, run, arg);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void too_few_threads_leave_nothing_behind(void **state)
{
    (void)state;
    for (int few = 0; few < 4; few++) {
        struct workers *workers;
        threads_allowed = few;
        assert_int_equal(workers_new(&workers, 4, square), -EAGAIN);
    }
    threads_allowed = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_comes_back_once_with_its_result),
        cmocka_unit_test(one_worker_keeps_the_order),
        cmocka_unit_test(what_is_given_is_run_before_the_end),
        cmocka_unit_test(
            the_descriptor_tells_of_jobs_that_are_done_and_of_no_others),
        cmocka_unit_test(too_few_threads_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
