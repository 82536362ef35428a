/* SPDX-License-Identifier: MIT
 *
 * sort.h - a parallel quicksort of any element, in any order: a file to be
 * included once for each kind of sort, so that the compiler sees the comparison.
 *
 *     #define SORT_NAME sort_words
 *     #define SORT_ELEMENT struct word
 *     #define SORT_LESS(a, b) (strcmp((a).text, (b).text) < 0)
 *     #include "sort.h"
 *
 * defines  static inline void sort_words(struct task *top, struct word *array,
 * size_t count): equal elements may change places (it is unstable); nothing is
 * allocated; O(n log n) comparisons whatever the input. Elements are copied as by
 * assignment. SORT_LESS sees two values, and must be a strict weak order.
 *
 * The frame is pdqsort's. A partition puts each element on its side without a
 * branch on the comparison, since the processor can only guess that one wrong:
 * the element is always moved, and only the border depends on what it is. A
 * pivot that is equal to the one before it takes all its equals out at once. If
 * partitions are too uneven too often, heapsort takes over. What is sorted, or
 * sorted backwards, is found so at the start.
 *
 * Read with: Peters, "Pattern-defeating Quicksort" (2021), and his branchless
 * Lomuto partition (2023); Rayon's documentation of join, example quicksort.
 */
#include <stdbool.h>
#include <stddef.h>

#include "join.h"

#ifndef SORT_NAME /* to compile this file alone */
#define SORT_NAME       sort_ints
#define SORT_ELEMENT    int
#define SORT_LESS(a, b) ((a) < (b))
#endif

#ifndef SORT_H
#define SORT_H
enum {
    SORT_FEW = 16,      /* sorted by insertion */
    SORT_MANY = 128,    /* worth a pivot that is the median of nine */
    SORT_OFFERED = 1000 /* worth a look by another worker */
};
#define SORT_PASTE_NOW(a, b) a##b
#define SORT_PASTE(a, b)     SORT_PASTE_NOW(a, b)
#endif

/* Each inclusion has its own set of functions: sort_words_insert and so on. */
#define SORT_ID(function) SORT_PASTE(SORT_NAME, function)

struct SORT_ID(_part) {
    SORT_ELEMENT *array;
    size_t count;
    unsigned bad_allowed; /* uneven partitions before heapsort */
    bool leftmost;        /* else array[-1] is a pivot, and nothing is less */
};

static inline void SORT_ID(_swap)(SORT_ELEMENT *a, SORT_ELEMENT *b)
{
    SORT_ELEMENT kept = *a;

    *a = *b;
    *b = kept;
}

/* ---- Few elements, and bad luck ---- */

static inline void SORT_ID(_insert)(SORT_ELEMENT *array, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        SORT_ELEMENT moved = array[i];
        size_t hole = i;
        for (; hole > 0 && SORT_LESS(moved, array[hole - 1]); hole--)
            array[hole] = array[hole - 1];
        array[hole] = moved;
    }
}

static inline void SORT_ID(_sift)(SORT_ELEMENT *array, size_t hole,
                                  size_t count)
{
    SORT_ELEMENT moved = array[hole];

    for (size_t child; (child = 2 * hole + 1) < count; hole = child) {
        if (child + 1 < count && SORT_LESS(array[child], array[child + 1]))
            child++;
        if (!SORT_LESS(moved, array[child]))
            break;
        array[hole] = array[child];
    }
    array[hole] = moved;
}

static inline void SORT_ID(_heap)(SORT_ELEMENT *array, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        SORT_ID(_sift)(array, i, count);
    for (size_t i = count; i-- > 1;) {
        SORT_ID(_swap)(&array[0], &array[i]);
        SORT_ID(_sift)(array, 0, i);
    }
}

/* ---- The pivot, brought to the front ---- */

/* Puts the median of three into *b. */
static inline void SORT_ID(_median)(SORT_ELEMENT *a, SORT_ELEMENT *b,
                                    SORT_ELEMENT *c)
{
    if (SORT_LESS(*b, *a))
        SORT_ID(_swap)(a, b);
    if (SORT_LESS(*c, *b))
        SORT_ID(_swap)(b, c);
    if (SORT_LESS(*b, *a))
        SORT_ID(_swap)(a, b);
}

static inline void SORT_ID(_choose)(SORT_ELEMENT *array, size_t count)
{
    SORT_ELEMENT *middle = array + count / 2, *last = array + count - 1;

    if (count > SORT_MANY) {
        SORT_ID(_median)(array, middle - 1, last);
        SORT_ID(_median)(array + 1, middle, last - 1);
        SORT_ID(_median)(array + 2, middle + 1, last - 2);
        SORT_ID(_median)(middle - 1, middle, middle + 1);
    } else {
        SORT_ID(_median)(array, middle, last);
    }
    SORT_ID(_swap)(array, middle);
}

