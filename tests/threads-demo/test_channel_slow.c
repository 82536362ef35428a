/* SPDX-License-Identifier: MIT
 *
 * test_channel_slow.c - a peer of the lock-free channels is stopped in the middle
 * of its step, between taking a position and saying that its slot is ready, while
 * others pass it. Chance does that once in a million steps; here it is done by
 * force: the value lies in a page that nobody may touch, and the fault's handler
 * keeps the thread that copies it until the test lets it go; or it is kept where
 * it asks for memory. Linked with --wrap=aligned_alloc for that, and with
 * --wrap=futex_wait (verbs.cmake), to see who sleeps.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel.h"
#include "util.h"

enum { PAGE = 4096, A_WHILE = 2000 };

static long *page; /* who copies a value to or from here stops */
static _Atomic bool stopped, let_go, stop_allocation;
static _Atomic int sleeps, drops;

/* seq_cst, here and below: nothing depends on speed. */
static void stop_here(void)
{
    atomic_store_explicit(&stopped, true, memory_order_seq_cst);
    while (!atomic_load_explicit(&let_go, memory_order_seq_cst))
        sched_yield();
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if (info->si_addr != page) { /* a true fault: happens again, and kills */
        signal(SIGSEGV, SIG_DFL);
        return;
    }
    stop_here();
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static int make_page(void **state)
{
    (void)state;
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}

static void close_the_page(void)
{
    const struct sigaction action = {.sa_sigaction = on_fault,
                                     .sa_flags = SA_SIGINFO};

    /* Here and not earlier: cmocka sets its own before each test. */
    must(sigaction(SIGSEGV, &action, NULL));
    *page = 100;
    atomic_store_explicit(&stopped, false, memory_order_seq_cst);
    atomic_store_explicit(&let_go, false, memory_order_seq_cst);
    atomic_store_explicit(&sleeps, 0, memory_order_seq_cst);
    atomic_store_explicit(&drops, 0, memory_order_seq_cst);
    must(mprotect(page, PAGE, PROT_NONE));
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline);
int __wrap_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline);
int __wrap_futex_wait(_Atomic uint32_t *word, uint32_t expected,
                      int64_t deadline)
{
    atomic_fetch_add_explicit(&sleeps, 1, memory_order_seq_cst);
    return __real_futex_wait(word, expected, deadline);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (atomic_exchange_explicit(&stop_allocation, false, memory_order_seq_cst))
        stop_here();
    return __real_aligned_alloc(alignment, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void await_sleeps(int times)
{
    while (atomic_load_explicit(&sleeps, memory_order_seq_cst) < times)
        sched_yield();
}

static void await_stop(void)
{
    while (!atomic_load_explicit(&stopped, memory_order_seq_cst))
        sched_yield();
}

/* Time for the others to do what they should not. */
static void wait_a_while(void)
{
    for (int i = 0; i < A_WHILE; i++)
        sched_yield();
}

struct peer {
    struct channel *ch;
    long *place; /* of the value */
    long own;
    int rc, sent;
    pthread_t thread;
};

static void *send_it(void *arg)
{
    struct peer *p = arg;
    p->rc = channel_send(p->ch, p->place);
    return NULL;
}

static void *receive_it(void *arg)
{
    struct peer *p = arg;
    p->rc = channel_recv(p->ch, p->place);
    return NULL;
}

static void *try_to_receive(void *arg)
{
    struct peer *p = arg;
    p->rc = channel_try_recv(p->ch, p->place);
    return NULL;
}

static void *try_to_send(void *arg)
{
    struct peer *p = arg;
    p->rc = channel_try_send(p->ch, p->place);
    return NULL;
}

static void *drop_receiver(void *arg)
{
    channel_drop_receiver(arg);
    return NULL;
}

static void start(struct peer *p, struct channel *ch, long *place,
                  void *(*run)(void *arg))
{
    *p = (struct peer){.ch = ch, .own = 7, .rc = 1};
    p->place = place == NULL ? &p->own : place;
    bool receives = run == receive_it || run == try_to_receive;
    (receives ? channel_add_receiver : channel_add_sender)(ch);
    must(pthread_create(&p->thread, NULL, run, p));
}

/* The slow one goes on; all come to their end. */
static void finish(struct peer *peers, int count)
{
    atomic_store_explicit(&let_go, true, memory_order_seq_cst);
    for (int i = 0; i < count; i++)
        must(pthread_join(peers[i].thread, NULL));
}

static struct channel *made(size_t capacity)
{
    struct channel *ch;
    assert_int_equal(channel_new(&ch, CHANNEL_RING, sizeof(long), capacity), 0);
    return ch;
}

static const size_t capacities[] = {2, 3, 64, CHANNEL_UNBOUNDED};
enum { KINDS = 4, BOUNDED = 3 };

/* Two receivers sleep; a sender stops in its step, a second one passes it and
 * wakes a receiver. That one finds no value it could take: were it to sleep
 * again, then the first sender's wake-up would be the only one left for two. */
static void a_slow_sender_costs_the_next_one_no_wake_up(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch = made(capacities[kind]);
        struct peer peers[3];
        close_the_page();
        start(&peers[1], ch, NULL, receive_it);
        start(&peers[2], ch, NULL, receive_it);
        await_sleeps(2);
        start(&peers[0], ch, page, send_it);
        await_stop();
        assert_int_equal(channel_send(ch, &(long){200}), 0);
        wait_a_while();
        finish(peers, 3);
        for (int i = 0; i < 3; i++)
            assert_int_equal(peers[i].rc, 0);
        assert_int_equal(peers[1].own + peers[2].own, 300);
        channel_drop_sender(ch);
        channel_drop_sender(ch);
        for (int i = 0; i < 3; i++)
            channel_drop_receiver(ch);
    }
}

/* The same at the other end: two senders sleep before a full ring, a receiver
 * stops in its step, a second one passes it. */
static void a_slow_receiver_costs_the_next_one_no_wake_up(void **state)
{
    (void)state;
    for (int kind = 0; kind < BOUNDED; kind++) {
        struct channel *ch = made(capacities[kind]);
        struct peer peers[3];
        long value = 0, sum = 0;
        close_the_page();
        for (size_t i = 0; i < capacities[kind]; i++)
            assert_int_equal(channel_send(ch, &value), 0);
        start(&peers[1], ch, NULL, send_it);
        start(&peers[2], ch, NULL, send_it);
        await_sleeps(2);
        start(&peers[0], ch, page, receive_it);
        await_stop();
        assert_int_equal(channel_recv(ch, &value), 0);
        wait_a_while();
        finish(peers, 3); /* nobody receives meanwhile: there is room for two */
        for (int i = 0; i < 3; i++)
            assert_int_equal(peers[i].rc, 0);
        for (int i = 0; i < 3; i++)
            channel_drop_sender(ch);
        while (channel_recv(ch, &value) == 0)
            sum += value;
        assert_int_equal(sum, 14);
        channel_drop_receiver(ch);
        channel_drop_receiver(ch);
    }
}

/* One sender stops in its step, a second one has sent: the channel is not empty,
 * and who tries may have to wait for that step, but is not told that it is. */
static void a_try_to_receive_is_not_told_empty(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch = made(capacities[kind]);
        struct peer peers[2];
        close_the_page();
        start(&peers[0], ch, page, send_it);
        await_stop();
        assert_int_equal(channel_send(ch, &(long){200}), 0);
        start(&peers[1], ch, NULL, try_to_receive);
        wait_a_while();
        finish(peers, 2);
        assert_int_equal(peers[0].rc, 0);
        assert_int_equal(peers[1].rc, 0);
        assert_int_equal(peers[1].own, 100);
        channel_drop_sender(ch);
        channel_drop_sender(ch);
        channel_drop_receiver(ch);
        channel_drop_receiver(ch);
    }
}

