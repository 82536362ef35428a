/* SPDX-License-Identifier: MIT
 *
 * store.c - a hash table of chains, doubled when it has as many entries as
 * buckets; and the grammar of a request.
 *
 *     request = "GET " key / "SET " key " " value / "DEL " key
 *     key     = 1*(any byte but a blank)
 *     value   = *(any byte)
 */
#include "store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's -fanalyzer loses sight of an entry that hangs in a bucket's chain:
 * a false alarm, at the end of store_answer(). */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

enum { FIRST_BUCKETS = 64 };

struct entry {
    struct entry *next;
    uint32_t hash;
    size_t key_length, value_length;
    char bytes[]; /* the key, then the value */
};

struct store {
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t entries, used, limit;
};

static uint32_t hash_of(const char *key, size_t length) /* FNV-1a */
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)key[i]) * 16777619U;
    return hash;
}

/* Where the entry's pointer is, or would be: the end of its chain. */
static struct entry **place_of(const struct store *store, const char *key,
                               size_t length)
{
    uint32_t hash = hash_of(key, length);
    struct entry **at = &store->buckets[hash & (store->bucket_count - 1)];

    while (*at != NULL && ((*at)->hash != hash || (*at)->key_length != length ||
                           memcmp((*at)->bytes, key, length) != 0))
        at = &(*at)->next;
    return at;
}

static size_t size_of(size_t key_length, size_t value_length)
{
    return sizeof(struct entry) + key_length + value_length;
}

int store_new(struct store **out, size_t limit)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return -ENOMEM;
    store->buckets = calloc(FIRST_BUCKETS, sizeof(struct entry *));
    if (store->buckets == NULL) {
        free(store);
        return -ENOMEM;
    }
    store->bucket_count = FIRST_BUCKETS;
    store->limit = limit;
    *out = store;
    return 0;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i] != NULL) {
            struct entry *entry = store->buckets[i];
            store->buckets[i] = entry->next;
            free(entry);
        }
    }
    free(store->buckets);
    free(store);
}

/* Twice the buckets. Without memory the chains grow instead: slow, not wrong. */
static void grow(struct store *store)
{
    size_t count = store->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(struct entry *));
    if (buckets == NULL)
        return;
    for (size_t i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i] != NULL) {
            struct entry *entry = store->buckets[i];
            struct entry **to = &buckets[entry->hash & (count - 1)];
            store->buckets[i] = entry->next;
            entry->next = *to;
            *to = entry;
        }
    }
    free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
}

int store_get(const struct store *store, const char *key, size_t key_length,
              const char **value, size_t *value_length)
{
    struct entry *entry = *place_of(store, key, key_length);

    if (entry == NULL)
        return -ENOENT;
    *value = entry->bytes + entry->key_length;
    *value_length = entry->value_length;
    return 0;
}

int store_set(struct store *store, const char *key, size_t key_length,
              const char *value, size_t value_length)
{
    struct entry **at = place_of(store, key, key_length);
    struct entry *old = *at;
    size_t size = size_of(key_length, value_length);
    size_t before =
        old == NULL ? 0 : size_of(old->key_length, old->value_length);
    if (store->used - before + size > store->limit)
        return -ENOSPC;

    struct entry *entry = malloc(size);
    if (entry == NULL)
        return -ENOMEM;
    entry->hash = hash_of(key, key_length);
    entry->key_length = key_length;
    entry->value_length = value_length;
    memcpy(entry->bytes, key, key_length);
    memcpy(entry->bytes + key_length, value, value_length);
    entry->next = old == NULL ? NULL : old->next;
    *at = entry;
    store->used += size - before;
    store->entries += old == NULL;
    free(old);
    if (store->entries > store->bucket_count)
        grow(store);
    return 0;
}

int store_del(struct store *store, const char *key, size_t key_length)
{
    struct entry **at = place_of(store, key, key_length);
    struct entry *entry = *at;

    if (entry == NULL)
        return -ENOENT;
    *at = entry->next;
    store->used -= size_of(entry->key_length, entry->value_length);
    store->entries--;
    free(entry);
    return 0;
}

/* ---- Requests ---- */

struct request {
    char verb; /* 'G', 'S', 'D'; 0: not a request */
    const char *key, *value;
    size_t key_length, value_length;
};

static struct request parse(const char *line, size_t length)
{
    struct request r = {.verb = 0, .value = ""};
    if (length < 5 ||
        (memcmp(line, "GET ", 4) != 0 && memcmp(line, "SET ", 4) != 0 &&
         memcmp(line, "DEL ", 4) != 0))
        return r;

    r.key = line + 4;
    r.key_length = length - 4;
    const char *blank = memchr(r.key, ' ', r.key_length);
    if (blank != NULL) {
        r.key_length = (size_t)(blank - r.key);
        r.value = blank + 1;
        r.value_length = length - 4 - r.key_length - 1;
    }
    /* A value for SET, and only for SET. */
    if (r.key_length > 0 && (blank != NULL) == (line[0] == 'S'))
        r.verb = line[0];
    return r;
}

static size_t say(char *answer, const char *text)
{
    return (size_t)snprintf(answer, STORE_ANSWER_LIMIT, "%s\n", text);
}

size_t store_answer(struct store *store, const char *line, size_t length,
                    char answer[STORE_ANSWER_LIMIT])
{
    struct request r = parse(line, length);
    const char *value;
    char *at;
    size_t count;

    switch (r.verb) {
    case 'G':
        if (store_get(store, r.key, r.key_length, &value, &count) < 0)
            return say(answer, "none");
        at = mempcpy(mempcpy(answer, "= ", 2), value, count);
        *at++ = '\n';
        return (size_t)(at - answer);
    case 'S':
        if (store_set(store, r.key, r.key_length, r.value, r.value_length) < 0)
            return say(answer, "! full");
        return say(answer, "ok");
    case 'D':
        return say(answer,
                   store_del(store, r.key, r.key_length) < 0 ? "none" : "ok");
    default:
        return say(answer, "! GET key, SET key value, or DEL key");
    }
}
