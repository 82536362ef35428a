/* SPDX-License-Identifier: MIT
 *
 * blocked.c - the one rule of a pool, broken: A waits for a byte that only B will
 * send, and B waits in the deque for the worker that is busy with A. With one
 * worker that is for ever; with two it goes well as long as the other one is idle
 * and comes. Whoever needs this wants threads (thread_scope.h), not tasks.
 *
 * Try: scoped-demo blocked
 * Read with: Rayon's documentation of join, "Warning about blocking I/O".
 */
#include <fcntl.h>
#include <poll.h>

#include "../demo.h"
#include "../join.h"
#include "../pool.h"
#include "verbs.h"

enum { PATIENCE_MS = 300 }; /* the watchdog, which here is part of A */

struct channel {
    int pipe[2];
    bool byte_came, b_ran;
};

static int wait_for_sibling(struct task *top, void *arg)
{
    struct channel *ch = arg;
    struct pollfd end = {.fd = ch->pipe[0], .events = POLLIN};

    (void)top;
    ch->byte_came = poll(&end, 1, PATIENCE_MS) == 1;
    return 0;
}

static int send_byte(struct task *top, void *arg)
{
    struct channel *ch = arg;

    (void)top;
    ch->b_ran = true;
    return write(ch->pipe[1], "x", 1) == 1 ? 0 : -errno;
}

static int run_siblings(struct task *top, void *arg)
{
    return join(top, wait_for_sibling, arg, send_byte, arg);
}

/* Whether A got its byte. */
static bool runs(unsigned workers)
{
    struct channel ch = {.b_ran = false};

    if (pipe2(ch.pipe, O_CLOEXEC) < 0)
        error(EXIT_FAILURE, errno, "make a pipe");
    int rc = pool_once(workers, run_siblings, &ch);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "run two siblings");
    must(close(ch.pipe[0]));
    must(close(ch.pipe[1]));
    if (!ch.b_ran)
        error(EXIT_FAILURE, 0, "B never ran");
    return ch.byte_came;
}

int blocked_main(int argc, char **argv)
{
    const struct argp argp = {.parser = unexpected,
                              .doc = "A task that waits for its sibling."};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "blocked: even the watchdog in A did not help\n");
    bool one = runs(1), two = runs(2);
    printf("one worker: A waited %d ms, then gave up: %s\n", PATIENCE_MS,
           one ? "but B had run, which cannot be"
               : "B waited for the worker that ran A");
    printf("two workers: %s\n", two ? "B was stolen, this time, and A went on"
                                    : "nobody stole B in time, so A gave up");
    return one ? EXIT_FAILURE : EXIT_SUCCESS;
}
