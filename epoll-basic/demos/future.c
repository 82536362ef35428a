/* SPDX-License-Identifier: MIT
 *
 * future.c - polled by hand: two futures that read sockets, put together by
 * and-then and join, without an executor and without allocation. Who learns a
 * song may sing it then, and dance all the while:
 *
 *     join(and_then(learn, sing), dance)
 *
 * The waker is made by hand, too. It counts, so that one can see who keeps it
 * and when: each clone ends in one wake or one drop.
 *
 *   --cancel     dances and learns, and is dropped in the middle
 *   --bug frame  the future points to what a function had on its stack
 *   --bug moved  the future points into itself, and is moved
 *
 * Read with: the async book, "The Future Trait"; Futures Explained in 200
 * Lines, "Waker and Context", "Pin".
 */
#include "../future.h"
#include "../demo.h"
#include "../tcp.h"
#include "future_bugs.h"
#include "verbs.h"

#include <sys/socket.h>

/* ---- A waker made by hand ---- */

struct counts {
    int clones, wakes, drops; /* a wake that consumes is both */
};

static void count_clone(void *whom)
{
    ((struct counts *)whom)->clones++;
}

static void count_wake_by_ref(void *whom)
{
    ((struct counts *)whom)->wakes++;
    trace("waker", "wakes whoever polls");
}

static void count_drop(void *whom)
{
    ((struct counts *)whom)->drops++;
}

static void count_wake(void *whom)
{
    count_wake_by_ref(whom);
    count_drop(whom);
}

static const struct task_waker_table counting = {count_clone, count_wake,
                                                 count_wake_by_ref, count_drop};

/* ---- A leaf: reads a line from a socket ---- */

struct line_read {
    struct future future;
    const char *what;
    int fd;
    struct task_waker waker; /* whoever writes is to wake it */
    char line[32];           /* valid once it is ready */
};

static enum progress poll_line(struct future *future,
                               const struct task_waker *waker)
{
    struct line_read *self = (struct line_read *)future;

    ssize_t got = tcp_read(self->fd, self->line, sizeof self->line - 1);
    if (got == -EAGAIN) {
        trace(self->what, "nothing to read yet: keeps the waker");
        task_waker_store(&self->waker, waker);
        return FUTURE_PENDING;
    }
    if (got < 0)
        error(EXIT_FAILURE, (int)-got, "read how to %s", self->what);
    self->line[got] = '\0';
    trace(self->what, "has \"%s\"", self->line);
    return FUTURE_READY;
}

static void drop_line(struct future *future)
{
    struct line_read *self = (struct line_read *)future;

    trace(self->what, "is dropped");
    task_waker_drop(&self->waker);
    close(self->fd);
}

/* ---- Singing is over at its first poll ---- */

struct sing {
    struct future future;
    const char *song;
};

static enum progress poll_sing(struct future *future,
                               const struct task_waker *waker)
{
    (void)waker;
    trace("sing", "sings \"%s\"", ((struct sing *)future)->song);
    return FUTURE_READY;
}

/* ---- All of it, in one struct: the parents point to its members, and so it
 * is put together where it stays ---- */

struct evening {
    struct future_join both;
    struct future_and_then music;
    struct line_read learn, dance;
    struct sing sing;
    int teacher, band; /* who writes to learn and dance */
};

static struct future *sing_it(struct future_and_then *music,
                              struct future *first)
{
    struct evening *evening =
        (struct evening *)((char *)music - offsetof(struct evening, music));

    evening->sing = (struct sing){.future = {poll_sing, NULL},
                                  .song = ((struct line_read *)first)->line};
    return &evening->sing.future;
}

static struct line_read read_from(int *writer, const char *what)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        error(EXIT_FAILURE, errno, "make a pair of sockets");
    *writer = fds[1];
    return (struct line_read){
        .future = {poll_line, drop_line}, .what = what, .fd = fds[0]};
}

static void plan(struct evening *e)
{
    e->learn = read_from(&e->teacher, "learn");
    e->dance = read_from(&e->band, "dance");
    e->music = future_and_then(&e->learn.future, sing_it);
    e->both = future_join(&e->music.future, &e->dance.future);
    trace("main", "join(and_then(learn, sing), dance), and nothing happens");
}

/* The event, and what a reactor would do then. */
static void write_and_wake(int fd, const char *text, struct line_read *reader)
{
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        error(EXIT_FAILURE, errno, "write \"%s\"", text);
    task_waker_wake(&reader->waker);
}

static enum progress poll_again(struct evening *e, struct counts *counts)
{
    struct task_waker waker = {&counting, counts}; /* lent */

    enum progress progress = future_poll(&e->both.future, &waker);
    trace("main", "has polled: %s; wakers kept: %d",
          progress == FUTURE_READY ? "ready" : "pending",
          counts->clones - counts->drops);
    return progress;
}

static int whole_evening(bool cancel)
{
    struct counts counts = {.clones = 0};
    struct evening e;

    plan(&e);
    bool over = poll_again(&e, &counts) == FUTURE_READY;
    write_and_wake(e.band, "a waltz", &e.dance);
    over |= poll_again(&e, &counts) == FUTURE_READY;
    if (cancel) {
        trace("main", "drops it all");
    } else {
        write_and_wake(e.teacher, "la la", &e.learn);
        over |= poll_again(&e, &counts) == FUTURE_READY;
    }
    future_drop(&e.both.future);
    close(e.teacher);
    close(e.band);
    printf("%d clones = %d wakes and %d other drops; %s\n", counts.clones,
           counts.wakes, counts.drops - counts.wakes,
           over ? "all is done" : "cancelled, and nothing is left");
    /* Both kept one at the first poll; the dancer's was used at the second. */
    return counts.clones == 2 && counts.drops == 2 &&
                   counts.wakes == (cancel ? 1 : 2) && over != cancel
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

/* ---- The verb ---- */

struct options {
    bool cancel, frame, moved;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == 'c')
        o->cancel = true;
    else if (key == 'b' && strcmp(arg, "frame") == 0)
        o->frame = true;
    else if (key == 'b' && strcmp(arg, "moved") == 0)
        o->moved = true;
    else if (key == 'b')
        argp_error(state, "--bug: '%s' is not frame or moved", arg);
    else
        return unexpected(key, arg, state);
    return 0;
}

int future_main(int argc, char **argv)
{
    const struct argp_option options[] = {
        {"cancel", 'c', NULL, 0, "drops it in the middle", 0},
        {"bug", 'b', "frame|moved", 0,
         "points to what is gone, or to where it was", 0},
        {0}};
    const struct argp argp = {options, parse,
                              .doc = "Futures put together, polled by hand."};
    struct options o = {.cancel = false};

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.frame)
        return future_bug_frame();
    if (o.moved)
        return future_bug_moved();
    return whole_evening(o.cancel);
}
