/* SPDX-License-Identifier: MIT
 *
 * test_channel_faults.c - what the kernel and the allocator may deal out: no
 * memory, wake-ups for no reason, no membarrier. Linked with --wrap (verbs.cmake),
 * so that the calls come through here first.
 */
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "channel.h"
#include "util.h"

/* ---- The calls ---- */

static _Atomic int allocations_left = -1; /* -1: no limit */
static _Atomic int futex_waits, futex_wakes, barriers;
static _Atomic int idle_wakes_left; /* waits that end at once, for no reason */
static _Atomic bool no_membarrier;

/* seq_cst, here and below: tests read plainly, nothing depends on speed. */
static int get(_Atomic int *word)
{
    return atomic_load_explicit(word, memory_order_seq_cst);
}

static void set(_Atomic int *word, int value)
{
    atomic_store_explicit(word, value, memory_order_seq_cst);
}

static void count(_Atomic int *word)
{
    atomic_fetch_add_explicit(word, 1, memory_order_seq_cst);
}

/* One of those left is used up. */
static bool use_one(_Atomic int *left)
{
    int seen = get(left);
    while (seen > 0 && !atomic_compare_exchange_weak_explicit(
                           left, &seen, seen - 1, memory_order_seq_cst,
                           memory_order_seq_cst))
        ;
    return seen > 0;
}

static bool allowed(void)
{
    return get(&allocations_left) < 0 || use_one(&allocations_left);
}

/* What happens in the very moment when the next timed wait runs out of time. */
static struct channel *_Atomic sent_to_late, *_Atomic taken_from_late;

static struct channel *once(struct channel *_Atomic *what)
{
    return atomic_exchange_explicit(what, NULL, memory_order_seq_cst);
}

/* True: it did, so the wait ends with a time-out. */
static bool something_happens_late(void)
{
    struct channel *to = once(&sent_to_late), *from = once(&taken_from_late);
    long value = 9;
    if (to != NULL)
        must(channel_send(to, &value));
    if (from != NULL)
        must(channel_recv(from, &value));
    return to != NULL || from != NULL;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return allowed() ? __real_calloc(count, size) : NULL;
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return allowed() ? __real_aligned_alloc(alignment, size) : NULL;
}

void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return allowed() ? __real_reallocarray(old, count, size) : NULL;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list args;
    long a[6] = {0};
    va_start(args, number);
    int arguments = number == SYS_futex ? 6 : 3;
    if (number == SYS_futex) { /* futex_wake() passes three of the six */
        for (int i = 0; i < 3; i++)
            a[i] = va_arg(args, long);
        arguments = ((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAKE ? 0 : 3;
    }
    for (int i = 0; i < arguments; i++)
        a[number == SYS_futex ? 3 + i : i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_membarrier) {
        count(&barriers);
        if (atomic_load_explicit(&no_membarrier, memory_order_seq_cst)) {
            errno = ENOSYS;
            return -1;
        }
    } else if (((int)a[1] & FUTEX_CMD_MASK) == FUTEX_WAKE) {
        count(&futex_wakes);
    } else {
        count(&futex_waits);
        if (use_one(&idle_wakes_left))
            return 0;
        if (something_happens_late()) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    count(&futex_waits);
    return use_one(&idle_wakes_left) ? 0 : __real_pthread_cond_wait(cond, lock);
}

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *deadline)
{
    count(&futex_waits);
    if (use_one(&idle_wakes_left))
        return 0;
    must(pthread_mutex_unlock(lock));
    bool late = something_happens_late();
    must(pthread_mutex_lock(lock));
    return late ? ETIMEDOUT
                : __real_pthread_cond_timedwait(cond, lock, deadline);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- The tests ---- */

static const enum channel_engine engines[] = {CHANNEL_MUTEX, CHANNEL_RING};
static const size_t capacities[] = {CHANNEL_NO_ROOM, 1, 4, CHANNEL_UNBOUNDED};
enum { KINDS = 8 };

static int make(struct channel **out, int kind)
{
    return channel_new(out, engines[kind % 2], sizeof(long),
                       capacities[kind / 2]);
}

static void without_memory_there_is_no_channel_and_no_leak(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch = NULL;
        int rc = -ENOMEM;
        for (int left = 0; rc == -ENOMEM; left++) {
            assert_true(left < 4);
            assert_null(ch);
            set(&allocations_left, left);
            rc = make(&ch, kind);
            set(&allocations_left, -1);
        }
        assert_int_equal(rc, 0);
        channel_drop_sender(ch);
        channel_drop_receiver(ch);
    }
}

static void a_queue_that_cannot_grow_says_so_and_loses_nothing(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct channel *ch;
        long sent = 0, received = 0, refused = 0;
        assert_int_equal(
            channel_new(&ch, engines[e], sizeof sent, CHANNEL_UNBOUNDED), 0);
        for (int i = 0; i < 10000; i++) {
            set(&allocations_left, i % 3 == 0 ? -1 : 0);
            int rc = channel_send(ch, &sent);
            assert_true(rc == 0 || rc == -ENOMEM);
            rc == 0 ? sent++ : refused++;
        }
        set(&allocations_left, -1);
        channel_drop_sender(ch);
        for (long value; channel_recv(ch, &value) == 0; received++)
            assert_int_equal(value, received);
        assert_int_equal(received, sent);
        assert_true(refused > 0);
        channel_drop_receiver(ch);
    }
}

