/* SPDX-License-Identifier: MIT
 *
 * fds.c - what is no socket can be waited for as one: a time, a signal, a
 * counter, a change in a folder, the end of a process. Five descriptors, one
 * loop. A regular file is refused.
 *
 * Read with: mio, `SourceFd`; timerfd_create(2), signalfd(2), eventfd(2),
 * inotify(7), pidfd_open(2).
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "../demo.h"
#include "../poller.h"
#include "verbs.h"

/* Gives fd, or ends the program. */
static int opened(int fd, const char *what)
{
    if (fd < 0)
        error(EXIT_FAILURE, errno, "open %s", what);
    return fd;
}

/* What an event of fd is about: one read tells. */
static void take(int fd, void *what, size_t size)
{
    if (read(fd, what, size) <= 0)
        error(EXIT_FAILURE, errno, "read what the event is about");
}

/* ---- A time ---- */

static int open_timer(void)
{
    const struct itimerspec in_20_ms = {.it_value.tv_nsec = 20000000};
    int fd = opened(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                    "a timerfd");
    must(timerfd_settime(fd, 0, &in_20_ms, NULL));
    return fd;
}

static void take_timer(int fd)
{
    uint64_t times;
    take(fd, &times, sizeof times);
    trace("timerfd", "has expired %ju times", (uintmax_t)times);
}

/* ---- A signal ---- */

static int open_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    must(sigprocmask(SIG_BLOCK, &set, NULL)); /* or it comes the old way */
    int fd =
        opened(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "a signalfd");
    must(raise(SIGUSR1));
    return fd;
}

static void take_signal(int fd)
{
    struct signalfd_siginfo info;
    take(fd, &info, sizeof info);
    trace("signalfd", "SIG%s, %s", sigabbrev_np((int)info.ssi_signo),
          info.ssi_pid == (uint32_t)getpid() ? "from ourselves" : "from afar");
}

/* ---- A counter ---- */

static int open_counter(void)
{
    int fd = opened(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an eventfd");
    for (int i = 0; i < 3; i++)
        must(eventfd_write(fd, 1));
    return fd;
}

static void take_counter(int fd)
{
    eventfd_t count;
    take(fd, &count, sizeof count);
    trace("eventfd", "was written 3 times, and says %ju", (uintmax_t)count);
}

/* ---- A change in a folder ---- */

static int open_folder(void)
{
    char folder[] = "/tmp/epoll-basic-XXXXXX", file[sizeof folder + 8];
    int fd = opened(inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify");

    if (mkdtemp(folder) == NULL)
        error(EXIT_FAILURE, errno, "make a folder in /tmp");
    opened(inotify_add_watch(fd, folder, IN_CREATE), "a watch of it");
    snprintf(file, sizeof file, "%s/news", folder);
    int news = opened(open(file, O_CREAT | O_CLOEXEC, 0600), file);
    close(news);
    unlink(file);
    rmdir(folder);
    return fd;
}

static void take_folder(int fd)
{
    _Alignas(struct inotify_event) char bytes[4096];
    take(fd, bytes, sizeof bytes);
    const struct inotify_event *first = (const void *)bytes;
    trace("inotify", "a file was made: %s", first->len > 0 ? first->name : "");
}

/* ---- The end of a process ---- */

static int open_child(void)
{
    pid_t child = fork();
    if (child < 0)
        error(EXIT_FAILURE, errno, "start a process");
    if (child == 0)
        _exit(7);
    return opened(pidfd_open(child, PIDFD_NONBLOCK), "a pidfd");
}

static void take_child(int fd)
{
    siginfo_t info = {.si_status = -1};
    must(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    trace("pidfd", "the child has ended, with status %d", info.si_status);
}

/* ---- The loop ---- */

static const struct kind {
    int (*open)(void);
    void (*take)(int fd);
} kinds[] = {
    {open_timer, take_timer},     {open_signal, take_signal},
    {open_counter, take_counter}, {open_folder, take_folder},
    {open_child, take_child},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static bool is_refused(const struct poller *poller)
{
    int fd = opened(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "a file");
    int rc = poller_register(poller, fd, token_first(KINDS), INTEREST_READABLE);
    close(fd);
    printf("a regular file: %s. It is always \"ready\": a read waits for the "
           "disk,\nand no event could tell when it will not\n",
           rc < 0 ? strerrordesc_np(-rc) : "accepted");
    return rc == -EPERM;
}

int fds_main(int argc, char **argv)
{
    const struct argp argp = {
        .parser = unexpected,
        .doc = "A timer, a signal, a counter, a folder and a process."};
    struct poller poller;
    int fds[KINDS], taken = 0;

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    watchdog(30, "fds: not all five have spoken in 30 s\n");
    int rc = poller_open(&poller);
    if (rc < 0)
        error(EXIT_FAILURE, -rc, "open a poller");
    for (uint32_t i = 0; i < KINDS; i++) {
        fds[i] = kinds[i].open();
        must(poller_register(&poller, fds[i], token_first(i),
                             INTEREST_READABLE));
    }
    while (taken < KINDS) {
        struct event batch[KINDS];
        int count = poller_wait(&poller, batch, KINDS, POLLER_FOREVER);
        for (int i = 0; i < count; i++, taken++) {
            uint32_t kind = event_token(&batch[i]).index;
            kinds[kind].take(fds[kind]);
            /* A pidfd speaks twice: at the end, and when it was waited for. */
            must(poller_deregister(&poller, fds[kind]));
        }
    }
    bool refused = is_refused(&poller);
    poller_close(&poller);
    for (int i = 0; i < KINDS; i++)
        close(fds[i]);
    return refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
