/* SPDX-License-Identifier: MIT
 *
 * test_waker.c - what waker.h promises.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "util.h"
#include "waker.h"

struct fixture {
    struct poller poller;
    struct waker waker;
};

static const struct token its_token = {5, 6};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    must(poller_open(&fixture.poller));
    return waker_open(&fixture.waker, &fixture.poller, its_token);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    waker_close(&f->waker);
    poller_close(&f->poller);
    return 0;
}

/* One event, and after it the waker is as new. */
static void assert_one_event(struct fixture *f)
{
    struct event batch[4];
    assert_int_equal(poller_wait(&f->poller, batch, 4, 0), 1);
    assert_true(token_equal(event_token(&batch[0]), its_token));
    assert_true(event_is_readable(&batch[0]));
    assert_int_equal(poller_wait(&f->poller, batch, 4, 0), 0);
    waker_reset(&f->waker);
    assert_int_equal(poller_wait(&f->poller, batch, 4, 0), 0);
}

static void three_wakes_before_a_wait_give_one_event(void **state)
{
    struct fixture *f = *state;
    struct event event;
    assert_int_equal(poller_wait(&f->poller, &event, 1, 0), 0);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3; i++)
            waker_wake(&f->waker);
        assert_one_event(f);
    }
}

static void a_wake_after_the_wait_is_kept_for_the_next(void **state)
{
    struct fixture *f = *state;
    struct event event;
    waker_wake(&f->waker);
    assert_int_equal(poller_wait(&f->poller, &event, 1, 0), 1);
    waker_reset(&f->waker);
    waker_wake(&f->waker); /* while the first is being handled */
    assert_one_event(f);
}

static void *wake(void *arg)
{
    waker_wake(arg);
    return NULL;
}

static void a_wake_from_another_thread_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 1000; round++) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, wake, &f->waker));
        struct event event;
        int count = poller_wait(&f->poller, &event, 1, POLLER_FOREVER);
        must(pthread_join(thread, NULL));
        waker_reset(&f->waker);
        assert_int_equal(count, 1);
        assert_int_equal(poller_wait(&f->poller, &event, 1, 0), 0);
    }
}

/* ---- No wake is lost: workers count, then wake; who waits takes all ---- */

enum { WAKERS = 8, EACH = 12500 };

struct counted {
    struct waker *waker;
    pthread_mutex_t lock;
    long count; /* guarded by lock */
};

static void *count_and_wake(void *arg)
{
    struct counted *c = arg;
    for (int i = 0; i < EACH; i++) {
        must(pthread_mutex_lock(&c->lock));
        c->count++;
        must(pthread_mutex_unlock(&c->lock));
        waker_wake(c->waker);
    }
    return NULL;
}

static void no_wake_of_many_threads_is_lost(void **state)
{
    struct fixture *f = *state;
    struct counted c = {.waker = &f->waker, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[WAKERS];
    long taken = 0;
    for (int i = 0; i < WAKERS; i++)
        must(pthread_create(&threads[i], NULL, count_and_wake, &c));
    while (taken < (long)WAKERS * EACH) { /* a lost wake: waits for ever */
        struct event event;
        must(poller_wait(&f->poller, &event, 1, POLLER_FOREVER) - 1);
        waker_reset(&f->waker);
        must(pthread_mutex_lock(&c.lock));
        taken += c.count;
        c.count = 0;
        must(pthread_mutex_unlock(&c.lock));
    }
    for (int i = 0; i < WAKERS; i++)
        must(pthread_join(threads[i], NULL));
    assert_int_equal(taken, (long)WAKERS * EACH);
}

/* ---- Only the first of the pending wakes is a system call ---- */

static eventfd_t writes_so_far(const struct fixture *f)
{
    eventfd_t count = 0;
    (void)eventfd_read(f->waker.event_fd, &count);
    return count;
}

static void a_pending_wake_is_not_written_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 1000; i++)
        waker_wake(&f->waker);
    assert_int_equal(writes_so_far(f), 1);
    waker_reset(&f->waker);
    for (int i = 0; i < 1000; i++)
        waker_wake(&f->waker);
    assert_int_equal(writes_so_far(f), 1);
}

/* What a merged wake was about, with nothing but the waker between the two
 * threads: no lock, no system call; the flags are relaxed, and so order
 * nothing. Weaken an exchange of waker.c and ThreadSanitizer objects: gcc's to
 * both, clang's to the first only. */
struct merged {
    struct waker *waker;
    int value;
    atomic_bool go, done;
};

