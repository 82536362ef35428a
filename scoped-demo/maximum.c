/* SPDX-License-Identifier: MIT
 *
 * maximum.c - one way to cut, five ways to run the halves.
 */
#include "maximum.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "join.h"
#include "scope.h"
#include "thread_scope.h"
#include "util.h"

/* A function of its own, on values that cannot change under it: compilers make
 * vector code of this loop. */
static int greatest(const int *numbers, size_t count)
{
    int max = INT_MIN;

    for (size_t i = 0; i < count; i++)
        max = numbers[i] > max ? numbers[i] : max;
    return max;
}

int maximum_loop(struct task *top, void *slice)
{
    struct slice *s = slice;

    if (s->count == 0)
        return -ENODATA;
    if (s->tell != NULL)
        s->tell(top, s->numbers, s->count);
    s->max = greatest(s->numbers, s->count);
    return 0;
}

static bool is_leaf(const struct slice *s)
{
    return s->count <= 1 || s->count <= s->leaf;
}

static void cut(const struct slice *s, struct slice half[2])
{
    half[0] = *s;
    half[1] = *s;
    half[0].count = s->count / 2;
    half[1].count -= half[0].count;
    half[1].numbers += half[0].count;
    half[0].max = half[1].max = INT_MIN; /* should a half not come to run */
}

static void unite(struct slice *s, const struct slice half[2])
{
    s->max = half[0].max > half[1].max ? half[0].max : half[1].max;
}

/* ---- One after the other ---- */

int maximum_serial(struct task *top, void *slice)
{
    struct slice *s = slice, half[2];

    if (is_leaf(s))
        return maximum_loop(top, s);
    cut(s, half);
    int rc = maximum_serial(top, &half[0]);
    if (rc == 0)
        rc = maximum_serial(top, &half[1]);
    unite(s, half);
    return rc;
}

/* ---- rayon's join ---- */

int maximum_join(struct task *top, void *slice)
{
    struct slice *s = slice, half[2];

    if (is_leaf(s))
        return maximum_loop(top, s);
    cut(s, half);
    int rc = join(top, maximum_join, &half[0], maximum_join, &half[1]);
    unite(s, half);
    return rc;
}

/* ---- rayon's scope: two heap tasks, and a wait for both ---- */

static int half_in_scope(struct task *top, struct scope *scope, void *half)
{
    (void)scope; /* each half opens one of its own */
    return maximum_scope(top, half);
}

static int spawn_halves(struct task *top, struct scope *scope, void *halves)
{
    struct slice *half = halves;

    int rc = scope_spawn(scope, top, half_in_scope, &half[0]);
    if (rc == 0)
        rc = scope_spawn(scope, top, half_in_scope, &half[1]);
    return rc;
}

int maximum_scope(struct task *top, void *slice)
{
    struct slice *s = slice, half[2];

    if (is_leaf(s))
        return maximum_loop(top, s);
    cut(s, half);
    int rc = scope_run(top, spawn_halves, half);
    unite(s, half);
    return rc;
}

/* ---- crossbeam's scope: two threads, and a join of both ---- */

static int half_in_thread(void *half)
{
    return maximum_threads(NULL, half);
}

static int start_halves(struct thread_scope *ts, void *halves)
{
    struct slice *half = halves;

    int rc = thread_scope_spawn(ts, NULL, half_in_thread, &half[0]);
    if (rc == 0)
        rc = thread_scope_spawn(ts, NULL, half_in_thread, &half[1]);
    return rc;
}

int maximum_threads(struct task *top, void *slice)
{
    struct slice *s = slice, half[2];

    if (is_leaf(s))
        return maximum_loop(top, s);
    cut(s, half);
    int rc = thread_scope_run(start_halves, half);
    unite(s, half);
    return rc;
}

/* ---- OpenMP: the loop over the leaves, and a word on what to do with it ---- */

int maximum_openmp(struct task *top, void *slice)
{
    struct slice *s = slice;
    const size_t leaf = s->leaf > 1 ? s->leaf : 1;
    int max = INT_MIN;

    (void)top;
    if (s->count == 0)
        return -ENODATA;
#pragma omp parallel for schedule(dynamic) reduction(max : max)
    for (size_t from = 0; from < s->count; from += leaf) {
        struct slice part = *s;
        part.numbers += from;
        part.count = from + leaf < s->count ? leaf : s->count - from;
        must(maximum_loop(NULL, &part));
        max = part.max > max ? part.max : max;
    }
    s->max = max;
    return 0;
}
