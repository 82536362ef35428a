/* SPDX-License-Identifier: MIT
 *
 * test_exchange.c - what exchange.h promises, with memory and without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "exchange.h"

/* ---- The linker's --wrap puts these in front of the real ones ---- */

static int allowed = -1; /* allocations that will succeed; -1: all */

static bool denied(void)
{
    if (allowed > 0)
        allowed--;
    else if (allowed == 0)
        return true;
    return false;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_mmap(void *at, size_t size, int may, int how, int fd, off_t from);
void *__wrap_mmap(void *at, size_t size, int may, int how, int fd, off_t from);
void *__wrap_mmap(void *at, size_t size, int may, int how, int fd, off_t from)
{
    return denied() ? MAP_FAILED : __real_mmap(at, size, may, how, fd, from);
}

void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size)
{
    return denied() ? NULL : __real_realloc(at, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void the_last_given_back_is_lent_first(void **state)
{
    struct exchanges pool = {0};
    (void)state;
    struct exchange *a = exchange_borrow(&pool), *b = exchange_borrow(&pool);
    assert_int_equal(pool.lent, 2);
    exchange_return(&pool, a);
    exchange_return(&pool, b);
    exchange_return(&pool, NULL);
    assert_int_equal(pool.lent, 0);
    assert_ptr_equal(exchange_borrow(&pool), b);
    assert_ptr_equal(exchange_borrow(&pool), a);
    exchange_return(&pool, a);
    exchange_return(&pool, b);
    exchanges_destroy(&pool);
}

static void a_lent_one_has_nothing_of_the_one_before(void **state)
{
    struct exchanges pool = {0};
    (void)state;
    struct exchange *e = exchange_borrow(&pool);
    e->start = e->end = e->out_end = 9;
    e->request.chunked = true;
    e->file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int file = e->file;
    assert_int_equal(exchange_keep(e, text_of("hello")), 0);
    exchange_return(&pool, e);
    assert_int_equal(fcntl(file, F_GETFD), -1); /* closed */
    e = exchange_borrow(&pool);
    assert_int_equal(e->start + e->end + e->out_end, 0);
    assert_false(e->request.chunked);
    assert_int_equal(e->file, -1);
    assert_null(e->body);
    assert_int_equal(e->body_count, 0);
    exchange_return(&pool, e);
    exchanges_destroy(&pool);
}

static void after_a_rush_few_are_kept(void **state)
{
    enum { RUSH = 3 * EXCHANGE_KEPT };
    struct exchanges pool = {0};
    struct exchange *each[RUSH];
    (void)state;
    for (int i = 0; i < RUSH; i++)
        each[i] = exchange_borrow(&pool);
    for (int i = 0; i < RUSH; i++)
        exchange_return(&pool, each[i]);
    assert_int_equal(pool.free_count, EXCHANGE_KEPT);
    exchanges_destroy(&pool);
    assert_int_equal(pool.free_count, 0);
}

static void kept_bytes_stay_in_order(void **state)
{
    struct exchanges pool = {0};
    struct exchange *e = exchange_borrow(&pool);
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        char byte = (char)('a' + i % 26);
        assert_int_equal(exchange_keep(e, (struct text){&byte, 1}), 0);
        assert_int_equal(exchange_keep(e, (struct text){&byte, 0}), 0);
    }
    assert_int_equal(e->body_count, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(e->body[i], 'a' + i % 26);
    exchange_return(&pool, e);
    exchanges_destroy(&pool);
}

static void
where_memory_is_missing_it_says_so_and_keeps_what_it_has(void **state)
{
    struct exchanges pool = {0};
    char bytes[2000] = "";
    (void)state;
    allowed = 0;
    assert_null(exchange_borrow(&pool));
    assert_int_equal(pool.lent, 0);
    allowed = 2;
    struct exchange *e = exchange_borrow(&pool);
    assert_int_equal(exchange_keep(e, text_of("hello")), 0);
    assert_int_equal(exchange_keep(e, (struct text){bytes, sizeof bytes}),
                     -ENOMEM);
    allowed = -1;
    assert_int_equal(e->body_count, 5);
    assert_memory_equal(e->body, "hello", 5);
    exchange_return(&pool, e);
    exchanges_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_given_back_is_lent_first),
        cmocka_unit_test(a_lent_one_has_nothing_of_the_one_before),
        cmocka_unit_test(after_a_rush_few_are_kept),
        cmocka_unit_test(kept_bytes_stay_in_order),
        cmocka_unit_test(
            where_memory_is_missing_it_says_so_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
