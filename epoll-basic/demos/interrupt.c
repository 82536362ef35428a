/* SPDX-License-Identifier: MIT
 *
 * interrupt.c - a keyboard: each key interrupts, as a signal does. The handler
 * puts the key into a small ring, wakes, and does no more; the loop takes keys
 * out and prints them.
 *
 * What goes wrong is made to go wrong: the signal is raised at the very moment
 * where it hurts.
 *
 *   --sleep racy    looks, finds nothing, is interrupted, and sleeps
 *   --sleep atomic  looks with the signal blocked, and lets it in only inside
 *                   the sleep: epoll_pwait(2) swaps the mask and sleeps in one
 *   --bug print     the handler wants the lock that the interrupted one holds
 *   --bug one-pop   announces that it sleeps, and does not look once more
 *
 * Read with: Writing an OS in Rust, "Async/Await"; "Hardware Interrupts".
 */
#include <semaphore.h>

#include "../demo.h"
#include "../waker.h"
#include "verbs.h"

/* ---- The ring: filled by the handler, emptied by the loop ---- */

enum { RING = 16 };

static struct {
    atomic_uint filled, emptied;
    char key[RING];
} ring;

static bool push(char key)
{
    /* relaxed: only the handler writes filled. */
    unsigned filled = atomic_load_explicit(&ring.filled, memory_order_relaxed);
    /* acquire, pairs with "slot is free" in pop(). */
    if (filled - atomic_load_explicit(&ring.emptied, memory_order_acquire) ==
        RING)
        return false; /* full: a key is lost, and a handler may not wait */
    ring.key[filled % RING] = key;
    /* release, "slot is full"; pairs with pop(). */
    atomic_store_explicit(&ring.filled, filled + 1, memory_order_release);
    return true;
}

/* 0: there is none. */
static char pop(void)
{
    /* relaxed: only the loop writes emptied. */
    unsigned emptied =
        atomic_load_explicit(&ring.emptied, memory_order_relaxed);
    /* acquire, pairs with "slot is full" in push(). */
    if (atomic_load_explicit(&ring.filled, memory_order_acquire) == emptied)
        return 0;
    char key = ring.key[emptied % RING];
    /* release, "slot is free"; pairs with push(). */
    atomic_store_explicit(&ring.emptied, emptied + 1, memory_order_release);
    return key;
}

/* ---- The keyboard ---- */

static struct waker waker;
/* Whether the loop wants to be woken. seq_cst, as the two looks at the ring:
 * either the handler sees it, or the loop's second look sees the key. Here both
 * are one thread, where that needs no order; a thread of its own would. */
static atomic_bool asleep = true;

static void on_key(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    (void)push((char)info->si_value.sival_int);
    if (atomic_load_explicit(&asleep, memory_order_seq_cst))
        waker_wake(&waker); /* a handler may: it only writes to an eventfd */
}

static void press(pthread_t thread, char key)
{
    must(pthread_sigqueue(thread, SIGRTMIN, (union sigval){.sival_int = key}));
}

static void connect_keyboard(void)
{
    const struct sigaction action = {.sa_sigaction = on_key,
                                     .sa_flags = SA_SIGINFO | SA_RESTART};
    must(sigaction(SIGRTMIN, &action, NULL));
}

static bool sleep_for(int64_t ns)
{
    struct event event;
    int count = poller_wait(waker.poller, &event, 1, ns);

    if (count > 0)
        waker_reset(&waker);
    return count > 0;
}

/* ---- As it should be ---- */

static const char word[] = "interrupt";

struct typist {
    pthread_t loop;
    sem_t taken;
};

static void *type_a_word(void *arg)
{
    struct typist *typist = arg;

    for (const char *key = word; *key != '\0'; key++) {
        press(typist->loop, *key);
        must(sem_wait(&typist->taken));
    }
    return NULL;
}

