/* SPDX-License-Identifier: MIT
 *
 * compare_threads.c - a task is an OS thread. It waits by blocking, and reads
 * from top to bottom. The kernel switches, at any moment it likes: what tasks
 * share needs a lock (say() has one), or a signal such as the semaphores here.
 */
#include <semaphore.h>

#include "compare.h"

static void *late(void *argument)
{
    struct script *script = argument;

    sleep_until(after_ms(script, now_ns(), LATE_MS));
    say(script, LATE);
    return NULL;
}

static void *early(void *argument)
{
    struct script *script = argument;

    sleep_until(after_ms(script, now_ns(), EARLY_MS));
    say(script, EARLY);
    sleep_until(after_ms(script, now_ns(), NESTED_MS));
    say(script, NESTED);
    return NULL;
}

static pthread_t start(void *(*function)(void *argument), void *argument)
{
    pthread_t thread;

    int rc = pthread_create(&thread, NULL, function, argument);
    if (rc != 0)
        error(EXIT_FAILURE, rc, "make an OS thread");
    return thread;
}

static void timers(struct script *script)
{
    say(script, BEGIN);
    pthread_t first = start(late, script), second = start(early, script);
    say(script, MEANWHILE);
    must(pthread_join(first, NULL));
    must(pthread_join(second, NULL));
}

struct player {
    struct game *game;
    int number;
    sem_t *mine, *other; /* up: it is my turn, it is the other's */
};

static void *player(void *argument)
{
    const struct player *self = argument;

    for (long i = 0; i < self->game->rounds; i++) {
        must(sem_wait(self->mine));
        take_turn(self->game, self->number);
        must(sem_post(self->other));
    }
    return NULL;
}

static void play(struct game *game)
{
    sem_t turn[2];
    struct player first = {game, 0, &turn[0], &turn[1]};
    struct player second = {game, 1, &turn[1], &turn[0]};

    must(sem_init(&turn[0], 0, 1));
    must(sem_init(&turn[1], 0, 0));
    pthread_t thread = start(player, &second);
    player(&first);
    must(pthread_join(thread, NULL));
    must(sem_destroy(&turn[0]));
    must(sem_destroy(&turn[1]));
}

const struct engine engine_threads = {
    "threads", "a task is an OS thread, and blocks", timers, play};
