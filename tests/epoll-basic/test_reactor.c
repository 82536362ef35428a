/* SPDX-License-Identifier: MIT
 *
 * test_reactor.c - what reactor.h promises: leaves by hand, with a waker that
 * counts, and then under an executor.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "counted.h"
#include "reactor.h"
#include "util.h"

/* ---- What the tests replace ---- */

static void (*after_epoll_wait)(void); /* between the batch and its handling */
static int waits;                      /* calls of epoll_wait(2) */
static bool no_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
int __real_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
    int count = __real_epoll_wait(fd, events, most, ms);
    waits++;
    if (after_epoll_wait != NULL)
        after_epoll_wait();
    return count;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return no_memory ? NULL : __real_reallocarray(old, count, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- A reactor, a pair of sockets, a waker ---- */

struct fixture {
    struct reactor *reactor;
    int near, far; /* near is watched */
    struct token source;
    struct counts counts;
    struct task_waker waker; /* lent */
};

static int set_up(void **state)
{
    static struct fixture fixture;
    int ends[2];
    fixture = (struct fixture){.near = -1};
    fixture.waker = counting_waker(&fixture.counts);
    *state = &fixture;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                    ends));
    fixture.near = ends[0];
    fixture.far = ends[1];
    must(reactor_new(&fixture.reactor));
    return reactor_register(fixture.reactor, fixture.near, &fixture.source);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    int rc = reactor_deregister(f->reactor, f->source);
    reactor_free(f->reactor);
    close(f->near);
    close(f->far);
    /* No clone of the waker is left anywhere. */
    return (rc == 0 || rc == -ENOENT) && f->counts.owners == 0 ? 0 : -1;
}

/* One look at what has happened. */
static void look(const struct fixture *f)
{
    struct driver *driver = reactor_driver(f->reactor);
    assert_int_equal(driver->wait(driver, false), 0);
}