struct waiter {
    struct channel *ch;
    bool sends;
    int64_t deadline;
    _Atomic bool ended;
    int rc;
    long value;
};

static void *wait_for_the_other(void *arg)
{
    struct waiter *w = arg;
    if (w->deadline > 0)
        w->rc = channel_recv_until(w->ch, &w->value, w->deadline);
    else
        w->rc = w->sends ? channel_send(w->ch, &w->value)
                         : channel_recv(w->ch, &w->value);
    atomic_store_explicit(&w->ended, true, memory_order_seq_cst);
    return NULL;
}

/* Starts a thread that has to wait, and gives it time to: until it has asked the
 * kernel to sleep so many times (or has, wrongly, come back). */
static pthread_t start_waiter(struct waiter *w, int waits)
{
    pthread_t thread;
    set(&futex_waits, 0);
    must(pthread_create(&thread, NULL, wait_for_the_other, w));
    while (get(&futex_waits) < waits &&
           !atomic_load_explicit(&w->ended, memory_order_seq_cst))
        sched_yield();
    return thread;
}

static void a_wake_up_for_no_reason_gives_no_value(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct waiter w = {.value = 3};
        assert_int_equal(make(&w.ch, kind), 0);
        set(&idle_wakes_left, 5);
        pthread_t receiver = start_waiter(&w, 6);
        assert_int_equal(channel_send(w.ch, &(long){7}), 0);
        must(pthread_join(receiver, NULL));
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.value, 7);

        w.sends = true;
        atomic_store_explicit(&w.ended, false, memory_order_seq_cst);
        for (size_t i = 0; i < capacities[kind / 2] && kind / 2 < 3; i++)
            assert_int_equal(channel_send(w.ch, &(long){(long)i}), 0);
        if (kind / 2 < 3) {
            set(&idle_wakes_left, 5);
            pthread_t sender = start_waiter(&w, 6);
            for (size_t i = 0; i < capacities[kind / 2]; i++) {
                long value;
                assert_int_equal(channel_recv(w.ch, &value), 0);
                assert_int_equal(value, i);
            }
            long value;
            assert_int_equal(channel_recv(w.ch, &value), 0);
            assert_int_equal(value, 7);
            must(pthread_join(sender, NULL));
            assert_int_equal(w.rc, 0);
        }
        set(&idle_wakes_left, 0);
        channel_drop_sender(w.ch);
        channel_drop_receiver(w.ch);
    }
}

/* A wait times out, and just then comes what it was for. It must not be missed,
 * nor lie there with nobody told. */
static void what_comes_with_the_time_out_is_taken(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch;
        long value = 0;
        assert_int_equal(make(&ch, kind), 0);
        atomic_store_explicit(&sent_to_late, ch, memory_order_seq_cst);
        assert_int_equal(channel_recv_until(ch, &value, now_ns() + 1000000), 0);
        assert_int_equal(value, 9);
        assert_null(once(&sent_to_late));
        for (size_t i = 0; i < capacities[kind / 2] && kind / 2 < 3; i++)
            assert_int_equal(channel_send(ch, &value), 0);
        if (kind / 2 < 3) {
            atomic_store_explicit(&taken_from_late, ch, memory_order_seq_cst);
            assert_int_equal(channel_send_until(ch, &value, now_ns() + 1000000),
                             0);
            assert_null(once(&taken_from_late));
        }
        channel_drop_sender(ch);
        channel_drop_receiver(ch);
    }
}

