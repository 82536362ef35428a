/* SPDX-License-Identifier: MIT
 *
 * tokens.c - an array of slots; the free ones are a list through the array, the
 * last one released in front. A slot without an owner already has the
 * generation of the next one, and so no old token is equal to it.
 *
 * Read with: the slab crate, which mio's users have beside it (and which has no
 * generations).
 */
#include "tokens.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct slot {
    struct token token; /* of its owner, or of its next owner */
    uint32_t next_free; /* index plus one, as first_free */
    void *owner;        /* NULL: it is free */
};

static int grow(struct tokens *tokens)
{
    uint32_t room = tokens->room == 0 ? 16 : 2 * tokens->room;
    struct slot *slots = room < tokens->room
                             ? NULL
                             : reallocarray(tokens->slots, room, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (uint32_t i = tokens->room; i < room; i++)
        slots[i] = (struct slot){.token = token_first(i),
                                 .next_free = i + 1 < room ? i + 2 : 0};
    tokens->first_free = tokens->room + 1;
    tokens->slots = slots;
    tokens->room = room;
    return 0;
}

int tokens_take(struct tokens *tokens, void *owner, struct token *out)
{
    assert(owner != NULL);
    if (tokens->first_free == 0) {
        int rc = grow(tokens);
        if (rc < 0)
            return rc;
    }
    struct slot *slot = &tokens->slots[tokens->first_free - 1];
    tokens->first_free = slot->next_free;
    slot->owner = owner;
    *out = slot->token;
    return 0;
}

static struct slot *find(const struct tokens *tokens, struct token token)
{
    if (token.index >= tokens->room)
        return NULL;
    struct slot *slot = &tokens->slots[token.index];
    return token_equal(slot->token, token) ? slot : NULL;
}

void *tokens_owner(const struct tokens *tokens, struct token token)
{
    const struct slot *slot = find(tokens, token);
    return slot != NULL ? slot->owner : NULL;
}

void tokens_release(struct tokens *tokens, struct token token)
{
    struct slot *slot = find(tokens, token);
    assert(slot != NULL && slot->owner != NULL);
    slot->owner = NULL;
    slot->token = token_next(slot->token);
    slot->next_free = tokens->first_free;
    tokens->first_free = token.index + 1;
}

void tokens_destroy(struct tokens *tokens)
{
    free(tokens->slots);
    *tokens = (struct tokens){.room = 0};
}
