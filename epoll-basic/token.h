/* SPDX-License-Identifier: MIT
 *
 * token.h - whom an event is for.
 *
 * The kernel keeps 64 bits beside each descriptor and gives them back with
 * each event. Ours are an index (which slot of the program's table) and a
 * generation (which owner of that slot). A descriptor's number is no good as a
 * name: it is given to the next one opened as soon as it is closed, and an
 * event still waiting in the batch would reach the wrong connection. Whoever
 * gives a slot to a new owner takes token_next(), and whoever handles an event
 * first compares its token with the slot's.
 *
 * Read with: mio, `Token`; Linux epoll(7), "Possible pitfalls".
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

struct token {
    uint32_t index;      /* the program's: a slot of its table */
    uint32_t generation; /* how many owners the slot had before */
};

/* The first owner of a slot. */
static inline struct token token_first(uint32_t index)
{
    return (struct token){.index = index};
}

/* The slot's next owner. Comes round again after 2^32 owners. */
static inline struct token token_next(struct token token)
{
    token.generation++;
    return token;
}

static inline bool token_equal(struct token a, struct token b)
{
    return a.index == b.index && a.generation == b.generation;
}

/* As the kernel keeps it: the generation in the upper half. */
static inline uint64_t token_pack(struct token token)
{
    return (uint64_t)token.generation << 32 | token.index;
}

static inline struct token token_unpack(uint64_t packed)
{
    return (struct token){.index = (uint32_t)packed,
                          .generation = (uint32_t)(packed >> 32)};
}

#endif