static void send_byte(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static void read_bytes(int fd, ssize_t expected)
{
    char bytes[64];
    assert_int_equal(read(fd, bytes, sizeof bytes), expected);
}

#define ASSERT_PROGRESS(leaf, f, expected) \
    assert_int_equal(future_poll(&(leaf).future, &(f)->waker), expected)

/* ---- Readable, writable ---- */

static void readable_waits_for_bytes_and_is_woken_once(void **state)
{
    struct fixture *f = *state;
    look(f); /* the event for "writable" */
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    ASSERT_PROGRESS(leaf, f, FUTURE_PENDING);
    look(f);
    assert_int_equal(f->counts.wakes, 0);
    send_byte(f->far);
    look(f);
    look(f);
    assert_int_equal(f->counts.wakes, 1);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    assert_int_equal(leaf.rc, 0);
    read_bytes(f->near, 1);
    future_drop(&leaf.future);
}

static void each_way_has_its_own_waker(void **state)
{
    struct fixture *f = *state;
    struct counts other = {.owners = 0};
    struct task_waker writers = counting_waker(&other);
    struct reactor_ready in = reactor_readable(f->reactor, f->source);
    struct reactor_ready out = reactor_writable(f->reactor, f->source);
    ASSERT_PROGRESS(in, f, FUTURE_PENDING);
    assert_int_equal(future_poll(&out.future, &writers), FUTURE_PENDING);
    look(f); /* a fresh socket is writable, and not readable */
    assert_int_equal(other.wakes, 1);
    assert_int_equal(f->counts.wakes, 0);
    assert_int_equal(future_poll(&out.future, &writers), FUTURE_READY);
    ASSERT_PROGRESS(in, f, FUTURE_PENDING);
    future_drop(&in.future);
    future_drop(&out.future);
    assert_int_equal(other.owners, 0);
}

static void an_event_between_the_read_and_the_poll_is_not_lost(void **state)
{
    struct fixture *f = *state;
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    read_bytes(f->near, -1); /* EAGAIN */
    send_byte(f->far);
    look(f);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    assert_int_equal(f->counts.wakes, 0);
}

static void what_was_there_before_the_leaf_does_not_count(void **state)
{
    struct fixture *f = *state;
    send_byte(f->far);
    look(f);
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    read_bytes(f->near, 1);
    ASSERT_PROGRESS(leaf, f, FUTURE_PENDING);
    send_byte(f->far);
    look(f);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    future_drop(&leaf.future);
}

/* One event says both; after the short read nobody else would come. */
static void the_end_that_comes_with_the_last_bytes_is_not_lost(void **state)
{
    struct fixture *f = *state;
    send_byte(f->far);
    must(shutdown(f->far, SHUT_WR));
    look(f);
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    read_bytes(f->near, 1);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    leaf = reactor_readable(f->reactor, f->source);
    read_bytes(f->near, 0);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
}

static void a_peer_that_has_gone_makes_both_ways_ready_for_ever(void **state)
{
    struct fixture *f = *state;
    close(f->far);
    f->far = -1;
    look(f);
    for (int i = 0; i < 2; i++) {
        struct reactor_ready in = reactor_readable(f->reactor, f->source);
        struct reactor_ready out = reactor_writable(f->reactor, f->source);
        ASSERT_PROGRESS(in, f, FUTURE_READY);
        ASSERT_PROGRESS(out, f, FUTURE_READY);
    }
}

static void a_leaf_that_moved_wakes_the_newest_waker_only(void **state)
{
    struct fixture *f = *state;
    struct counts other = {.owners = 0};
    struct task_waker elsewhere = counting_waker(&other);
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    struct reactor_timer timer = reactor_timer(f->reactor, 0);
    ASSERT_PROGRESS(leaf, f, FUTURE_PENDING);
    ASSERT_PROGRESS(timer, f, FUTURE_PENDING);
    assert_int_equal(f->counts.owners, 2);
    assert_int_equal(future_poll(&leaf.future, &elsewhere), FUTURE_PENDING);
    assert_int_equal(future_poll(&timer.future, &elsewhere), FUTURE_PENDING);
    assert_int_equal(f->counts.owners, 0);
    send_byte(f->far);
    look(f);
    assert_int_equal(f->counts.wakes, 0);
    assert_int_equal(other.wakes, 2);
    assert_int_equal(other.owners, 0);
    future_drop(&leaf.future);
    future_drop(&timer.future);
}

static void a_leaf_that_was_dropped_wakes_nobody(void **state)
{
    struct fixture *f = *state;
    struct reactor_ready unpolled = reactor_readable(f->reactor, f->source);
    struct reactor_ready leaf = reactor_readable(f->reactor, f->source);
    ASSERT_PROGRESS(leaf, f, FUTURE_PENDING);
    future_drop(&unpolled.future); /* has nothing to do with the other */
    assert_int_equal(f->counts.owners, 1);
    future_drop(&leaf.future);
    assert_int_equal(f->counts.owners, 0);
    send_byte(f->far);
    look(f);
    assert_int_equal(f->counts.wakes, 0);
}

static void the_newest_of_two_leaves_is_woken(void **state)
{
    struct fixture *f = *state;
    struct counts other = {.owners = 0};
    struct task_waker elsewhere = counting_waker(&other);
    struct reactor_ready older = reactor_readable(f->reactor, f->source);
    struct reactor_ready newer = reactor_readable(f->reactor, f->source);
    ASSERT_PROGRESS(older, f, FUTURE_PENDING);
    assert_int_equal(future_poll(&newer.future, &elsewhere), FUTURE_PENDING);
    assert_int_equal(f->counts.owners, 0);
    future_drop(&older.future);
    assert_int_equal(other.owners, 1);
    send_byte(f->far);
    look(f);
    assert_int_equal(other.wakes, 1);
    assert_int_equal(other.owners, 0);
    future_drop(&newer.future);
}

/* An error that is read, and then gone: nobody listens at the port that a
 * datagram goes to. */
static void an_error_makes_a_leaf_ready_once(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in nobody = {.sin_family = AF_INET};
    socklen_t length = sizeof nobody;
    struct token source;
    char byte;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int taken = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && taken >= 0);
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(taken, (struct sockaddr *)&nobody, sizeof nobody));
    must(getsockname(taken, (struct sockaddr *)&nobody, &length));
    must(connect(fd, (struct sockaddr *)&nobody, length));
    close(taken); /* from here on the port is nobody's */
    assert_int_equal(reactor_register(f->reactor, fd, &source), 0);
    look(f);
    struct reactor_ready leaf = reactor_readable(f->reactor, source);
    send_byte(fd);
    look(f);
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    leaf = reactor_readable(f->reactor, source);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, ECONNREFUSED);
    ASSERT_PROGRESS(leaf, f, FUTURE_PENDING);
    future_drop(&leaf.future);
    assert_int_equal(reactor_deregister(f->reactor, source), 0);
    close(fd);
}