/* The same at the other end: of a full ring's values one is being received, and
 * the next one has been. */
static void a_try_to_send_is_not_told_full(void **state)
{
    (void)state;
    for (int kind = 0; kind < BOUNDED; kind++) {
        struct channel *ch = made(capacities[kind]);
        struct peer peers[2];
        long value = 0;
        close_the_page();
        for (size_t i = 0; i < capacities[kind]; i++)
            assert_int_equal(channel_send(ch, &value), 0);
        start(&peers[0], ch, page, receive_it);
        await_stop();
        assert_int_equal(channel_recv(ch, &value), 0);
        start(&peers[1], ch, NULL, try_to_send);
        wait_a_while();
        finish(peers, 2);
        assert_int_equal(peers[0].rc, 0);
        assert_int_equal(peers[1].rc, 0);
        channel_drop_sender(ch);
        channel_drop_sender(ch);
        channel_drop_receiver(ch);
        channel_drop_receiver(ch);
    }
}

/* A receiver stops in its step, while others read all the rest of its block and
 * some blocks more. What it has not read yet must still be there. */
static void a_block_stays_until_its_slowest_reader_is_done(void **state)
{
    struct channel *ch = made(CHANNEL_UNBOUNDED);
    struct peer peers[1];
    long value = 0, wrong = 0;
    (void)state;
    close_the_page();
    start(&peers[0], ch, page, receive_it);
    assert_int_equal(channel_send(ch, &(long){5}), 0);
    await_stop();
    for (long i = 1000; i < 6000; i++) {
        wrong += channel_send(ch, &i) != 0 || channel_recv(ch, &value) != 0;
        wrong += value != i;
    }
    finish(peers, 1);
    assert_int_equal(wrong, 0);
    assert_int_equal(*page, 5);
    channel_drop_sender(ch);
    channel_drop_receiver(ch);
    channel_drop_receiver(ch);
}

