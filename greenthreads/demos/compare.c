/* SPDX-License-Identifier: MIT
 *
 * compare.c - one script under five engines: OS threads, green threads, ucontext,
 * callbacks, poll functions. All say the same lines in the same order; what
 * differs is how the text reads, and what it costs.
 *
 * The order hangs on time alone, and time promises only "not earlier": on a
 * machine that is busy elsewhere a task may wake so late that another overtakes
 * it. Then the script is played again, at half the speed.
 *
 * Try: greenthreads compare; greenthreads compare --engine callbacks
 * Read with: Futures Explained in 200 Lines, "Background".
 */
#include "compare.h"
#include "verbs.h"

static const struct engine *const engines[] = {&engine_threads, &engine_green,
                                               &engine_ucontext,
                                               &engine_callbacks, &engine_poll};
enum { ENGINES = sizeof engines / sizeof engines[0], SLOWEST = 128 };

void say(struct script *script, enum line line)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const struct {
        const char *who, *what;
    } words[LINES] = {[BEGIN] = {"main", "sets off two tasks"},
                      [MEANWHILE] = {"main", "can do other things meanwhile"},
                      [EARLY] = {"early", "goes on after 10 ms"},
                      [NESTED] = {"early", "goes on after 5 ms more"},
                      [LATE] = {"late", "goes on after 20 ms"}};

    must(pthread_mutex_lock(&lock));
    trace(words[line].who, "%s", words[line].what);
    if (script->said < LINES)
        script->lines[script->said] = line;
    script->said++;
    must(pthread_mutex_unlock(&lock));
}

static bool said_in_order(const struct script *script)
{
    bool good = script->said == LINES;

    for (int i = 0; i < LINES; i++)
        good = good && script->lines[i] == (enum line)i;
    return good;
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t));
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct cost {
    int64_t wall, cpu;
    double turn, turn_cpu; /* nanoseconds for each hand-over */
};

static bool play_timers(const struct engine *engine, struct cost *cost)
{
    bool good = false;

    printf("%s: %s\n", engine->name, engine->style);
    for (int64_t slower = 1; slower <= SLOWEST && !good; slower *= 2) {
        struct script script = {.ms = slower * 1000000};
        int64_t wall = now_ns(), cpu = cpu_ns();
        engine->timers(&script);
        cost->wall = now_ns() - wall;
        cost->cpu = cpu_ns() - cpu;
        good = said_in_order(&script);
        printf(good ? "\n" : "not in order; once more, at half the speed\n");
    }
    return good;
}

static bool play_game(const struct engine *engine, long turns,
                      struct cost *cost)
{
    struct game game = {.rounds = turns / 2, .fair = true};
    int64_t wall = now_ns(), cpu = cpu_ns();

    engine->play(&game);
    cost->turn = (double)(now_ns() - wall) / (double)game.taken;
    cost->turn_cpu = (double)(cpu_ns() - cpu) / (double)game.taken;
    return game.fair && game.taken == 2 * game.rounds;
}

struct options {
    const struct engine *only; /* NULL: all */
    long turns;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'e':
        options->only = NULL;
        for (int i = 0; i < ENGINES; i++)
            if (strcmp(arg, engines[i]->name) == 0)
                options->only = engines[i];
        if (options->only == NULL)
            argp_error(state,
                       "--engine: '%s' is none of threads, green, "
                       "ucontext, callbacks, poll",
                       arg);
        return 0;
    case 't':
        options->turns = count_arg(state, "--turns", arg, 2, 100000000);
        return 0;
    default:
        return unexpected(key, arg, state);
    }
}

static void print_costs(const struct cost *costs, const struct options *options)
{
    printf("             timers               hand-over, one of %ld\n"
           "engine       wall ms    CPU ms    wall ns    CPU ns\n",
           options->turns / 2 * 2);
    for (int i = 0; i < ENGINES; i++)
        if (options->only == NULL || options->only == engines[i])
            printf("%-10s %9.2f %9.2f %10.1f %9.1f\n", engines[i]->name,
                   (double)costs[i].wall / 1e6, (double)costs[i].cpu / 1e6,
                   costs[i].turn, costs[i].turn_cpu);
}

int compare_main(int argc, char **argv)
{
    const struct argp_option lines[] = {
        {"engine", 'e', "NAME", 0,
         "only threads, green, ucontext, callbacks or poll", 0},
        {"turns", 't', "N", 0, "hand-overs that are timed (10000)", 0},
        {0}};
    const struct argp argp = {lines, parse,
                              .doc = "One script under five engines."};
    struct options options = {.turns = 10000};
    struct cost costs[ENGINES] = {{.wall = 0}};
    bool same = true, fair = true;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    watchdog(120, "compare: a task never went on\n");
    for (int i = 0; i < ENGINES; i++) {
        if (options.only != NULL && options.only != engines[i])
            continue;
        same = play_timers(engines[i], &costs[i]) && same;
        fair = play_game(engines[i], options.turns, &costs[i]) && fair;
    }
    print_costs(costs, &options);
    printf("\nthe same lines in the same order: %s; turns in turn: %s\n",
           same ? "yes" : "NO", fair ? "yes" : "NO");
    return same && fair ? EXIT_SUCCESS : EXIT_FAILURE;
}
