/* SPDX-License-Identifier: MIT
 *
 * test_tokens.c - what tokens.h promises; and, with a poller, what it is for:
 * no event reaches anyone but who was registered when it arose.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "poller.h"
#include "tokens.h"

static bool out_of_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    return out_of_memory ? NULL : __real_reallocarray(memory, count, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static int owners[1000]; /* only their addresses count */

static struct token take(struct tokens *tokens, void *owner)
{
    struct token token = {0, 0};
    assert_int_equal(tokens_take(tokens, owner, &token), 0);
    return token;
}

static void in_an_empty_table_nobody_is_found(void **state)
{
    struct tokens tokens = {.room = 0};
    (void)state;
    assert_null(tokens_owner(&tokens, token_first(0)));
    tokens_destroy(&tokens);
}

static void each_token_leads_to_its_owner(void **state)
{
    struct tokens tokens = {.room = 0};
    struct token token[1000];
    (void)state;
    for (int i = 0; i < 1000; i++)
        token[i] = take(&tokens, &owners[i]);
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(tokens_owner(&tokens, token[i]), &owners[i]);
    tokens_destroy(&tokens);
}

static void a_token_never_handed_out_has_no_owner(void **state)
{
    struct tokens tokens = {.room = 0};
    (void)state;
    struct token token = take(&tokens, &owners[0]);
    assert_null(tokens_owner(&tokens, token_first(token.index + 1)));
    assert_null(tokens_owner(&tokens, token_first(UINT32_MAX)));
    assert_null(tokens_owner(&tokens, token_next(token)));
    tokens_destroy(&tokens);
}

static void a_released_token_is_late_for_ever(void **state)
{
    struct tokens tokens = {.room = 0};
    struct token old[100];
    (void)state;
    for (int i = 0; i < 100; i++) { /* one slot, a hundred owners */
        old[i] = take(&tokens, &owners[i]);
        assert_int_equal(old[i].index, old[0].index);
        for (int j = 0; j < i; j++)
            assert_null(tokens_owner(&tokens, old[j]));
        assert_ptr_equal(tokens_owner(&tokens, old[i]), &owners[i]);
        tokens_release(&tokens, old[i]);
        assert_null(tokens_owner(&tokens, old[i]));
        assert_null(tokens_owner(&tokens, token_next(old[i]))); /* not yet */
    }
    tokens_destroy(&tokens);
}

static void without_memory_no_token_is_handed_out(void **state)
{
    struct tokens tokens = {.room = 0};
    struct token token[17];
    (void)state;
    for (int i = 0; i < 17; i++) {
        bool grows = i == 0 || i == 16;
        out_of_memory = true;
        int rc = tokens_take(&tokens, &owners[i], &token[i]);
        out_of_memory = false;
        assert_int_equal(rc, grows ? -ENOMEM : 0);
        if (grows)
            token[i] = take(&tokens, &owners[i]);
    }
    for (int i = 0; i < 17; i++)
        assert_ptr_equal(tokens_owner(&tokens, token[i]), &owners[i]);
    tokens_destroy(&tokens);
}

/* ---- Registering, closing and reusing, in any order ---- */

/* The model of one descriptor: what it was told is what it must be told of. */
enum { SOURCES = 32 };

struct source {
    int fd;    /* -1: not open */
    long life; /* how often it was opened */
    struct token token;
    bool edge; /* opened full, or written to, and not told of it yet */
};

struct model {
    struct poller poller;
    struct tokens tokens;
    struct source source[SOURCES];
    long late, reached; /* events */
};

static void open_source(struct model *m, struct source *s)
{
    bool ready = random() % 2 == 0;
    s->fd = eventfd(ready, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(s->fd >= 0);
    s->token = take(&m->tokens, s);
    s->edge = ready;
    s->life++;
    assert_int_equal(
        poller_register(&m->poller, s->fd, s->token, INTEREST_READABLE), 0);
}

static void close_source(struct model *m, struct source *s)
{
    assert_int_equal(poller_deregister(&m->poller, s->fd), 0);
    close(s->fd);
    tokens_release(&m->tokens, s->token);
    s->fd = -1;
    s->edge = false;
}

/* Opens, closes, closes and opens again at once, or writes. */
static void change(struct model *m, struct source *s)
{
    if (s->fd < 0) {
        open_source(m, s);
    } else if (random() % 2 == 0) {
        close_source(m, s);
        if (random() % 2 == 0) /* with luck it has the same number */
            open_source(m, s);
    } else {
        assert_int_equal(eventfd_write(s->fd, 1), 0);
        s->edge = true;
    }
}

/* What a wait gives is true when it returns: each event has an owner, who has
 * an edge that he was not told of. While the batch is handled that may end:
 * then the event is late, and its token says so. */
static int handle_a_batch(struct model *m, bool with_changes)
{
    struct event batch[8];
    long life[8];
    int count = poller_wait(&m->poller, batch, 8, 0);
    for (int i = 0; i < count; i++) {
        struct source *s = tokens_owner(&m->tokens, event_token(&batch[i]));
        assert_non_null(s);
        assert_true(s->edge);
        s->edge = false;
        life[i] = s->life;
    }
    for (int i = 0; i < count; i++) {
        struct source *s = tokens_owner(&m->tokens, event_token(&batch[i]));
        if (s != NULL)
            assert_int_equal(s->life, life[i]);
        m->late += s == NULL;
        m->reached += s != NULL;
        if (with_changes)
            change(m, &m->source[random() % SOURCES]);
    }
    return count;
}

static void random_closes_and_reuses_agree_with_the_model(void **state)
{
    static struct model m;
    (void)state;
    srandom(1);
    assert_int_equal(poller_open(&m.poller), 0);
    for (int i = 0; i < SOURCES; i++)
        open_source(&m, &m.source[i]);
    for (int step = 0; step < 20000; step++) {
        change(&m, &m.source[random() % SOURCES]);
        if (random() % 4 == 0)
            (void)handle_a_batch(&m, true);
    }
    while (handle_a_batch(&m, false) > 0)
        continue;
    for (int i = 0; i < SOURCES; i++)
        assert_false(m.source[i].edge); /* none was forgotten */
    assert_true(m.late > 100);          /* or this test has proved nothing */
    assert_true(m.reached > 100);
    for (int i = 0; i < SOURCES; i++)
        if (m.source[i].fd >= 0)
            close_source(&m, &m.source[i]);
    tokens_destroy(&m.tokens);
    poller_close(&m.poller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_an_empty_table_nobody_is_found),
        cmocka_unit_test(each_token_leads_to_its_owner),
        cmocka_unit_test(a_token_never_handed_out_has_no_owner),
        cmocka_unit_test(a_released_token_is_late_for_ever),
        cmocka_unit_test(without_memory_no_token_is_handed_out),
        cmocka_unit_test(random_closes_and_reuses_agree_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
