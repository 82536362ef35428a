/* SPDX-License-Identifier: MIT
 *
 * test_sort.c - what sort.h and radix_sort.h promise. qsort() is the judge, and
 * comparisons are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "pool.h"
#include "radix_sort.h"
#include "util.h"

/* ---- Three kinds of sort ---- */

#define SORT_NAME       sort_ints
#define SORT_ELEMENT    int
#define SORT_LESS(a, b) ((a) < (b))
#include "sort.h"

/* Bigger than a register, downwards, and by one field only. */
struct record {
    int key;
    int number[5];
};
#define SORT_NAME       sort_records
#define SORT_ELEMENT    struct record
#define SORT_LESS(a, b) ((a).key > (b).key)
#include "sort.h"

static atomic_size_t comparisons; /* relaxed: read when the sort has ended */

static bool counted_less(int a, int b)
{
    atomic_fetch_add_explicit(&comparisons, 1, memory_order_relaxed);
    return a < b;
}

#define SORT_NAME       sort_counted
#define SORT_ELEMENT    int
#define SORT_LESS(a, b) counted_less(a, b)
#include "sort.h"

/* ---- Memory for the radix sort fails on cue ---- */

static bool no_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_mmap(void *at, size_t size, int protection, int flags, int file,
                  off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file,
                  off_t offset);
/* NOLINTEND(bugprone-reserved-identifier) */

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file,
                  off_t offset)
{
    if (no_memory) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return __real_mmap(at, size, protection, flags, file, offset);
}

/* ---- Arrays ---- */

static uint64_t seed = 1;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545F4914F6CDD1D;
}

enum { SHAPES = 12 };

