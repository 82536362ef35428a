/* SPDX-License-Identifier: MIT
 *
 * io.h - reading and writing that looks as if it blocked, and lets other green
 * threads run meanwhile.
 *
 * Each call tries the system call first. Only if that would block does the green
 * thread park; epoll, the runtime's driver from the first io_adopt() on, wakes it
 * when the descriptor may be ready, and it tries again. So a wake-up too many
 * does no harm. Who never has to wait lets others run all the same, once in a
 * while.
 *
 * A descriptor belongs to the runtime from io_adopt() or io_accept() on, and must
 * be closed by io_close(). At most one green thread reads it at a time, and one
 * writes it. The results are those of the system calls, but an error is a
 * negative errno, EINTR is never seen, and there is more that can happen:
 *
 *   -ETIMEDOUT  deadline, on now_ns()'s clock, has passed; RUNTIME_NEVER does not
 *   -ECANCELED  another green thread has closed the descriptor meanwhile
 *   -EBUSY      another green thread is at it already, in this direction
 *   -EBADF      it was not adopted, or not closed by io_close()
 *   -EPERM      no green thread runs here
 *
 * Read with: Green Threads Explained in 200 Lines, branch "futures"; epoll(7).
 */
#ifndef IO_H
#define IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "runtime.h"

/* Makes fd non-blocking and watches it, until io_close(); when the runtime is
 * freed, fd stays open and is the caller's again. May be called from outside.
 * -EBUSY: the runtime has another driver; -EPERM: a regular file, which is always ready; -EEXIST: adopted already; -EMFILE: no
 * descriptor left for epoll; -ENOMEM. fd stays the caller's if it fails. */
int io_adopt(struct runtime *rt, int fd);

/* Closes fd; those who wait for it go on with -ECANCELED. */
int io_close(struct runtime *rt, int fd);

/* Up to size bytes; 0 is the end. */
ssize_t io_read(int fd, void *buffer, size_t size, int64_t deadline);

/* All of size bytes. Fewer were written if something happened after the first:
 * the next call says what. (-ECANCELED is said at once.) A peer that has gone is
 * -EPIPE and no signal, on a socket. */
ssize_t io_write(int fd, const void *buffer, size_t size, int64_t deadline);

/* The next connection of a listening socket, adopted. */
int io_accept(int fd, int64_t deadline);

/* Connects an adopted socket. Once it has timed out, close it. -EAGAIN: a Unix
 * socket's queue is full, and nobody will tell when it is not. */
int io_connect(int fd, const struct sockaddr *address, socklen_t length,
               int64_t deadline);

#endif
