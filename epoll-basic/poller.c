/* SPDX-License-Identifier: MIT
 *
 * poller.c - the kernel has the table of descriptors and the list of those
 * that are ready; here are only its names and its clock.
 *
 * A wait costs what is ready, not what is registered: a descriptor that gets
 * ready puts itself on the list, and epoll_wait(2) takes from the list's
 * front. select(2) and poll(2) ask every one of them, every time.
 *
 * Read with: mio, `sys/unix/selector/epoll.rs`; epoll_ctl(2), epoll_wait(2).
 */
#include "poller.h"

#include <assert.h>
#include <limits.h>
#include <unistd.h>

#include "util.h"

/* A batch of ours is handed to the kernel as a batch of its own. */
static_assert(sizeof(struct event) == sizeof(struct epoll_event),
              "an event is the kernel's, and nothing more");

int poller_open(struct poller *poller)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return -errno;
    poller->epoll_fd = fd;
    return 0;
}

void poller_close(struct poller *poller)
{
    close(poller->epoll_fd);
    poller->epoll_fd = -1;
}

static int control(const struct poller *poller, int operation, int fd,
                   struct token token, unsigned interest)
{
    if (!interest_is_valid(interest))
        return -EINVAL;
    struct epoll_event entry = {.events = interest_to_epoll(interest),
                                .data.u64 = token_pack(token)};
    return epoll_ctl(poller->epoll_fd, operation, fd, &entry) < 0 ? -errno : 0;
}

int poller_register(const struct poller *poller, int fd, struct token token,
                    unsigned interest)
{
    return control(poller, EPOLL_CTL_ADD, fd, token, interest);
}

int poller_reregister(const struct poller *poller, int fd, struct token token,
                      unsigned interest)
{
    return control(poller, EPOLL_CTL_MOD, fd, token, interest);
}

int poller_deregister(const struct poller *poller, int fd)
{
    return epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno
                                                                    : 0;
}

/* For epoll_wait(2): up, for a wait that ends before its time makes its caller
 * wait again and again for the last bit. */
static int whole_ms(int64_t ns)
{
    if (ns < 0)
        return -1;
    int64_t ms = ns / 1000000 + (ns % 1000000 > 0);
    return ms < INT_MAX ? (int)ms : INT_MAX;
}

int poller_wait(const struct poller *poller, struct event *events, int capacity,
                int64_t timeout_ns)
{
    int64_t start = timeout_ns > 0 ? now_ns() : 0, left = timeout_ns;

    for (;;) {
        int count = epoll_wait(poller->epoll_fd, &events->raw, capacity,
                               whole_ms(left));
        if (count > 0)
            return count;
        if (count < 0 && errno != EINTR)
            return -errno;
        /* A signal, or the end of the time, or of the longest time (24 days)
         * that the kernel can wait in one go: see what is left. */
        if (timeout_ns > 0) {
            int64_t passed = now_ns() - start;
            left = passed < timeout_ns ? timeout_ns - passed : 0;
        }
        if (count == 0 && left == 0)
            return 0;
    }
}