static void *put_and_wake(void *arg)
{
    struct merged *m = arg;
    while (!atomic_load_explicit(&m->go, memory_order_relaxed))
        sched_yield();
    m->value = 42;
    waker_wake(m->waker);
    atomic_store_explicit(&m->done, true, memory_order_relaxed);
    return NULL;
}

static void what_was_put_before_a_merged_wake_is_seen(void **state)
{
    struct fixture *f = *state;
    static struct merged m; /* static: of main()'s stack TSan sees too little */
    struct event event;
    pthread_t thread;
    m.waker = &f->waker;
    must(pthread_create(&thread, NULL, put_and_wake, &m));
    waker_wake(&f->waker);
    atomic_store_explicit(&m.go, true, memory_order_relaxed);
    while (!atomic_load_explicit(&m.done, memory_order_relaxed))
        sched_yield();
    int count = poller_wait(&f->poller, &event, 1, POLLER_FOREVER);
    waker_reset(&f->waker);
    int value = m.value;
    must(pthread_join(thread, NULL));
    assert_int_equal(count, 1);
    assert_int_equal(value, 42);
    assert_int_equal(writes_so_far(f), 1);
}

static void a_full_counter_still_wakes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(eventfd_write(f->waker.event_fd, UINT64_MAX - 1), 0);
    assert_one_event(f);
    waker_wake(&f->waker);
    assert_one_event(f);
}

/* ---- From a signal handler ---- */

static struct waker *waker_of_handler;

static void wake_on_signal(int number)
{
    (void)number;
    waker_wake(waker_of_handler);
}

static void a_signal_handler_may_wake(void **state)
{
    struct fixture *f = *state;
    struct sigaction before, ours = {.sa_handler = wake_on_signal};
    waker_of_handler = &f->waker;
    /* So that a wake fails once inside, with EAGAIN. */
    assert_int_equal(eventfd_write(f->waker.event_fd, UINT64_MAX - 1), 0);
    assert_one_event(f);
    assert_int_equal(sigaction(SIGUSR1, &ours, &before), 0);
    errno = ENOTTY;
    must(raise(SIGUSR1));
    int after = errno;
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_int_equal(after, ENOTTY);
    assert_one_event(f);
}

/* ---- Open and close ---- */

static void a_closed_waker_leaves_no_event(void **state)
{
    struct fixture *f = *state;
    struct waker second;
    struct event event;
    assert_int_equal(waker_open(&second, &f->poller, token_first(1)), 0);
    int dup_fd = fcntl(second.event_fd, F_DUPFD_CLOEXEC, 0);
    waker_wake(&second);
    waker_close(&second);
    /* Closing alone would not do: the dup keeps the entry alive. */
    assert_int_equal(poller_wait(&f->poller, &event, 1, 0), 0);
    close(dup_fd);
}

static void opening_without_a_descriptor_left_says_so(void **state)
{
    struct fixture *f = *state;
    struct waker second;
    struct rlimit limit, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int rc = waker_open(&second, &f->poller, token_first(1));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(rc, -EMFILE);
}

static void opening_at_a_closed_poller_gives_the_descriptor_back(void **state)
{
    struct poller closed = {.epoll_fd = -1};
    struct waker waker;
    (void)state;
    int before = eventfd(0, EFD_CLOEXEC);
    close(before);
    assert_int_equal(waker_open(&waker, &closed, token_first(1)), -EBADF);
    int after = eventfd(0, EFD_CLOEXEC);
    close(after);
    assert_int_equal(after, before); /* the lowest free one is still free */
}

#define WITH_A_WAKER(test) \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_A_WAKER(three_wakes_before_a_wait_give_one_event),
        WITH_A_WAKER(a_wake_after_the_wait_is_kept_for_the_next),
        WITH_A_WAKER(a_wake_from_another_thread_ends_the_wait),
        WITH_A_WAKER(no_wake_of_many_threads_is_lost),
        WITH_A_WAKER(a_pending_wake_is_not_written_again),
        WITH_A_WAKER(what_was_put_before_a_merged_wake_is_seen),
        WITH_A_WAKER(a_full_counter_still_wakes),
        WITH_A_WAKER(a_signal_handler_may_wake),
        WITH_A_WAKER(a_closed_waker_leaves_no_event),
        WITH_A_WAKER(opening_without_a_descriptor_left_says_so),
        WITH_A_WAKER(opening_at_a_closed_poller_gives_the_descriptor_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
