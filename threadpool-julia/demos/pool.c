/* SPDX-License-Identifier: MIT
 *
 * pool.c - a pool of workers: each has a name and memory of its own; a job is
 * done inside (Rayon's install), and others are only handed in (its spawn).
 *
 * Try: threadpool-julia pool --threads 3
 * Read with: Rayon, "ThreadPoolBuilder", "ThreadPool::install", "spawn";
 * OpenMP 4.5, 2.9.1 "task Construct", 2.15.2 "threadprivate Directive".
 */
#include <inttypes.h>
#include <omp.h>

#include "../demo.h"
#include "../render.h"
#include "verbs.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's -fanalyzer does not see that a task has the letter: a false alarm. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

enum { LETTERS = 5, FIB_OF = 20, FIB_IS = 6765, FIB_CALLS = 21891 };
enum { FIB_TASK = 14 }; /* below it a task costs more than the call */

/* Not one variable but one for each worker, who keeps it between two parallel
 * regions: nobody else touches it, so it needs no lock. */
static struct worker {
    char name[16];
    int letters, calls;
} self;
#pragma omp threadprivate(self)

/* ---- spawn: fire and forget ---- */

struct letter {
    int number, from;
};

static void read_letter(struct letter *letter)
{
    self.letters++;
    trace(self.name, "letter %d, from worker %d", letter->number, letter->from);
    free(letter);
}

/* Returns before anybody has to read it: what the job needs is on the heap, for
 * this frame is gone by then. */
static void spawn_letter(int number)
{
    struct letter *letter = malloc(sizeof *letter);
    if (letter == NULL)
        error(EXIT_FAILURE, ENOMEM, "write letter %d", number);
    *letter = (struct letter){number, omp_get_thread_num()};
#pragma omp task firstprivate(letter)
    read_letter(letter);
}

/* ---- install: the caller has the result ---- */

static int fib(int n)
{
    int a = 0, b;

    self.calls++;
    if (n < 2)
        return n;
#pragma omp task shared(a) if (n > FIB_TASK)
    a = fib(n - 1);
    b = fib(n - 2);
#pragma omp taskwait /* a lies in this frame, and is there now */
    return a + b;
}

static int work(void)
{
    int result = 0;

#pragma omp parallel
    {
        self = (struct worker){.letters = 0};
        snprintf(self.name, sizeof self.name, "worker %d",
                 omp_get_thread_num());
        /* One hands in; the others wait at single's end, and work meanwhile. */
#pragma omp barrier
#pragma omp single
        {
            for (int i = 0; i < LETTERS; i++)
                spawn_letter(i);
            trace(self.name, "%d letters are sent", LETTERS);
            result = fib(FIB_OF);
            trace(self.name, "fib(%d) = %d", FIB_OF, result);
        }
    }
    return result; /* the region is left when all its tasks are done */
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != 't')
        return unexpected(key, arg, state);
    omp_set_num_threads(
        (int)count_arg(state, "--threads", arg, 1, RENDER_THREADS_MAX));
    return 0;
}

int pool_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"threads", 't', "COUNT", 0, "workers (one per core)", 0}, {0}};
    const struct argp argp = {
        options, parse,
        .doc = "Workers with names compute fib(20) and read letters."};
    int letters = 0, calls = 0;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    int threads = omp_get_max_threads();
    omp_set_dynamic(0); /* not fewer: each is to be the same worker again */
    int result = work();
    /* A second region, the same workers: the pool was kept. */
#pragma omp parallel for ordered schedule(static, 1) \
    reduction(+ : letters, calls)
    for (int i = 0; i < threads; i++) {
#pragma omp ordered
        printf("%s: %d letters, %d calls of fib\n", self.name, self.letters,
               self.calls);
        letters += self.letters;
        calls += self.calls;
    }
    if (result != FIB_IS || letters != LETTERS || calls != FIB_CALLS)
        error(EXIT_FAILURE, 0, "fib(%d) = %d in %d calls, %d letters", FIB_OF,
              result, calls, letters);
    printf("all: %d letters, %d calls, each by one worker\n", letters, calls);
    return EXIT_SUCCESS;
}
