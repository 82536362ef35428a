/* SPDX-License-Identifier: MIT
 *
 * loops.c - two recipes of the Rust Cookbook. Four elements, each less by one:
 * a loop, cut where another worker asks for work. The mean age of those over
 * thirty: a reduction, in one go and in two. OpenMP would say it as
 *
 *     #pragma omp parallel for reduction(+ : sum, count)
 *
 * Try: scoped-demo loops
 * Read with: Rust Cookbook, "Mutate the elements of an array in parallel" and
 * "Map-reduce in parallel".
 */
#include "../demo.h"
#include "../parallel.h"
#include "../pool.h"
#include "../worker.h"
#include "verbs.h"

static void decrement(struct task *top, void *arg, size_t from, size_t to)
{
    int *numbers = arg;
    char who[24];

    snprintf(who, sizeof who, "worker-%u", worker_id(top));
    for (size_t i = from; i < to; i++) {
        trace(who, "%d becomes %d", numbers[i], numbers[i] - 1);
        numbers[i]--;
        usleep(5000); /* as if it were work */
    }
}

static const int ages[] = {23, 19, 42, 17, 17, 31, 30};
enum { PEOPLE = sizeof ages / sizeof ages[0] };

struct sum {
    long sum, count;
};

static void add_ages(struct task *top, void *value, void *arg, size_t from,
                     size_t to)
{
    struct sum *sum = value;

    (void)top;
    (void)arg;
    for (size_t i = from; i < to; i++) {
        if (ages[i] > 30) {
            sum->sum += ages[i];
            sum->count++;
        }
    }
}

static void add_sums(void *value, const void *right)
{
    const struct sum *b = right;
    struct sum *a = value;

    a->sum += b->sum;
    a->count += b->count;
}

/* The same by two reductions of one number each: `arg` says what to add up. */
static void add_one_kind(struct task *top, void *value, void *arg, size_t from,
                         size_t to)
{
    (void)top;
    for (size_t i = from; i < to; i++)
        if (ages[i] > 30)
            *(long *)value += *(bool *)arg ? 1 : ages[i];
}

static void add_longs(void *value, const void *right)
{
    *(long *)value += *(const long *)right;
}

struct story {
    int numbers[4];
    struct sum at_once;
    long sum, count;
};

static int run_story(struct task *top, void *arg)
{
    static const struct sum no_sum;
    static const long zero;
    const struct reduction both = {sizeof no_sum, &no_sum, add_ages, add_sums};
    const struct reduction one = {sizeof zero, &zero, add_one_kind, add_longs};
    bool counts = false;
    struct story *story = arg;

    parallel_for_each(top, 4, decrement, story->numbers);
    parallel_reduce(top, PEOPLE, &both, NULL, &story->at_once);
    parallel_reduce(top, PEOPLE, &one, &counts, &story->sum);
    counts = true;
    parallel_reduce(top, PEOPLE, &one, &counts, &story->count);
    return 0;
}

int loops_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "Four numbers, each less by one; the mean "
                                     "age of those over thirty."};
    struct story story = {.numbers = {0, 7, 9, 11}};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "loops: a loop never ended\n");
    int rc = pool_once(0, run_story, &story);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "start workers");
    const int *n = story.numbers;
    double mean = (double)story.at_once.sum / (double)story.at_once.count;
    double twice = (double)story.sum / (double)story.count;
    printf("0 7 9 11, each less by one: %d %d %d %d\n", n[0], n[1], n[2], n[3]);
    printf("the mean age over thirty: %.1f in one reduction, %.1f in two\n",
           mean, twice);
    bool right = n[0] == -1 && n[1] == 6 && n[2] == 8 && n[3] == 10;
    return right && mean == 36.5 && twice == 36.5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