/* ---- Partitions ---- */

/* How many are less than the pivot or, if asked for, not greater; they come
 * first. Invariant of the loop: below `border` are those, from there to the gap
 * the others, and the gap, one before i, is a place to write to. `or_equal` is
 * known to the compiler, which makes two functions of this. */
static inline __attribute__((always_inline)) size_t
SORT_ID(_partition)(SORT_ELEMENT *array, size_t count, SORT_ELEMENT pivot,
                    bool or_equal)
{
    SORT_ELEMENT element, first = array[0];
    size_t border = 0;

    /* An element's own work is hardly more than the loop's. */
#pragma GCC unroll 4
    for (size_t i = 1; i < count; i++) {
        element = array[i];
        array[i - 1] = array[border];
        array[border] = element;
        border +=
            or_equal ? !SORT_LESS(pivot, element) : SORT_LESS(element, pivot);
    }
    array[count - 1] = array[border];
    array[border] = first;
    return border +
           (or_equal ? !SORT_LESS(pivot, first) : SORT_LESS(first, pivot));
}

/* Moves a few elements about, so that the next pivots are other ones. */
static inline void SORT_ID(_disturb)(SORT_ELEMENT *array, size_t count)
{
    if (count < SORT_FEW)
        return;
    for (size_t i = 0; i < 3; i++)
        SORT_ID(_swap)(&array[count / 4 + i], &array[count / 2 + 2 * i]);
    SORT_ID(_swap)(&array[0], &array[count / 3]);
    SORT_ID(_swap)(&array[count - 1], &array[count / 3 * 2]);
}

/* ---- The recursion ---- */

static inline int SORT_ID(_run)(struct task *top, void *arg)
{
    struct SORT_ID(_part) p = *(const struct SORT_ID(_part) *)arg;

    while (p.count > SORT_FEW) {
        if (p.bad_allowed == 0) {
            SORT_ID(_heap)(p.array, p.count);
            return 0;
        }
        SORT_ID(_choose)(p.array, p.count);
        SORT_ELEMENT pivot = p.array[0];
        if (!p.leftmost && !SORT_LESS(p.array[-1], pivot)) {
            /* Nothing here is less: take out the pivot's equals. */
            size_t equal = SORT_ID(_partition)(p.array, p.count, pivot, true);
            p.array += equal;
            p.count -= equal;
            continue;
        }
        size_t less =
            SORT_ID(_partition)(p.array + 1, p.count - 1, pivot, false);
        SORT_ID(_swap)(&p.array[0], &p.array[less]); /* the pivot's own place */

        struct SORT_ID(_part) left = p, right = p;
        left.count = less;
        right.array += less + 1;
        right.count -= less + 1;
        right.leftmost = false;
        if (less < p.count / 8 || right.count < p.count / 8) {
            left.bad_allowed = right.bad_allowed = p.bad_allowed - 1;
            SORT_ID(_disturb)(left.array, left.count);
            SORT_ID(_disturb)(right.array, right.count);
        }
        if (p.count > SORT_OFFERED) {
            join(top, SORT_ID(_run), &left, SORT_ID(_run), &right);
            return 0;
        }
        SORT_ID(_run)(top, &left);
        p = right;
    }
    SORT_ID(_insert)(p.array, p.count);
    return 0;
}

/* True: they were in order, or exactly backwards, and now are in order. */
static inline bool SORT_ID(_was_sorted)(SORT_ELEMENT *array, size_t count)
{
    size_t run = 1;

    while (run < count && !SORT_LESS(array[run], array[run - 1]))
        run++;
    if (run >= count)
        return true;
    if (run > 1)
        return false;
    while (run < count && SORT_LESS(array[run], array[run - 1]))
        run++;
    if (run < count)
        return false;
    for (size_t i = 0; i < count / 2; i++)
        SORT_ID(_swap)(&array[i], &array[count - 1 - i]);
    return true;
}

static inline void SORT_NAME(struct task *top, SORT_ELEMENT *array,
                             size_t count)
{
    struct SORT_ID(_part) all = {array, count, 1, true};

    for (size_t n = count; n > 1; n /= 2)
        all.bad_allowed++;
    if (!SORT_ID(_was_sorted)(array, count))
        SORT_ID(_run)(top, &all);
}

#undef SORT_ID
#undef SORT_NAME
#undef SORT_ELEMENT
#undef SORT_LESS
