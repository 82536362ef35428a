/* SPDX-License-Identifier: MIT
 *
 * threads.c - blocks of threads, which never move.
 */
#include "threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64,   /* bytes: in a plain build a thread fills a cache line */
    BLOCK = 256, /* threads whose memory is got at once */
};

int threads_init(struct threads *threads, size_t stack_size,
                 enum stack_guard guard)
{
    *threads = (struct threads){.used = 0};
    return stack_pool_new(&threads->stacks, stack_size, guard);
}

void threads_destroy(struct threads *threads)
{
    for (size_t i = 0; i < threads->used; i++)
        fiber_forget(&threads->block[i / BLOCK][i % BLOCK].fiber);
    for (size_t i = 0; i < threads->blocks; i++)
        free(threads->block[i]);
    free(threads->block);
    stack_pool_free(threads->stacks);
}

static int add_block(struct threads *threads)
{
    struct thread **block = reallocarray(threads->block, threads->blocks + 1,
                                         sizeof(struct thread *));
    if (block == NULL)
        return -ENOMEM;
    threads->block = block;
    struct thread *fresh = aligned_alloc(LINE, BLOCK * sizeof *fresh);
    if (fresh == NULL)
        return -ENOMEM;
    memset(fresh, 0, BLOCK * sizeof *fresh);
    block[threads->blocks++] = fresh;
    return 0;
}

int threads_add(struct threads *threads)
{
    size_t place = threads->used;
    struct stack stack;
    int rc = place == UINT32_MAX ? -ENOMEM : 0;

    if (rc == 0 && place == threads->blocks * BLOCK)
        rc = add_block(threads);
    if (rc < 0)
        return rc;
    rc = stack_take(threads->stacks, &stack);
    if (rc < 0)
        return rc;
    struct thread *thread = &threads->block[place / BLOCK][place % BLOCK];
    thread->id.place = (uint32_t)place;
    thread->stack = stack.low;
    threads->stack_size = stack.size;
    threads->used++;
    threads_put_back(threads, thread);
    return 0;
}

struct thread *threads_find(const struct threads *threads, struct thread_id id)
{
    if (id.place >= threads->used)
        return NULL;
    struct thread *thread = &threads->block[id.place / BLOCK][id.place % BLOCK];
    bool same = thread->state != UNUSED && thread->id.use == id.use;
    return same && thread->joinable ? thread : NULL;
}
