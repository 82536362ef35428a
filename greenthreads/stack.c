/* SPDX-License-Identifier: MIT
 *
 * stack.c - one mapping for each stack and its guard, and two lists.
 *
 * mapped[0 .. made) is every stack there is, so that the pool can free also what
 * was never given back. waiting[0 .. idle) are those that nobody uses; the last
 * is given out next. Both lists have the same room, and idle <= made <= room:
 * giving back needs no memory and cannot fail.
 */
#include "stack.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER /* not installed: then nobody will ask */
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high), 0U)
#define VALGRIND_STACK_DEREGISTER(id)      ((void)(id))
#endif

struct stack_pool {
    size_t size; /* of each stack, without its guard */
    size_t room, made, idle;
    struct stack *mapped, *waiting;
};

int stack_pool_new(struct stack_pool **out, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (size == 0)
        size = STACK_DEFAULT;
    if (size < STACK_LEAST || size > SIZE_MAX / 4)
        return -EINVAL;
    struct stack_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return -ENOMEM;
    pool->size = (size + page - 1) / page * page;
    *out = pool;
    return 0;
}

void stack_pool_free(struct stack_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < pool->made; i++) {
        struct stack stack = pool->mapped[i];
        VALGRIND_STACK_DEREGISTER(stack.checker_id);
        munmap((char *)stack.low - STACK_GUARD, STACK_GUARD + stack.size);
    }
    free(pool->waiting);
    free(pool->mapped);
    free(pool);
}

/* Room in both lists for one more stack. */
static int make_room(struct stack_pool *pool)
{
    if (pool->made < pool->room)
        return 0;
    size_t room = pool->room == 0 ? 16 : 2 * pool->room;
    struct stack *mapped =
        reallocarray(pool->mapped, room, sizeof *pool->mapped);
    if (mapped == NULL)
        return -ENOMEM;
    pool->mapped = mapped;
    struct stack *waiting =
        reallocarray(pool->waiting, room, sizeof *pool->waiting);
    if (waiting == NULL)
        return -ENOMEM;
    pool->waiting = waiting;
    pool->room = room;
    return 0;
}

/* Reserved whole with no access, then opened but for the guard. */
static int map_stack(const struct stack_pool *pool, struct stack *out)
{
    char *base =
        mmap(NULL, STACK_GUARD + pool->size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return -errno;
    char *low = base + STACK_GUARD;
    if (mprotect(low, pool->size, PROT_READ | PROT_WRITE) < 0) {
        int rc = -errno;
        munmap(base, STACK_GUARD + pool->size);
        return rc;
    }
    *out = (struct stack){.low = low, .size = pool->size};
    out->checker_id = VALGRIND_STACK_REGISTER(low, low + pool->size - 1);
    return 0;
}

int stack_take(struct stack_pool *pool, struct stack *out)
{
    if (pool->idle > 0) {
        *out = pool->waiting[--pool->idle];
        return 0;
    }
    int rc = make_room(pool);
    if (rc == 0)
        rc = map_stack(pool, out);
    if (rc == 0)
        pool->mapped[pool->made++] = *out;
    return rc;
}

void stack_give(struct stack_pool *pool, struct stack stack)
{
    assert(pool->idle < pool->made);
    pool->waiting[pool->idle++] = stack;
}