static int read_a_word(void)
{
    struct typist typist = {.loop = pthread_self()};
    char got[sizeof word] = "";
    size_t count = 0;
    pthread_t thread;

    must(sem_init(&typist.taken, 0, 0));
    must(pthread_create(&thread, NULL, type_a_word, &typist));
    while (count < sizeof word - 1) {
        (void)sleep_for(POLLER_FOREVER);
        for (char key; (key = pop()) != 0; got[count++] = key) {
            trace("loop", "takes '%c'", key);
            must(sem_post(&typist.taken));
        }
    }
    must(pthread_join(thread, NULL));
    must(sem_destroy(&typist.taken));
    printf("typed \"%s\", read \"%s\"\n", word, got);
    return strcmp(got, word) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Between the look and the sleep ---- */

static int look_then_sleep(bool atomic)
{
    sigset_t keyboard, before;
    struct epoll_event event;

    sigemptyset(&keyboard);
    sigaddset(&keyboard, SIGRTMIN);
    atomic_store_explicit(&asleep, false, memory_order_seq_cst);
    if (atomic) /* from here the key waits outside */
        must(pthread_sigmask(SIG_BLOCK, &keyboard, &before));
    char first = pop();
    press(pthread_self(), 'k'); /* just now */
    int rc = epoll_pwait(waker.poller->epoll_fd, &event, 1, 200,
                         atomic ? &before : NULL);
    int why = errno;
    if (atomic)
        must(pthread_sigmask(SIG_SETMASK, &before, NULL));
    char second = pop();
    printf("looked: %s; a key came; slept: %s; looked: %s\n",
           first == 0 ? "nothing" : "a key",
           rc < 0 && why == EINTR ? "not at all, the signal came inside"
                                  : "200 ms, though the key was there",
           second == 0 ? "nothing" : "the key");
    return first == 0 && second == 'k' && (rc < 0) == atomic ? EXIT_SUCCESS
                                                             : EXIT_FAILURE;
}

/* Tells the handler to wake us, and then looks again, or forgets to. */
static int announce_then_sleep(bool second_look)
{
    atomic_store_explicit(&asleep, false, memory_order_seq_cst);
    char key = pop();
    press(pthread_self(), 'k'); /* just now: nobody asked to be woken yet */
    atomic_store_explicit(&asleep, true, memory_order_seq_cst);
    if (second_look)
        key = pop();
    bool woken = key == 0 && sleep_for(200000000);
    printf(
        "looked, announced, %s: %s\n", second_look ? "looked again" : "slept",
        key != 0 ? "the key is there"
                 : (woken ? "woken" : "200 ms, and the key lies in the ring"));
    return woken ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int one_pop(void)
{
    int right = announce_then_sleep(true);
    int wrong = announce_then_sleep(false);
    bool lies_there = pop() == 'k';

    return right == EXIT_SUCCESS && wrong == EXIT_SUCCESS && lies_there
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

/* ---- A handler that prints ---- */

static pthread_mutex_t printer;
static volatile sig_atomic_t handler_got;

static void print_from_handler(int number)
{
    (void)number;
    /* A default mutex would wait here for ever; this one tells. */
    handler_got = pthread_mutex_lock(&printer);
}

static int print_in_handler(void)
{
    const struct sigaction action = {.sa_handler = print_from_handler};
    pthread_mutexattr_t checking;

    must(pthread_mutexattr_init(&checking));
    must(pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK));
    must(pthread_mutex_init(&printer, &checking));
    must(pthread_mutexattr_destroy(&checking));
    must(sigaction(SIGUSR1, &action, NULL));
    must(pthread_mutex_lock(&printer)); /* the loop is printing */
    must(raise(SIGUSR1));
    must(pthread_mutex_unlock(&printer));
    must(pthread_mutex_destroy(&printer));
    printf("the handler asked for the printer, which the code it interrupted "
           "holds: %s.\nIt would wait for what cannot go on before it is done; "
           "so push, wake, and print later\n",
           strerrorname_np(handler_got));
    return handler_got == EDEADLK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- The verb ---- */

static int sleep_racy(void)
{
    return look_then_sleep(false);
}

static int sleep_atomic(void)
{
    return look_then_sleep(true);
}

typedef int story_fn(void);

static error_t parse(int key, char *arg, struct argp_state *state)
{
    story_fn **story = state->input;

    if (key == 's' && strcmp(arg, "racy") == 0)
        *story = sleep_racy;
    else if (key == 's' && strcmp(arg, "atomic") == 0)
        *story = sleep_atomic;
    else if (key == 's')
        argp_error(state, "--sleep: 'racy' or 'atomic'");
    else if (key == 'b' && strcmp(arg, "print") == 0)
        *story = print_in_handler;
    else if (key == 'b' && strcmp(arg, "one-pop") == 0)
        *story = one_pop;
    else if (key == 'b')
        argp_error(state, "--bug: 'print' or 'one-pop'");
    else
        return unexpected(key, arg, state);
    return 0;
}

int interrupt_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"sleep", 's', "racy|atomic", 0, "a key between look and sleep", 0},
        {"bug", 'b', "print|one-pop", 0, "what a handler or a loop must not",
         0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "A handler that pushes and wakes."};
    story_fn *story = read_a_word;
    struct poller poller;

    argp_parse(&argp, argc, argv, 0, NULL, &story);
    watchdog(30, "interrupt: a key was lost\n");
    int rc = poller_open(&poller);
    if (rc < 0 || (rc = waker_open(&waker, &poller, token_first(0))) < 0)
        error(EXIT_FAILURE, -rc, "open a poller and a waker");
    connect_keyboard();
    int status = story();
    waker_close(&waker);
    poller_close(&poller);
    return status;
}
