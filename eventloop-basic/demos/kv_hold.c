/* SPDX-License-Identifier: MIT
 *
 * kv_hold.c - a lock that is kept across a wait: the loop then waits for a lock
 * that only the loop could release.
 *
 * Request A sets a key and then has to wait for something (a timer stands for
 * it). Request B comes on the same loop meanwhile. Its lock is of the kind that
 * checks: where a plain mutex would block for ever, it says EDEADLK.
 *
 * Try: eventloop-basic kv --bug hold
 * Read with: Tokio's tutorial, "Shared state" ("holding a MutexGuard across an
 * .await").
 */
#include "../demo.h"
#include "../store.h"
#include "kv.h"
#include "stage.h"

struct story {
    struct stage stage;
    uv_timer_t something, b_comes;
    struct store *store;
    pthread_mutex_t lock;
    bool keeps; /* the bug */
    int b_got;  /* B's lock: 0 or EDEADLK */
};

static void ask(struct story *s, const char *who, const char *line)
{
    char answer[STORE_ANSWER_LIMIT];
    size_t count = store_answer(s->store, line, strlen(line), answer);
    trace(who, "%s: %.*s", line, (int)count - 1, answer);
}

static void request_b(uv_timer_t *timer)
{
    struct story *s = timer->data;
    CLOSE(timer);
    s->b_got = pthread_mutex_lock(&s->lock);
    if (s->b_got == EDEADLK) {
        trace("B", "waits for the lock: this thread has it, so for ever");
        return;
    }
    ask(s, "B", "GET a");
    must(pthread_mutex_unlock(&s->lock));
}

static void a_goes_on(uv_timer_t *timer)
{
    struct story *s = timer->data;
    CLOSE(timer);
    trace("A", "has what it waited for");
    if (s->keeps)
        must(pthread_mutex_unlock(&s->lock));
}

static void request_a(struct story *s)
{
    must(pthread_mutex_lock(&s->lock));
    ask(s, "A", "SET a 1");
    if (s->keeps)
        trace("A", "waits, and keeps the lock");
    else
        must(pthread_mutex_unlock(&s->lock));
    must(uv_timer_start(&s->something, a_goes_on, 10, 0));
    must(uv_timer_start(&s->b_comes, request_b, 0, 0));
}

static int lock_of_b(bool keeps)
{
    struct story s = {.keeps = keeps, .b_got = -1};
    pthread_mutexattr_t checked;
    stage_open(&s.stage, NULL, NULL);
    must(pthread_mutexattr_init(&checked));
    must(pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK));
    must(pthread_mutex_init(&s.lock, &checked));
    must(pthread_mutexattr_destroy(&checked));
    must(store_new(&s.store, 4096));
    must(uv_timer_init(&s.stage.loop, &s.something));
    must(uv_timer_init(&s.stage.loop, &s.b_comes));
    s.something.data = s.b_comes.data = &s;
    request_a(&s);
    stage_run(&s.stage);
    store_free(s.store);
    must(pthread_mutex_destroy(&s.lock));
    return s.b_got;
}

int kv_hold(void)
{
    int kept = lock_of_b(true);
    int given_back = lock_of_b(false);
    bool holds = kept == EDEADLK && given_back == 0;
    printf("a lock kept across a wait stops the loop it needs: %s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