/* ---- The end of a source ---- */

static void leaves_of_a_source_that_ends_are_cancelled(void **state)
{
    struct fixture *f = *state;
    struct reactor_ready in = reactor_readable(f->reactor, f->source);
    struct reactor_ready out = reactor_writable(f->reactor, f->source);
    ASSERT_PROGRESS(in, f, FUTURE_PENDING);
    ASSERT_PROGRESS(out, f, FUTURE_PENDING);
    assert_int_equal(reactor_deregister(f->reactor, f->source), 0);
    assert_int_equal(f->counts.wakes, 2);
    ASSERT_PROGRESS(in, f, FUTURE_READY);
    assert_int_equal(in.rc, -ECANCELED);
    struct reactor_ready late = reactor_writable(f->reactor, f->source);
    ASSERT_PROGRESS(late, f, FUTURE_READY);
    assert_int_equal(late.rc, -ECANCELED);
    future_drop(&in.future);
    future_drop(&out.future);
    assert_int_equal(reactor_deregister(f->reactor, f->source), -ENOENT);
}

/* Its event is in the batch already when the source ends and a new one, with
 * the same slot and the same descriptor, begins. */
static struct fixture *replaced;
static struct token successor;

static void replace_source(void)
{
    after_epoll_wait = NULL;
    must(reactor_deregister(replaced->reactor, replaced->source));
    must(reactor_register(replaced->reactor, replaced->near, &successor));
}

static void a_late_event_does_not_reach_the_successor(void **state)
{
    struct fixture *f = *state;
    send_byte(f->far);
    replaced = f;
    after_epoll_wait = replace_source;
    look(f);
    struct reactor_ready leaf = reactor_readable(f->reactor, successor);
    assert_int_equal(leaf.seen, 0); /* no event so far */
    assert_int_equal(successor.index, f->source.index);
    look(f); /* but registering has looked anew */
    ASSERT_PROGRESS(leaf, f, FUTURE_READY);
    f->source = successor;
}

/* Sources come and go; a model says which are there and who has bytes. */
static void sources_at_random_agree_with_a_model(void **state)
{
    enum { SLOTS = 12, STEPS = 20000 };
    struct model {
        bool open, byte;
        int near, far;
        struct token token;
        struct reactor_ready leaf;
        struct counts counts;
    } model[SLOTS] = {{.open = false}};
    struct fixture *f = *state;
    unsigned seed = 5;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        struct model *m = &model[(seed >> 16) % SLOTS];
        struct task_waker waker = counting_waker(&m->counts);
        int ends[2];
        if (!m->open) {
            must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                            0, ends));
            *m = (struct model){.open = true, .near = ends[0], .far = ends[1]};
            must(reactor_register(f->reactor, m->near, &m->token));
            m->leaf = reactor_readable(f->reactor, m->token);
            assert_int_equal(future_poll(&m->leaf.future, &waker),
                             FUTURE_PENDING);
        } else if (!m->byte && (seed >> 24) % 2 == 0) {
            send_byte(m->far);
            m->byte = true;
        } else if ((seed >> 25) % 4 == 0) { /* perhaps with an event to come */
            future_drop(&m->leaf.future);
            must(reactor_deregister(f->reactor, m->token));
            assert_int_equal(m->counts.owners, 0);
            close(m->near);
            close(m->far);
            m->open = false;
        } else {
            look(f);
            for (int i = 0; i < SLOTS; i++)
                if (model[i].open)
                    assert_int_equal(model[i].counts.wakes, model[i].byte);
            enum progress expected = m->byte ? FUTURE_READY : FUTURE_PENDING;
            assert_int_equal(future_poll(&m->leaf.future, &waker), expected);
            if (m->byte) {
                m->leaf = reactor_readable(f->reactor, m->token);
                read_bytes(m->near, 1);
                m->byte = false;
                m->counts.wakes = 0;
                assert_int_equal(future_poll(&m->leaf.future, &waker),
                                 FUTURE_PENDING);
            }
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        if (!model[i].open)
            continue;
        future_drop(&model[i].leaf.future);
        must(reactor_deregister(f->reactor, model[i].token));
        close(model[i].near);
        close(model[i].far);
    }
}

