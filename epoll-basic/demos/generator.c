/* SPDX-License-Identifier: MIT
 *
 * generator.c - what a compiler makes of a function that can stop in the middle:
 * a struct with all that must survive, a number that says where to go on, and a
 * switch. First a generator, resumed by hand. Then a function with two awaits,
 *
 *     async fn example(limit: usize) -> String {
 *         let content = read("foo").await;          state WAITS_ON_FOO
 *         if content.len() < limit {
 *             content + &read("bar").await          state WAITS_ON_BAR
 *         } else { content }
 *     }
 *
 * polled by the simplest executor there is: again and again, with a waker that
 * tells nobody.
 *
 * Try: epoll-basic generator
 * Read with: Futures Explained in 200 Lines, "Generators"; Writing an OS in
 * Rust, "Async/Await".
 */
#include "../demo.h"
#include "../future.h"
#include "verbs.h"

/* ---- A generator: yields 8, then returns 10 times that ---- */

enum outcome { YIELDED, RETURNED, WAS_OVER };

struct generator {
    enum { AT_START, AFTER_YIELD, AT_END } state;
    int a; /* a local of the function, that lives across the yield */
    int value;
};

static enum outcome resume(struct generator *self)
{
    switch (self->state) {
    case AT_START:
        self->a = 4;
        self->value = 2 * self->a;
        self->state = AFTER_YIELD; /* where to go on */
        return YIELDED;
    case AFTER_YIELD:
        self->value = 20 * self->a;
        self->state = AT_END;
        return RETURNED;
    case AT_END:
        break;
    }
    return WAS_OVER; /* and no value */
}

static bool show_generator(void)
{
    const char *const names[] = {"yields", "returns", "was over:"};
    struct generator generator = {.state = AT_START};
    enum outcome outcomes[3];
    int values[3];

    for (int i = 0; i < 3; i++) {
        outcomes[i] = resume(&generator);
        values[i] = outcomes[i] == WAS_OVER ? -EINVAL : generator.value;
        printf("resume %d %s %d\n", i + 1, names[outcomes[i]], values[i]);
    }
    return values[0] == 8 && values[1] == 80 && values[2] == -EINVAL;
}

/* ---- A file that is read: pending once, for the disk is slow ---- */

struct file_read {
    struct future future;
    const char *content; /* valid once it is ready */
    bool asked;
};

static enum progress poll_file(struct future *future,
                               const struct task_waker *waker)
{
    struct file_read *self = (struct file_read *)future;

    if (self->asked)
        return FUTURE_READY;
    self->asked = true;
    task_waker_wake_by_ref(waker); /* at once: the disk is not that slow */
    return FUTURE_PENDING;
}

static struct file_read file_read(const char *content)
{
    return (struct file_read){.future = {poll_file, NULL}, .content = content};
}

/* ---- The function with two awaits ---- */

struct example {
    struct future future;
    enum { START, WAITS_ON_FOO, WAITS_ON_BAR, END } state;
    union { /* each state has the locals that live in it, and no others */
        struct start {
            size_t limit;
        } start;
        struct waits_on_foo {
            size_t limit;
            struct file_read foo;
        } foo;
        struct waits_on_bar {
            const char *content;
            struct file_read bar;
        } bar;
        struct end {
            char text[16];
        } end;
    } is;
};

static const char *const state_names[] = {"START", "WAITS_ON_FOO",
                                          "WAITS_ON_BAR", "END"};

static enum progress finish(struct example *self, const char *a, const char *b)
{
    self->state = END;
    snprintf(self->is.end.text, sizeof self->is.end.text, "%s%s", a, b);
    return FUTURE_READY;
}

static enum progress poll_example(struct future *future,
                                  const struct task_waker *waker)
{
    struct example *self = (struct example *)future;
    const char *content;
    size_t limit;

    switch (self->state) {
    case START:
        limit = self->is.start.limit; /* before the union is written over */
        self->is.foo = (struct waits_on_foo){limit, file_read("hello")};
        self->state = WAITS_ON_FOO;
        __attribute__((fallthrough)); /* what is awaited is polled at once */
    case WAITS_ON_FOO:
        if (future_poll(&self->is.foo.foo.future, waker) == FUTURE_PENDING)
            return FUTURE_PENDING;
        content = self->is.foo.foo.content;
        if (strlen(content) >= self->is.foo.limit)
            return finish(self, content, "");
        self->is.bar = (struct waits_on_bar){content, file_read(", world")};
        self->state = WAITS_ON_BAR;
        __attribute__((fallthrough));
    case WAITS_ON_BAR:
        if (future_poll(&self->is.bar.bar.future, waker) == FUTURE_PENDING)
            return FUTURE_PENDING;
        return finish(self, self->is.bar.content, self->is.bar.bar.content);
    case END:
        break;
    }
    error(EXIT_FAILURE, 0, "a future that was ready is polled again");
    return FUTURE_READY;
}

static bool show_example(size_t limit, const char *expected, int expected_polls)
{
    struct example example = {.future = {poll_example, NULL},
                              .is.start.limit = limit};
    const struct task_waker nobody = {.table = NULL};
    int polls = 0;

    printf("\nlimit %zu: %s", limit, state_names[example.state]);
    for (bool over = false; !over;) {
        over = future_poll(&example.future, &nobody) == FUTURE_READY;
        printf(" -> poll %d -> %s", ++polls, state_names[example.state]);
    }
    printf(": \"%s\"\n", example.is.end.text);
    return strcmp(example.is.end.text, expected) == 0 &&
           polls == expected_polls;
}

int generator_main(int argc, char **argv)
{
    const struct argp argp = {NULL, unexpected,
                              .doc = "A function that stops in the middle."};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    bool generated = show_generator();
    bool once = show_example(5, "hello", 2);
    bool twice = show_example(6, "hello, world", 3);
    printf("\nbytes: START %zu, WAITS_ON_FOO %zu, WAITS_ON_BAR %zu, END %zu; "
           "all of it %zu:\nthe largest, which of them it is, and the poll "
           "function\n",
           sizeof(struct start), sizeof(struct waits_on_foo),
           sizeof(struct waits_on_bar), sizeof(struct end),
           sizeof(struct example));
    return generated && once && twice ? EXIT_SUCCESS : EXIT_FAILURE;
}
