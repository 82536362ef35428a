/* SPDX-License-Identifier: MIT
 *
 * loops_bridge.c - a loop inside a program that knows none: it runs on a thread
 * of its own, other threads put questions into its inbox, wake it, and block
 * until the answer is there.
 *
 * uv_async_send() says "look", not "one more": many sends may give one callback.
 * So the callback takes all that is in the inbox, and the last question is a
 * question too: to stop.
 *
 * Try: eventloop-basic loops --bridge
 * Read with: Tokio, topics, "Bridging with sync code"; the libuv guide,
 * "Threads" (uv_async_send).
 */
#include "../demo.h"
#include "loops.h"
#include "stage.h"

enum { ASKERS = 4, QUESTIONS = 2500 };

struct question {
    struct question *next;
    long number, answer;
    uv_sem_t *answered; /* or NULL: nobody waits */
    bool stop;
};

struct bridge {
    struct stage stage;
    uv_async_t look;
    long callbacks, answers, sum; /* the loop's */
    pthread_mutex_t lock;         /* guards the inbox, newest first */
    struct question *inbox;
};

static void ask(struct bridge *b, struct question *q)
{
    must(pthread_mutex_lock(&b->lock));
    q->next = b->inbox;
    b->inbox = q;
    must(pthread_mutex_unlock(&b->lock));
    must(uv_async_send(&b->look));
}

static void answer(struct bridge *b, struct question *q)
{
    b->answers++;
    b->sum += q->number;
    q->answer = q->number * q->number;
    if (q->answered != NULL)
        uv_sem_post(q->answered); /* the last touch */
}

static void look(uv_async_t *handle)
{
    struct bridge *b = handle->data;
    must(pthread_mutex_lock(&b->lock));
    struct question *q = b->inbox;
    b->inbox = NULL;
    must(pthread_mutex_unlock(&b->lock));
    b->callbacks++;
    while (q != NULL) {
        struct question *next = q->next;
        if (q->stop)
            CLOSE(handle);
        else
            answer(b, q);
        q = next;
    }
}

static void *run_loop(void *argument)
{
    stage_serve(&((struct bridge *)argument)->stage);
    return NULL;
}

/* Whoever waits for an answer gets it: the last question still ends the loop. */
static void interrupted(void *argument)
{
    (void)argument;
}

struct asker {
    struct bridge *bridge;
    struct question question[QUESTIONS];
    pthread_t thread;
};

static void *ask_many(void *argument)
{
    struct asker *a = argument;
    for (int i = 0; i < QUESTIONS; i++) {
        a->question[i].number = i;
        ask(a->bridge, &a->question[i]);
    }
    return NULL;
}

/* Like any function that blocks: the caller sees no loop. */
static long square(struct bridge *b, long number)
{
    uv_sem_t answered;
    struct question q = {.number = number, .answered = &answered};
    must(uv_sem_init(&answered, 0));
    ask(b, &q);
    uv_sem_wait(&answered);
    uv_sem_destroy(&answered);
    return q.answer;
}

int loops_bridge(void)
{
    static struct asker asker[ASKERS];
    struct bridge b = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct question stop = {.stop = true};
    pthread_t thread;
    stage_open(&b.stage, interrupted, NULL);
    must(uv_async_init(&b.stage.loop, &b.look, look));
    b.look.data = &b;
    must(pthread_create(&thread, NULL, run_loop, &b));
    for (int i = 0; i < ASKERS; i++) {
        asker[i].bridge = &b;
        must(pthread_create(&asker[i].thread, NULL, ask_many, &asker[i]));
    }
    long squared = square(&b, 12);
    trace("main", "asked for the square of 12, and got %ld", squared);
    for (int i = 0; i < ASKERS; i++)
        must(pthread_join(asker[i].thread, NULL));
    ask(&b, &stop);
    must(pthread_join(thread, NULL));
    must(pthread_mutex_destroy(&b.lock));
    stage_exit_if_stopped(&b.stage);
    long asked = ASKERS * QUESTIONS + 1;
    long sum = (long)ASKERS * QUESTIONS * (QUESTIONS - 1) / 2 + 12;
    trace("main", "%ld questions, %ld answers, by %ld callbacks", asked,
          b.answers, b.callbacks);
    bool holds = squared == 144 && b.answers == asked && b.sum == sum &&
                 b.callbacks <= asked + 1;
    printf("wakes may merge, and no question is lost: %s\n",
           holds ? "yes" : "no");
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