/* ---- Timers ---- */

static void a_timer_is_ready_at_its_time_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct driver *driver = reactor_driver(f->reactor);
    int64_t deadline = now_ns() + 2000000;
    struct reactor_timer never = reactor_timer(f->reactor, INT64_MAX - 1);
    struct reactor_timer soon = reactor_timer(f->reactor, deadline);
    ASSERT_PROGRESS(never, f, FUTURE_PENDING);
    ASSERT_PROGRESS(soon, f, FUTURE_PENDING);
    look(f);
    while (f->counts.wakes == 0)
        assert_int_equal(driver->wait(driver, true), 0);
    assert_true(now_ns() >= deadline);
    ASSERT_PROGRESS(soon, f, FUTURE_READY);
    ASSERT_PROGRESS(never, f, FUTURE_PENDING);
    future_drop(&soon.future);
    future_drop(&never.future);
}

static void a_timer_that_was_dropped_wakes_nobody(void **state)
{
    struct fixture *f = *state;
    struct reactor_timer unpolled = reactor_timer(f->reactor, 0);
    struct reactor_timer pending = reactor_timer(f->reactor, 0);
    struct reactor_timer left = reactor_timer(f->reactor, 0);
    ASSERT_PROGRESS(pending, f, FUTURE_PENDING);
    ASSERT_PROGRESS(left, f, FUTURE_PENDING);
    future_drop(&unpolled.future);
    future_drop(&pending.future);
    look(f);
    assert_int_equal(f->counts.wakes, 1);
    ASSERT_PROGRESS(left, f, FUTURE_READY);
    future_drop(&left.future);
}

/* More are due than one look wakes; none is forgotten. */
static void any_number_of_timers_may_be_due_at_once(void **state)
{
    enum { TIMERS = 1000 };
    static struct reactor_timer timers[TIMERS];
    struct fixture *f = *state;
    struct driver *driver = reactor_driver(f->reactor);
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = reactor_timer(f->reactor, i);
        ASSERT_PROGRESS(timers[i], f, FUTURE_PENDING);
    }
    while (f->counts.wakes < TIMERS)
        assert_int_equal(driver->wait(driver, true), 0);
    for (int i = 0; i < TIMERS; i++) {
        ASSERT_PROGRESS(timers[i], f, FUTURE_READY);
        future_drop(&timers[i].future);
    }
}

struct elsewhere {
    struct reactor_timer timer;
    struct counts counts;
};

static void *poll_elsewhere(void *argument)
{
    struct elsewhere *e = argument;
    struct task_waker waker = counting_waker(&e->counts);
    (void)future_poll(&e->timer.future, &waker);
    return NULL;
}

/* counts.wakes is changed by this thread only, inside wait(). */
static bool timer_is_pending(struct driver *driver, struct elsewhere *e)
{
    must(driver->wait(driver, true));
    return e->counts.wakes == 0;
}

static void an_earlier_timer_ends_the_wait_of_another_thread(void **state)
{
    struct fixture *f = *state;
    struct driver *driver = reactor_driver(f->reactor);
    look(f); /* the event for "writable" */
    for (int i = 0; i < 200; i++) {
        struct elsewhere e = {.timer = reactor_timer(f->reactor, 0)};
        pthread_t thread;
        must(pthread_create(&thread, NULL, poll_elsewhere, &e));
        /* The timer comes before the wait, or ends it; a wait that knew of
         * none, and was not told, would not end. */
        while (timer_is_pending(driver, &e))
            continue;
        must(pthread_join(thread, NULL));
        future_drop(&e.timer.future);
        assert_int_equal(e.counts.wakes, 1);
    }
}

