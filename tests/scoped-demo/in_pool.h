/* SPDX-License-Identifier: MIT
 *
 * in_pool.h - a pool for one call. Gives what run gives, or pool_new()'s error.
 */
#ifndef IN_POOL_H
#define IN_POOL_H

#include "pool.h"

static inline int run_in_pool(unsigned workers,
                              int (*run)(struct task *top, void *arg),
                              void *arg)
{
    struct pool *pool;

    int rc = pool_new(&pool, workers);
    if (rc < 0)
        return rc;
    rc = pool_run(pool, run, arg);
    pool_free(pool);
    return rc;
}

#endif
