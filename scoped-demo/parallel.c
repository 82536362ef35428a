/* SPDX-License-Identifier: MIT
 *
 * parallel.c - one engine, the reduction; loops and searches are forms of it.
 */
#include "parallel.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "join.h"

enum { SHARE_OF_REST = 16 };

/* ---- The engine ---- */

struct range {
    const struct reduction *how;
    void *arg;
    size_t from, to;
    size_t chunk; /* elements until the next look */
    void *value;
};

static int reduce_range(struct task *top, void *arg);

/* The left half goes on with the value so far, the right one begins its own. */
static void split(struct task *top, struct range *r)
{
    _Alignas(max_align_t) unsigned char right_value[PARALLEL_LARGEST];
    struct range left = *r, right = *r;

    left.to = right.from = r->from + (r->to - r->from) / 2;
    right.value = right_value;
    memcpy(right_value, r->how->identity, r->how->size);
    join(top, reduce_range, &left, reduce_range, &right);
    r->how->combine(r->value, right_value);
}

static int reduce_range(struct task *top, void *arg)
{
    struct range r = *(const struct range *)arg;

    while (r.from < r.to) {
        size_t left = r.to - r.from;
        if (left > 1 && deque_is_asked(deque_of(top))) {
            split(top, &r);
            return 0;
        }
        size_t most = left / SHARE_OF_REST + 1;
        size_t count = r.chunk < most ? r.chunk : most;
        r.how->fold(top, r.value, r.arg, r.from, r.from + count);
        r.from += count;
        r.chunk = 2 * count;
    }
    return 0;
}

void parallel_reduce(struct task *top, size_t count,
                     const struct reduction *how, void *arg, void *value)
{
    struct range all = {how, arg, 0, count, 1, value};

    assert(how->size <= PARALLEL_LARGEST);
    memcpy(value, how->identity, how->size);
    reduce_range(top, &all);
}

/* ---- Loops: the value is nothing ---- */

struct loop {
    void (*body)(struct task *top, void *arg, size_t from, size_t to);
    void *arg;
};

static void call_body(struct task *top, void *value, void *arg, size_t from,
                      size_t to)
{
    const struct loop *loop = arg;

    (void)value;
    loop->body(top, loop->arg, from, to);
}

static void combine_nothing(void *value, const void *right)
{
    (void)value;
    (void)right;
}

void parallel_for_each(struct task *top, size_t count,
                       void (*body)(struct task *top, void *arg, size_t from,
                                    size_t to),
                       void *arg)
{
    char nothing = 0;
    const struct reduction how = {0, &nothing, call_body, combine_nothing};
    struct loop loop = {body, arg};

    parallel_reduce(top, count, &how, &loop, &nothing);
}

/* ---- Searches: loops that look at what the others have found ---- */

struct search {
    bool (*matches)(void *arg, size_t index);
    void *arg;
    bool wanted;         /* what matches() is to say */
    bool first;          /* whether only the leftmost will do */
    atomic_size_t found; /* or PARALLEL_NONE */
};

/* Whether an element at this index is still of interest. */
static bool is_open(struct search *s, size_t index)
{
    /* relaxed: a stale value costs a few looks more and nothing else. */
    size_t found = atomic_load_explicit(&s->found, memory_order_relaxed);

    return s->first ? index < found : found == PARALLEL_NONE;
}

static void note(struct search *s, size_t index)
{
    /* relaxed, all: the index alone is passed on; join orders the reader after
     * everything. */
    size_t found = atomic_load_explicit(&s->found, memory_order_relaxed);

    while (index < found && !atomic_compare_exchange_weak_explicit(
                                &s->found, &found, index, memory_order_relaxed,
                                memory_order_relaxed))
        continue;
}

static void search_range(struct task *top, void *arg, size_t from, size_t to)
{
    struct search *s = arg;

    (void)top;
    for (size_t i = from; i < to && is_open(s, i); i++) {
        if (s->matches(s->arg, i) == s->wanted) {
            note(s, i);
            return;
        }
    }
}

static size_t find(struct task *top, size_t count,
                   bool (*matches)(void *arg, size_t index), void *arg,
                   bool wanted, bool first)
{
    struct search s = {matches, arg, wanted, first, PARALLEL_NONE};

    parallel_for_each(top, count, search_range, &s);
    /* relaxed: all have been joined. */
    return atomic_load_explicit(&s.found, memory_order_relaxed);
}

size_t parallel_find_any(struct task *top, size_t count,
                         bool (*matches)(void *arg, size_t index), void *arg)
{
    return find(top, count, matches, arg, true, false);
}

size_t parallel_find_first(struct task *top, size_t count,
                           bool (*matches)(void *arg, size_t index), void *arg)
{
    return find(top, count, matches, arg, true, true);
}

bool parallel_any(struct task *top, size_t count,
                  bool (*matches)(void *arg, size_t index), void *arg)
{
    return find(top, count, matches, arg, true, false) != PARALLEL_NONE;
}

bool parallel_all(struct task *top, size_t count,
                  bool (*matches)(void *arg, size_t index), void *arg)
{
    return find(top, count, matches, arg, false, false) == PARALLEL_NONE;
}