static void *unpark_it(void *driver)
{
    ((struct driver *)driver)->unpark(driver);
    return NULL;
}

static void an_unpark_ends_the_wait_or_the_next_one(void **state)
{
    struct fixture *f = *state;
    struct driver *driver = reactor_driver(f->reactor);
    look(f);
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, unpark_it, driver));
        must(driver->wait(driver, true));
        must(pthread_join(thread, NULL));
    }
    driver->unpark(driver);
    must(driver->wait(driver, true));
    waits = 0;
    look(f);
    assert_int_equal(waits, 1);
}

/* ---- Under an executor: an echo, its state machine written out ---- */

struct echo { /* task: reads a byte, writes it back, until the end */
    struct future future;
    struct reactor *reactor;
    int fd;
    struct token source;
    enum { READ, AWAIT } state;
    struct reactor_ready ready;
    int *polls;
};

static enum progress poll_echo(struct future *future,
                               const struct task_waker *waker)
{
    struct echo *self = (struct echo *)future;
    char byte;
    ++*self->polls;
    for (;;) {
        if (self->state == AWAIT &&
            future_poll(&self->ready.future, waker) == FUTURE_PENDING)
            return FUTURE_PENDING;
        self->ready = reactor_readable(self->reactor, self->source);
        self->state = AWAIT;
        ssize_t got = read(self->fd, &byte, 1);
        if (got == 0)
            return FUTURE_READY;
        if (got > 0 && write(self->fd, &byte, 1) == 1)
            self->state = READ; /* a byte was all there was room for */
    }
}

static void drop_echo(struct future *future)
{
    struct echo *self = (struct echo *)future;
    if (self->state == AWAIT)
        future_drop(&self->ready.future);
    must(reactor_deregister(self->reactor, self->source));
    close(self->fd);
}

enum { PAIRS = 16, BYTES = 2000 };

struct peers {
    int fds[PAIRS];
    int wrong;
};

/* Sends each a byte, awaits all answers; so often, then closes. */
static void *be_the_peers(void *argument)
{
    struct peers *p = argument;
    char byte;
    for (int i = 0; i < BYTES / PAIRS; i++) {
        for (int j = 0; j < PAIRS; j++)
            p->wrong += write(p->fds[j], "y", 1) != 1;
        for (int j = 0; j < PAIRS; j++)
            p->wrong += read(p->fds[j], &byte, 1) != 1 || byte != 'y';
    }
    for (int j = 0; j < PAIRS; j++)
        close(p->fds[j]);
    return NULL;
}

static void *run(void *executor)
{
    must(executor_run(executor));
    return NULL;
}

static void echoes_come_back_and_each_task_is_polled_once_per_byte(void **state)
{
    struct fixture *f = *state;
    for (int threads = 1; threads <= 3; threads += 2) {
        struct executor *ex = NULL;
        struct peers peers = {.wrong = 0};
        int polls[PAIRS] = {0};
        pthread_t thread, runners[2];
        assert_int_equal(executor_new(&ex, reactor_driver(f->reactor), 0), 0);
        for (int i = 0; i < PAIRS; i++) {
            int ends[2];
            must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
            must(fcntl(ends[0], F_SETFL, O_NONBLOCK));
            peers.fds[i] = ends[1];
            struct echo echo = {.future = {poll_echo, drop_echo},
                                .reactor = f->reactor,
                                .fd = ends[0],
                                .polls = &polls[i]};
            must(reactor_register(f->reactor, ends[0], &echo.source));
            assert_int_equal(executor_spawn(ex, &echo.future, sizeof echo), 0);
        }
        must(pthread_create(&thread, NULL, be_the_peers, &peers));
        for (int i = 0; i < threads - 1; i++)
            must(pthread_create(&runners[i], NULL, run, ex));
        assert_int_equal(executor_run(ex), 0);
        for (int i = 0; i < threads - 1; i++)
            must(pthread_join(runners[i], NULL));
        must(pthread_join(thread, NULL));
        executor_free(ex);
        assert_int_equal(peers.wrong, 0);
        /* The first one, and one for each byte and for the end. */
        for (int i = 0; i < PAIRS; i++)
            assert_in_range(polls[i], 1, BYTES / PAIRS + 2);
    }
}