/* Deadlines are moments of the clock that nobody sets. On the clock of the wall,
 * which counts from 1970, this one would have passed long ago. */
static void a_deadline_is_on_the_clock_that_nobody_sets(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct waiter w = {.deadline = now_ns() + INT64_C(60000000000)};
        assert_int_equal(make(&w.ch, kind), 0);
        pthread_t receiver = start_waiter(&w, 1);
        assert_int_equal(channel_send(w.ch, &(long){7}), 0);
        must(pthread_join(receiver, NULL));
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.value, 7);
        int64_t deadline = now_ns() + 3000000;
        assert_int_equal(channel_recv_until(w.ch, &w.value, deadline),
                         -ETIMEDOUT);
        assert_true(now_ns() >= deadline);
        channel_drop_sender(w.ch);
        channel_drop_receiver(w.ch);
    }
}

enum { CROWD = 3 };

/* Starts threads that have to wait, and waits until all of them sleep. */
static void start_crowd(struct waiter w[CROWD], pthread_t thread[CROWD],
                        struct channel *ch, bool sends)
{
    set(&futex_waits, 0);
    for (int i = 0; i < CROWD; i++) {
        w[i] = (struct waiter){.ch = ch, .sends = sends, .rc = 1};
        (sends ? channel_add_sender : channel_add_receiver)(ch);
        must(pthread_create(&thread[i], NULL, wait_for_the_other, &w[i]));
    }
    while (get(&futex_waits) < CROWD)
        sched_yield();
}

static void join_crowd(struct waiter w[CROWD], pthread_t thread[CROWD],
                       void (*drop)(struct channel *ch))
{
    for (int i = 0; i < CROWD; i++) {
        must(pthread_join(thread[i], NULL));
        assert_int_equal(w[i].rc, -EPIPE);
        drop(w[i].ch);
    }
}

/* All of a crowd: values that are dropped meanwhile wake one each, and there are
 * fewer of them. */
static void whoever_sleeps_is_told_of_the_close(void **state)
{
    struct waiter w[CROWD];
    pthread_t thread[CROWD];
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch;
        assert_int_equal(make(&ch, kind), 0);
        start_crowd(w, thread, ch, false);
        channel_drop_sender(ch);
        join_crowd(w, thread, channel_drop_receiver);
        channel_drop_receiver(ch);
    }
    for (int kind = 0; kind < 4; kind++) { /* no room, and room for one */
        struct channel *ch;
        assert_int_equal(make(&ch, kind), 0);
        for (size_t i = 0; i < capacities[kind / 2]; i++)
            assert_int_equal(channel_send(ch, &(long){0}), 0);
        start_crowd(w, thread, ch, true);
        channel_drop_receiver(ch);
        join_crowd(w, thread, channel_drop_sender);
        channel_drop_sender(ch);
    }
}

static void *receive_twice(void *arg)
{
    struct waiter *w = arg;
    w->rc = channel_recv(w->ch, &w->value);
    if (w->rc == 0)
        w->rc = channel_recv(w->ch, &w->value);
    return NULL;
}

/* Having been woken once is no reason not to be woken again. */
static void who_sleeps_a_second_time_is_woken_again(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct waiter w = {.rc = 1};
        pthread_t thread;
        assert_int_equal(make(&w.ch, kind), 0);
        set(&futex_waits, 0);
        must(pthread_create(&thread, NULL, receive_twice, &w));
        for (long i = 1; i <= 2; i++) {
            while (get(&futex_waits) < i)
                sched_yield();
            assert_int_equal(channel_send(w.ch, &i), 0);
        }
        must(pthread_join(thread, NULL));
        assert_int_equal(w.rc, 0);
        assert_int_equal(w.value, 2);
        channel_drop_sender(w.ch);
        channel_drop_receiver(w.ch);
    }
}

/* Wherever in the ring that is: it would not do to wake a sender when the ring is
 * half empty, the receiver may be waiting for just this one. */
