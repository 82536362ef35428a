/* SPDX-License-Identifier: MIT
 *
 * child.c - fork, a pipe to tell through, and wait.
 */
#include "child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../demo.h"

/* Not even a sanitizer's handlers are left, which would report the fault. */
static void be_plain(void)
{
    const struct rlimit none = {0, 0};

    must(setrlimit(RLIMIT_CORE, &none));
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    alarm(30);
}

struct ending child_run(void (*act)(int to, void *argument), void *argument,
                        void *told, size_t room)
{
    struct ending ending = {.told = 0};
    ssize_t got;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        error(EXIT_FAILURE, errno, "make a pipe");
    pid_t child = fork();
    if (child < 0)
        error(EXIT_FAILURE, errno, "make a child process");
    if (child == 0) {
        be_plain();
        act(ends[1], argument);
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]); /* now the child alone can write: its end is our EOF */
    do {
        got = read(ends[0], (char *)told + ending.told, room - ending.told);
        ending.told += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    close(ends[0]);
    if (got < 0 || waitpid(child, &ending.status, 0) < 0)
        error(EXIT_FAILURE, errno, "hear how the child ended");
    return ending;
}

bool child_faulted(struct ending ending)
{
    return WIFSIGNALED(ending.status) && (WTERMSIG(ending.status) == SIGSEGV ||
                                          WTERMSIG(ending.status) == SIGBUS);
}

const char *child_how(struct ending ending)
{
    static char how[32];

    if (WIFSIGNALED(ending.status))
        snprintf(how, sizeof how, "killed by SIG%s",
                 sigabbrev_np(WTERMSIG(ending.status)));
    else
        snprintf(how, sizeof how, "exits with %d", WEXITSTATUS(ending.status));
    return how;
}