/* ---- Nothing left ---- */

static void without_descriptors_or_memory_there_is_no_reactor(void **state)
{
    struct fixture *f = *state;
    struct reactor *second = NULL;
    struct token token;
    struct rlimit before, tight;
    int spare = fcntl(f->near, F_DUPFD_CLOEXEC, 0);
    must(getrlimit(RLIMIT_NOFILE, &before));
    close(spare);
    for (rlim_t room = 0; room < 2; room++) { /* for epoll, for the eventfd */
        tight = (struct rlimit){(rlim_t)spare + room, before.rlim_max};
        must(setrlimit(RLIMIT_NOFILE, &tight));
        int rc = reactor_new(&second);
        must(setrlimit(RLIMIT_NOFILE, &before));
        assert_int_equal(rc, -EMFILE);
    }
    no_memory = true;
    int made = reactor_new(&second);
    int registered = reactor_register(f->reactor, f->far, &token);
    no_memory = false;
    assert_int_equal(made, -ENOMEM);
    assert_int_equal(registered, -ENOMEM);
    assert_null(second);
    int again =
        fcntl(f->near, F_DUPFD_CLOEXEC, 0); /* no descriptor was left open */
    close(again);
    assert_int_equal(again, spare);
    reactor_free(NULL);
}

static void a_timer_without_memory_says_so_at_once(void **state)
{
    struct fixture *f = *state;
    struct reactor_timer timer = reactor_timer(f->reactor, INT64_MAX - 1);
    no_memory = true;
    enum progress progress = future_poll(&timer.future, &f->waker);
    no_memory = false;
    assert_int_equal(progress, FUTURE_READY);
    assert_int_equal(timer.rc, -ENOMEM);
    future_drop(&timer.future);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    struct fixture *f = *state;
    struct token token;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(reactor_register(f->reactor, file, &token), -EPERM);
    close(file);
    assert_int_equal(reactor_register(f->reactor, file, &token), -EBADF);
    assert_int_equal(reactor_register(f->reactor, f->near, &token), -EEXIST);
}

int main(void)
{
#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PROMISE(readable_waits_for_bytes_and_is_woken_once),
        PROMISE(each_way_has_its_own_waker),
        PROMISE(an_event_between_the_read_and_the_poll_is_not_lost),
        PROMISE(what_was_there_before_the_leaf_does_not_count),
        PROMISE(the_end_that_comes_with_the_last_bytes_is_not_lost),
        PROMISE(a_peer_that_has_gone_makes_both_ways_ready_for_ever),
        PROMISE(a_leaf_that_moved_wakes_the_newest_waker_only),
        PROMISE(a_leaf_that_was_dropped_wakes_nobody),
        PROMISE(the_newest_of_two_leaves_is_woken),
        PROMISE(an_error_makes_a_leaf_ready_once),
        PROMISE(leaves_of_a_source_that_ends_are_cancelled),
        PROMISE(a_late_event_does_not_reach_the_successor),
        PROMISE(sources_at_random_agree_with_a_model),
        PROMISE(a_timer_is_ready_at_its_time_and_not_before),
        PROMISE(a_timer_that_was_dropped_wakes_nobody),
        PROMISE(any_number_of_timers_may_be_due_at_once),
        PROMISE(an_earlier_timer_ends_the_wait_of_another_thread),
        PROMISE(an_unpark_ends_the_wait_or_the_next_one),
        PROMISE(echoes_come_back_and_each_task_is_polled_once_per_byte),
        PROMISE(without_descriptors_or_memory_there_is_no_reactor),
        PROMISE(a_timer_without_memory_says_so_at_once),
        PROMISE(what_cannot_be_watched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