static void each_receive_lets_a_sleeping_sender_go_on(void **state)
{
    (void)state;
    for (int kind = 4; kind < 6; kind++) {
        for (int offset = 0; offset < 4; offset++) {
            struct waiter w = {.sends = true, .value = 9};
            assert_int_equal(make(&w.ch, kind), 0);
            long value;
            for (int i = 0; i < offset; i++) {
                assert_int_equal(channel_send(w.ch, &w.value), 0);
                assert_int_equal(channel_recv(w.ch, &value), 0);
            }
            for (size_t i = 0; i < capacities[kind / 2]; i++)
                assert_int_equal(channel_send(w.ch, &w.value), 0);
            pthread_t sender = start_waiter(&w, 1);
            assert_int_equal(channel_recv(w.ch, &value), 0);
            must(pthread_join(sender, NULL));
            assert_int_equal(w.rc, 0);
            channel_drop_sender(w.ch);
            channel_drop_receiver(w.ch);
        }
    }
}

/* Idle means no system calls: one to sleep, and no other however long it takes. */
static void who_waits_sleeps_once(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct waiter w = {.rc = 1};
        assert_int_equal(make(&w.ch, kind), 0);
        pthread_t receiver = start_waiter(&w, 1);
        for (int i = 0; i < 2000; i++)
            sched_yield();
        assert_int_equal(get(&futex_waits), 1);
        assert_int_equal(channel_send(w.ch, &(long){7}), 0);
        must(pthread_join(receiver, NULL));
        assert_int_equal(w.rc, 0);
        assert_true(get(&futex_waits) <= 2);
        channel_drop_sender(w.ch);
        channel_drop_receiver(w.ch);
    }
}

/* The lock-free channels: neither the sender nor the receiver calls the kernel
 * when nobody sleeps. */
static void who_need_not_wake_makes_no_system_call(void **state)
{
    (void)state;
    for (int kind = 3; kind < KINDS; kind += 2) {
        struct channel *ch;
        assert_int_equal(make(&ch, kind), 0);
        set(&futex_waits, 0);
        set(&futex_wakes, 0);
        set(&barriers, 0);
        for (long i = 0, value; i < 5000; i++) {
            assert_int_equal(channel_send(ch, &i), 0);
            assert_int_equal(channel_recv(ch, &value), 0);
        }
        assert_int_equal(get(&futex_waits) + get(&futex_wakes) + get(&barriers),
                         0);
        channel_drop_sender(ch);
        channel_drop_receiver(ch);
    }
}

static void *echo(void *arg)
{
    struct channel **pair = arg;
    for (long value; channel_recv(pair[0], &value) == 0;)
        must(channel_send(pair[1], &value));
    channel_drop_receiver(pair[0]);
    channel_drop_sender(pair[1]);
    return NULL;
}

static void without_membarrier_no_wake_up_is_lost_either(void **state)
{
    (void)state;
    atomic_store_explicit(&no_membarrier, true, memory_order_seq_cst);
    for (int kind = 3; kind < KINDS; kind += 2) {
        struct channel *pair[2];
        pthread_t thread;
        long wrong = 0, value = -1;
        assert_int_equal(make(&pair[0], kind), 0);
        assert_int_equal(make(&pair[1], kind), 0);
        must(pthread_create(&thread, NULL, echo, pair));
        for (long i = 0; i < 5000; i++) {
            must(channel_send(pair[0], &i));
            must(channel_recv(pair[1], &value));
            wrong += value != i;
        }
        channel_drop_sender(pair[0]);
        wrong += channel_recv(pair[1], &value) != -EPIPE;
        channel_drop_receiver(pair[1]);
        must(pthread_join(thread, NULL));
        assert_int_equal(wrong, 0);
    }
    atomic_store_explicit(&no_membarrier, false, memory_order_seq_cst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_there_is_no_channel_and_no_leak),
        cmocka_unit_test(a_queue_that_cannot_grow_says_so_and_loses_nothing),
        cmocka_unit_test(a_wake_up_for_no_reason_gives_no_value),
        cmocka_unit_test(what_comes_with_the_time_out_is_taken),
        cmocka_unit_test(a_deadline_is_on_the_clock_that_nobody_sets),
        cmocka_unit_test(whoever_sleeps_is_told_of_the_close),
        cmocka_unit_test(who_sleeps_a_second_time_is_woken_again),
        cmocka_unit_test(each_receive_lets_a_sleeping_sender_go_on),
        cmocka_unit_test(who_waits_sleeps_once),
        cmocka_unit_test(who_need_not_wake_makes_no_system_call),
        cmocka_unit_test(without_membarrier_no_wake_up_is_lost_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