static void count_drop(void *value)
{
    (void)value;
    atomic_fetch_add_explicit(&drops, 1, memory_order_seq_cst);
}

/* The last receiver goes while a sender is in its step: nobody will receive that
 * value, nor look for it. It must not lie there until the senders go. */
static void a_send_that_the_close_overtakes_is_dropped_at_once(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct channel *ch = made(capacities[kind]);
        struct peer peers[2];
        close_the_page();
        channel_set_drop(ch, count_drop);
        start(&peers[0], ch, page, send_it);
        await_stop();
        must(pthread_create(&peers[1].thread, NULL, drop_receiver, ch));
        wait_a_while();
        finish(peers, 2);
        assert_int_equal(peers[0].rc, 0);
        assert_int_equal(atomic_load_explicit(&drops, memory_order_seq_cst), 1);
        assert_int_equal(channel_send(ch, &(long){200}), -EPIPE);
        channel_drop_sender(ch);
        channel_drop_sender(ch);
        assert_int_equal(atomic_load_explicit(&drops, memory_order_seq_cst), 1);
    }
}

static void *send_until_closed(void *arg)
{
    struct peer *p = arg;
    while ((p->rc = channel_send(p->ch, p->place)) == 0)
        p->sent++;
    return NULL;
}

/* The same before it has taken a position, when it knows no more than that there
 * was a receiver a moment ago. It is kept where it asks for the next block. */
static void so_is_one_that_had_only_looked(void **state)
{
    struct channel *ch = made(CHANNEL_UNBOUNDED);
    struct peer peers[1];
    (void)state;
    close_the_page();
    channel_set_drop(ch, count_drop);
    atomic_store_explicit(&stop_allocation, true, memory_order_seq_cst);
    start(&peers[0], ch, NULL, send_until_closed);
    await_stop();
    channel_drop_receiver(ch);
    int before = atomic_load_explicit(&drops, memory_order_seq_cst);
    finish(peers, 1);
    assert_int_equal(peers[0].rc, -EPIPE);
    assert_int_equal(peers[0].sent, before + 1); /* it had looked, and sent */
    assert_int_equal(atomic_load_explicit(&drops, memory_order_seq_cst),
                     peers[0].sent);
    channel_drop_sender(ch);
    channel_drop_sender(ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_sender_costs_the_next_one_no_wake_up),
        cmocka_unit_test(a_slow_receiver_costs_the_next_one_no_wake_up),
        cmocka_unit_test(a_try_to_receive_is_not_told_empty),
        cmocka_unit_test(a_try_to_send_is_not_told_full),
        cmocka_unit_test(a_block_stays_until_its_slowest_reader_is_done),
        cmocka_unit_test(a_send_that_the_close_overtakes_is_dropped_at_once),
        cmocka_unit_test(so_is_one_that_had_only_looked),
    };
    return cmocka_run_group_tests(tests, make_page, NULL);
}
