/* SPDX-License-Identifier: MIT
 *
 * future.c - join, select, and-then: parents whose whole state is which of the
 * children are left.
 *
 * A parent hands its own waker down. So it is woken for every child, does not
 * know for which, and polls them all: cheap for two, and the reason why those
 * who have hundreds give each child a waker of its own.
 *
 * Read with: the async book, "The Future Trait"; Hoverbear, "The Future with
 * Futures".
 */
#include "future.h"

#include <assert.h>

/* Polls what is left of a child; once it is ready, drops and clears it. */
static bool child_is_over(struct future **child, const struct task_waker *waker)
{
    if (*child == NULL)
        return true;
    if (future_poll(*child, waker) == FUTURE_PENDING)
        return false;
    future_drop(*child);
    *child = NULL;
    return true;
}

static void drop_child(struct future **child)
{
    future_drop(*child);
    *child = NULL;
}

/* ---- Join ---- */

static enum progress poll_join(struct future *future,
                               const struct task_waker *waker)
{
    struct future_join *self = (struct future_join *)future;

    assert(self->left != NULL || self->right != NULL); /* ready comes once */
    bool left = child_is_over(&self->left, waker);
    bool right = child_is_over(&self->right, waker); /* also if left is not */
    return left && right ? FUTURE_READY : FUTURE_PENDING;
}

static void drop_join(struct future *future)
{
    struct future_join *self = (struct future_join *)future;

    drop_child(&self->left);
    drop_child(&self->right);
}

struct future_join future_join(struct future *left, struct future *right)
{
    return (struct future_join){
        .future = {poll_join, drop_join}, .left = left, .right = right};
}

/* ---- Select ---- */

static enum progress poll_select(struct future *future,
                                 const struct task_waker *waker)
{
    struct future_select *self = (struct future_select *)future;

    assert(self->winner == NULL);
    struct future *left = self->left, *right = self->right;
    if (child_is_over(&self->left, waker))
        self->winner = left;
    else if (child_is_over(&self->right, waker))
        self->winner = right;
    else
        return FUTURE_PENDING;
    drop_child(&self->left);
    drop_child(&self->right);
    return FUTURE_READY;
}

static void drop_select(struct future *future)
{
    struct future_select *self = (struct future_select *)future;

    drop_child(&self->left);
    drop_child(&self->right);
}

struct future_select future_select(struct future *left, struct future *right)
{
    return (struct future_select){
        .future = {poll_select, drop_select}, .left = left, .right = right};
}

/* ---- And then ---- */

static enum progress poll_and_then(struct future *future,
                                   const struct task_waker *waker)
{
    struct future_and_then *self = (struct future_and_then *)future;
    struct future *first = self->first;

    assert(first != NULL || self->second != NULL);
    if (first != NULL) {
        if (!child_is_over(&self->first, waker))
            return FUTURE_PENDING;
        self->second = self->next(self, first);
    }
    return child_is_over(&self->second, waker) ? FUTURE_READY : FUTURE_PENDING;
}

static void drop_and_then(struct future *future)
{
    struct future_and_then *self = (struct future_and_then *)future;

    drop_child(&self->first);
    drop_child(&self->second);
}

struct future_and_then future_and_then(
    struct future *first,
    struct future *(*next)(struct future_and_then *self, struct future *first))
{
    return (struct future_and_then){
        .future = {poll_and_then, drop_and_then}, .first = first, .next = next};
}
