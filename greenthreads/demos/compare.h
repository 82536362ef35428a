/* SPDX-License-Identifier: MIT
 *
 * compare.h - one script, and the five engines that play it. Each engine is a
 * file, compare_<engine>.c, and says how tasks wait in its style.
 *
 * The timers (Futures Explained in 200 Lines, "Background", times scaled down):
 *
 *   main     says BEGIN; sets off late and early; says MEANWHILE; waits for both
 *   late     waits 20 ms; says LATE
 *   early    waits 10 ms; says EARLY; waits 5 ms more; says NESTED
 *
 * The game, which shows what a hand-over costs: two players alternate.
 *
 *   player   so many times: waits for its turn; takes it; hands over
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "../demo.h"

/* In the order in which they are to be said. */
enum line { BEGIN, MEANWHILE, EARLY, NESTED, LATE, LINES };

struct script {
    int64_t ms; /* nanoseconds that the script's millisecond takes */
    int said;
    enum line lines[LINES];
};

enum { LATE_MS = 20, EARLY_MS = 10, NESTED_MS = 5 };

struct game {
    long rounds; /* turns of each player */
    long taken;
    bool fair; /* so far each turn was taken by whose turn it was */
};

struct engine {
    const char *name, *style;
    void (*timers)(struct script *script); /* both end the program if they */
    void (*play)(struct game *game);       /* cannot */
};

extern const struct engine engine_threads, engine_green, engine_ucontext,
    engine_callbacks, engine_poll;

/* Says a line. Any thread may call it. */
void say(struct script *script, enum line line);

/* player, 0 or 1, takes its turn. */
static inline void take_turn(struct game *game, int player)
{
    if (game->taken++ % 2 != player)
        game->fair = false;
}

/* The moment so many of the script's milliseconds after start. */
static inline int64_t after_ms(const struct script *script, int64_t start,
                               int ms)
{
    return start + ms * script->ms;
}

static inline void sleep_until(int64_t moment)
{
    const struct timespec at = {moment / 1000000000, moment % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

#endif
