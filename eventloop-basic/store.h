/* SPDX-License-Identifier: MIT
 *
 * store.h - keys and values, and the lines that ask for them. It knows no
 * socket and has no lock: it is the business of one loop, or of whoever holds
 * the lock around it.
 *
 *     GET key          = value       none
 *     SET key value    ok            ! full
 *     DEL key          ok            none
 *     anything else    ! GET key, SET key value, or DEL key
 *
 * Read with: Tokio's tutorial, "Hello Tokio" and "Shared state"; Tokio's
 * examples, tinydb.
 */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>

enum { STORE_LINE_LIMIT = 4096, STORE_ANSWER_LIMIT = STORE_LINE_LIMIT + 64 };

struct store;

/* A store for at most so many bytes of memory. -ENOMEM. */
int store_new(struct store **out, size_t limit);
void store_free(struct store *store);

/* 0 and the value, which stays until the next store_set() or store_del();
 * -ENOENT. */
int store_get(const struct store *store, const char *key, size_t key_length,
              const char **value, size_t *value_length);

/* In place of the old value, if there is one; it stays if this fails.
 * -ENOSPC: the limit; -ENOMEM. */
int store_set(struct store *store, const char *key, size_t key_length,
              const char *value, size_t value_length);

/* -ENOENT. */
int store_del(struct store *store, const char *key, size_t key_length);

/* One line, without its end, of at most STORE_LINE_LIMIT bytes; gives the
 * length of the answer, its "\n" included. */
size_t store_answer(struct store *store, const char *line, size_t length,
                    char answer[STORE_ANSWER_LIMIT]);

#endif
