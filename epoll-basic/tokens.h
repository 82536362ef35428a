/* SPDX-License-Identifier: MIT
 *
 * tokens.h - a table that hands out tokens: to whom does this event belong, and
 * does he still live?
 *
 * An owner takes a token, registers his descriptor with it, and releases it
 * when he closes the descriptor. An event whose token was released is late:
 * tokens_owner() gives NULL for it, also when the slot, or even the
 * descriptor's number, has a new owner. So a loop may close any connection
 * while it handles a batch, and need not look through the rest of the batch.
 *
 * One thread at a time; who shares a table has a lock around it.
 *
 * Read with: Epoll, Kqueue and IOCP Explained, "It's not that easy".
 */
#ifndef TOKENS_H
#define TOKENS_H

#include "token.h"

struct tokens { /* all zero: an empty table */
    struct slot *slots;
    uint32_t room;
    uint32_t first_free; /* index plus one; 0: none */
};

/* A token for owner, that no other had before. -ENOMEM. (After 2^32 owners of
 * one slot it comes round again.) */
int tokens_take(struct tokens *tokens, void *owner, struct token *out);

/* Whose it is; NULL if it was released, or never handed out. */
void *tokens_owner(const struct tokens *tokens, struct token token);

/* Ends it: events that still carry it are late. It must have an owner. */
void tokens_release(struct tokens *tokens, struct token token);

/* Frees the table; all zero again. The owners are not touched. */
void tokens_destroy(struct tokens *tokens);

#endif
