/* SPDX-License-Identifier: MIT
 *
 * stack.c - few large reservations, cut into guards and stacks.
 *
 *   reservation: | guard | stack 0 | guard | stack 1 | guard | stack 2 | ...
 *
 * The stacks of one reservation are given out from the lowest up. When none is
 * left, the next reservation has room for as many as all before together, so
 * that their number stays small; where they happen to lie side by side, the
 * kernel makes one mapping of them.
 */
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER /* not installed: then nobody will ask */
#define RUNNING_ON_VALGRIND                0
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high), 0U)
#define VALGRIND_STACK_DEREGISTER(id)      ((void)(id))
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13; glibc 2.36 does not know it */
#endif

enum {
    FIRST = 16, /* stacks in the first reservation */
    MOST = 48,  /* reservations: more than addresses can be had for */
};

struct reservation {
    char *base;
    size_t count;       /* stacks, each with its guard below */
    unsigned *checkers; /* valgrind's name for each; NULL if it is not here */
};

struct stack_pool {
    size_t size; /* of each stack, without its guard */
    enum stack_guard guard;
    size_t given; /* out of the newest reservation */
    int reservations;
    struct reservation reservation[MOST];
};

/* ---- Does the advice guard? ---- */

/* Older kernels refuse it. Some emulators accept it and guard nothing, so it is
 * tried: the kernel itself must be unable to read a guarded page. */
static int guards_for_real(char *page, bool *out)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    *out = madvise(page, size, MADV_GUARD_INSTALL) == 0 &&
           write(ends[1], page, 1) < 0 && errno == EFAULT;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static int choose_guard(enum stack_guard *guard)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    bool real = false;

    if (*guard != GUARD_BEST && *guard != GUARD_ADVICE)
        return 0;
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    int rc = guards_for_real(page, &real);
    munmap(page, size);
    if (rc == 0 && !real && *guard == GUARD_ADVICE)
        rc = -EOPNOTSUPP;
    *guard = real ? GUARD_ADVICE : GUARD_MPROTECT;
    return rc;
}

/* ---- The pool ---- */

int stack_pool_new(struct stack_pool **out, size_t size, enum stack_guard guard)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (size == 0)
        size = STACK_DEFAULT;
    if (size < STACK_LEAST || size > SIZE_MAX / 4)
        return -EINVAL;
    int rc = choose_guard(&guard);
    if (rc < 0)
        return rc;
    struct stack_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return -ENOMEM;
    pool->size = (size + page - 1) / page * page;
    pool->guard = guard;
    *out = pool;
    return 0;
}

static size_t stride(const struct stack_pool *pool)
{
    return STACK_GUARD + pool->size;
}

static void drop(const struct stack_pool *pool, struct reservation *r,
                 size_t given)
{
    for (size_t i = 0; r->checkers != NULL && i < given; i++)
        VALGRIND_STACK_DEREGISTER(r->checkers[i]);
    free(r->checkers);
    munmap(r->base, r->count * stride(pool));
}

void stack_pool_free(struct stack_pool *pool)
{
    if (pool == NULL)
        return;
    for (int i = 0; i < pool->reservations; i++) {
        struct reservation *r = &pool->reservation[i];
        bool newest = i == pool->reservations - 1;
        drop(pool, r, newest ? pool->given : r->count);
    }
    free(pool);
}

/* Addresses for as many stacks as there are already, or for fewer if so many
 * are not to be had. */
static int reserve(struct stack_pool *pool)
{
    struct reservation *r = &pool->reservation[pool->reservations];
    size_t count = FIRST;

    if (pool->reservations == MOST)
        return -ENOMEM;
    for (int i = 0; i < pool->reservations; i++)
        count += pool->reservation[i].count;
    for (;; count /= 2) {
        if (count == 0)
            return -ENOMEM;
        if (count > SIZE_MAX / stride(pool))
            continue;
        r->base = mmap(NULL, count * stride(pool), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
                       -1, 0);
        if (r->base != MAP_FAILED)
            break;
    }
    r->count = count;
    r->checkers = NULL;
    if (RUNNING_ON_VALGRIND) {
        r->checkers = calloc(count, sizeof *r->checkers);
        if (r->checkers == NULL) {
            munmap(r->base, count * stride(pool));
            return -ENOMEM;
        }
    }
    /* A huge page would make stacks resident that nobody has touched. Where the
     * kernel has none, it refuses, and that is just as well. */
    (void)madvise(r->base, count * stride(pool), MADV_NOHUGEPAGE);
    pool->reservations++;
    pool->given = 0;
    return 0;
}

static int guard(const struct stack_pool *pool, char *page)
{
    switch (pool->guard) {
    case GUARD_ADVICE:
        return madvise(page, STACK_GUARD, MADV_GUARD_INSTALL) < 0 ? -errno : 0;
    case GUARD_MPROTECT:
        if (mprotect(page, STACK_GUARD, PROT_NONE) == 0)
            return 0;
        return errno == ENOMEM ? -EMLINK : -errno;
    default:
        return 0;
    }
}

/* The reservation that still has a stack to give. */
static int find_room(struct stack_pool *pool, struct reservation **out)
{
    int newest = pool->reservations - 1;
    int rc = 0;

    if (newest < 0 || pool->given == pool->reservation[newest].count) {
        rc = reserve(pool);
        newest++;
    }
    *out = &pool->reservation[newest];
    return rc;
}

int stack_take(struct stack_pool *pool, struct stack *out)
{
    struct reservation *r;
    int rc = find_room(pool, &r);
    if (rc < 0)
        return rc;
    char *below = r->base + pool->given * stride(pool);
    rc = guard(pool, below);
    if (rc < 0)
        return rc;
    *out = (struct stack){.low = below + STACK_GUARD, .size = pool->size};
    if (r->checkers != NULL)
        r->checkers[pool->given] =
            VALGRIND_STACK_REGISTER(out->low, (char *)out->low + out->size - 1);
    pool->given++;
    return 0;
}

enum stack_guard stack_pool_guard(const struct stack_pool *pool)
{
    return pool->guard;
}

const char *stack_strerror(int rc)
{
    switch (-rc) {
    case EMLINK:
        return "no more guarded stacks: each takes two memory mappings, and "
               "vm.max_map_count (sysctl) limits them";
    case EOPNOTSUPP:
        return "this kernel cannot guard pages by advice (Linux 6.13 can)";
    case ENOMEM:
        return "no memory for another stack, or no addresses (ulimit -v)";
    default:
        return strerrordesc_np(-rc);
    }
}