/* An element of an array of such a shape. */
static int shaped(int shape, size_t i, size_t count)
{
    int n = (int)count, at = (int)i;

    switch (shape) {
    case 0:
        return (int)(next_random() >> 32);
    case 1:
        return at; /* sorted */
    case 2:
        return -at; /* backwards */
    case 3:
        return 7; /* equal */
    case 4:
        return at < n / 2 ? at : n - at; /* organ pipe */
    case 5:
        return (int)(next_random() % 4); /* few values */
    case 6:
        return at % 16; /* saw */
    case 7:
        return at < n - 8 ? at : (int)next_random(); /* sorted, then new ones */
    case 8:
        return at % 2 == 0 ? at : n - at; /* two sorted ones, interleaved */
    case 9:
        return next_random() % 64 == 0 ? (int)next_random() : at;
    case 10:
        return at > n / 2 ? at : -at; /* a valley */
    default:
        return next_random() % 8 == 0 ? INT32_MIN : INT32_MAX;
    }
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* ---- Sorting in a pool ---- */

enum sorter { INTS, RECORDS, COUNTED, RADIX_INT32, RADIX_UINT64 };

struct job {
    enum sorter sorter;
    void *array;
    size_t count;
};

static int run_job(struct task *top, void *arg)
{
    const struct job *job = arg;

    if (job->sorter == INTS)
        sort_ints(top, job->array, job->count);
    else if (job->sorter == RECORDS)
        sort_records(top, job->array, job->count);
    else if (job->sorter == COUNTED)
        sort_counted(top, job->array, job->count);
    else if (job->sorter == RADIX_INT32)
        radix_sort_int32(top, job->array, job->count);
    else
        radix_sort_uint64(top, job->array, job->count);
    return 0;
}

static void sort(struct pool *pool, enum sorter sorter, void *array,
                 size_t count)
{
    struct job job = {sorter, array, count};

    must(pool_run(pool, run_job, &job));
}

static int make_pool(void **state)
{
    struct pool *pool;

    int rc = pool_new(&pool, 3);
    *state = rc == 0 ? pool : NULL;
    return rc;
}

static int end_pool(void **state)
{
    pool_free(*state);
    return 0;
}

/* Whether the sorter does with such an array of ints what qsort() does. */
static bool sorts_ints(struct pool *pool, enum sorter sorter, int shape,
                       size_t count)
{
    int *array = malloc((count + 1) * sizeof *array);
    int *judge = malloc((count + 1) * sizeof *judge);

    if (array == NULL || judge == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        array[i] = judge[i] = shaped(shape, i, count);
    array[count] = 4711; /* what lies behind is not touched */
    sort(pool, sorter, array, count);
    qsort(judge, count, sizeof *judge, compare_ints);
    bool same = memcmp(array, judge, count * sizeof *array) == 0 &&
                array[count] == 4711;
    free(array);
    free(judge);
    return same;
}

static void all_shapes_of_all_sizes_up_to_1000_come_out_sorted(void **state)
{
    for (size_t count = 0; count <= 1000; count++)
        for (int shape = 0; shape < SHAPES; shape++)
            assert_true(sorts_ints(*state, INTS, shape, count));
}

static void large_arrays_come_out_sorted(void **state)
{
    for (int shape = 0; shape < SHAPES; shape++)
        assert_true(sorts_ints(*state, INTS, shape, 300000));
}

static void records_keep_their_fields_together(void **state)
{
    enum { COUNT = 20000 };
    static struct record record[COUNT];
    static bool seen[COUNT];

    for (int i = 0; i < COUNT; i++) {
        record[i].key = i * 7919 % 1000;
        for (int j = 0; j < 5; j++)
            record[i].number[j] = i;
    }
    sort(*state, RECORDS, record, COUNT);
    for (int i = 0; i < COUNT; i++) {
        int number = record[i].number[0];
        assert_true(i == 0 || record[i - 1].key >= record[i].key);
        assert_int_equal(record[i].key, number * 7919 % 1000);
        for (int j = 1; j < 5; j++)
            assert_int_equal(record[i].number[j], number);
        assert_false(seen[number]);
        seen[number] = true;
    }
}

/* ---- Comparisons: never more than O(n log n) ---- */

static size_t limit(size_t count)
{
    size_t log = 1;

    for (size_t n = count; n > 1; n /= 2)
        log++;
    return 3 * count * log + 100;
}

static void no_shape_costs_more_than_n_log_n_comparisons(void **state)
{
    enum { COUNT = 100000 };
    static int array[COUNT];

    for (int shape = 0; shape < SHAPES; shape++) {
        for (size_t i = 0; i < COUNT; i++)
            array[i] = shaped(shape, i, COUNT);
        atomic_store_explicit(&comparisons, 0, memory_order_relaxed);
        sort(*state, COUNTED, array, COUNT);
        assert_true(atomic_load_explicit(&comparisons, memory_order_relaxed) <
                    limit(COUNT));
    }
}

static void what_is_sorted_costs_one_look(void **state)
{
    enum { COUNT = 10000 };
    static int array[COUNT];

    for (int way = 1; way <= 3; way++) {
        for (size_t i = 0; i < COUNT; i++)
            array[i] = shaped(way, i, COUNT);
        atomic_store_explicit(&comparisons, 0, memory_order_relaxed);
        sort(*state, COUNTED, array, COUNT);
        assert_true(atomic_load_explicit(&comparisons, memory_order_relaxed) <=
                    COUNT + 1);
    }
}

static void few_values_cost_few_comparisons(void **state)
{
    enum { COUNT = 100000 };
    static int array[COUNT];

    for (int shape = 5; shape <= 11; shape += 6) {
        for (size_t i = 0; i < COUNT; i++)
            array[i] = shaped(shape, i, COUNT);
        atomic_store_explicit(&comparisons, 0, memory_order_relaxed);
        sort(*state, COUNTED, array, COUNT);
        assert_true(atomic_load_explicit(&comparisons, memory_order_relaxed) <
                    (size_t)8 * COUNT);
    }
}

/* McIlroy's adversary ("A Killer Adversary for Quicksort", 1999): it decides what
 * the values are only when they are compared, and so that the pivot is always
 * among the least. Elements are names of values. One worker, for it has a state. */
enum { KILLER = 20000, GAS = INT32_MAX };
static int value[KILLER], solid, candidate;
static size_t questions;

static bool adversary_less(int a, int b)
{
    questions++;
    if (value[a] == GAS && value[b] == GAS)
        value[a == candidate ? a : b] = solid++;
    if (value[a] == GAS)
        candidate = a;
    else if (value[b] == GAS)
        candidate = b;
    return value[a] < value[b];
}

#define SORT_NAME       sort_against_adversary
#define SORT_ELEMENT    int
#define SORT_LESS(a, b) adversary_less(a, b)
#include "sort.h"

static int run_against_adversary(struct task *top, void *array)
{
    sort_against_adversary(top, array, KILLER);
    return 0;
}

static void a_killer_adversary_does_not_make_it_quadratic(void **state)
{
    static int array[KILLER];
    struct pool *pool;
    (void)state;
    for (int i = 0; i < KILLER; i++) {
        array[i] = i;
        value[i] = GAS;
    }
    /* These are out of order, else it would settle for what is sorted. */
    value[0] = 1;
    value[1] = 0;
    value[2] = 2;
    solid = 3;
    questions = 0;
    assert_int_equal(pool_new(&pool, 1), 0);
    assert_int_equal(pool_run(pool, run_against_adversary, array), 0);
    assert_in_range(questions, 2 * KILLER, limit(KILLER));

    /* The values it has settled for are a killer sequence for anyone. */
    for (int i = 0; i < KILLER; i++)
        array[i] = value[i];
    atomic_store_explicit(&comparisons, 0, memory_order_relaxed);
    sort(pool, COUNTED, array, KILLER);
    pool_free(pool);
    assert_true(atomic_load_explicit(&comparisons, memory_order_relaxed) <
                limit(KILLER));
    for (int i = 1; i < KILLER; i++)
        assert_true(array[i - 1] <= array[i]);
}

/* ---- Radix sort ---- */

static void radix_sorts_ints_of_all_shapes(void **state)
{
    for (int shape = 0; shape < SHAPES; shape++) {
        for (size_t count = 0; count < 200; count += 13)
            assert_true(sorts_ints(*state, RADIX_INT32, shape, count));
        assert_true(sorts_ints(*state, RADIX_INT32, shape, 65535));
        assert_true(sorts_ints(*state, RADIX_INT32, shape, 65536));
        assert_true(sorts_ints(*state, RADIX_INT32, shape, 700001));
    }
}

/* Spread out; in the low bits only; all in one bucket but one; equal in the high
 * half; equal. */
static uint64_t long_key(int shape, size_t i)
{
    uint64_t key = next_random();

    switch (shape) {
    case 0:
        return key;
    case 1:
        return key & 0xfffff;
    case 2:
        return i == 5 ? UINT64_MAX : key >> 40;
    case 3:
        return (key & UINT32_MAX) | (key % 3) << 62;
    case 4:
        return 42;
    case 5:
        return key << 32; /* differs in the high half only */
    default:
        return key & 1;
    }
}

static void radix_sorts_long_keys_however_they_crowd(void **state)
{
    for (int shape = 0; shape < 7; shape++) {
        for (size_t count = 65000; count < 1500000; count = 3 * count + 7) {
            uint64_t *array = malloc(count * sizeof *array);
            uint64_t *judge = malloc(count * sizeof *judge);
            assert_non_null(array);
            assert_non_null(judge);
            for (size_t i = 0; i < count; i++)
                array[i] = judge[i] = long_key(shape, i);
            sort(*state, RADIX_UINT64, array, count);
            qsort(judge, count, sizeof *judge, compare_u64);
            int differs = memcmp(array, judge, count * sizeof *array);
            free(array);
            free(judge);
            assert_int_equal(differs, 0);
        }
    }
}

static void radix_sorts_without_memory_too(void **state)
{
    no_memory = true;
    bool sorted = sorts_ints(*state, RADIX_INT32, 0, 100000);
    no_memory = false;
    assert_true(sorted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes_of_all_sizes_up_to_1000_come_out_sorted),
        cmocka_unit_test(large_arrays_come_out_sorted),
        cmocka_unit_test(records_keep_their_fields_together),
        cmocka_unit_test(no_shape_costs_more_than_n_log_n_comparisons),
        cmocka_unit_test(what_is_sorted_costs_one_look),
        cmocka_unit_test(few_values_cost_few_comparisons),
        cmocka_unit_test(a_killer_adversary_does_not_make_it_quadratic),
        cmocka_unit_test(radix_sorts_ints_of_all_shapes),
        cmocka_unit_test(radix_sorts_long_keys_however_they_crowd),
        cmocka_unit_test(radix_sorts_without_memory_too),
    };
    return cmocka_run_group_tests(tests, make_pool, end_pool);
}
