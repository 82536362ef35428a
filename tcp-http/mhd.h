/* SPDX-License-Identifier: MIT
 *
 * mhd.h - the same site served by a production library, libmicrohttpd.
 *
 * The library brings the sockets, the threads and a parser; ours are callbacks.
 * Debian's version (0.9.75) parses more kindly than is safe. So the callback
 * writes each head down again, as the library understood it, and lets our own
 * parser judge: what that refuses is refused. What the library has changed or
 * dropped before, nobody can see (tests/tcp-http/mhd-known lists it).
 *
 * Read with: the libmicrohttpd manual, "Threading modes" and "Suspending".
 */
#ifndef MHD_H
#define MHD_H

struct mhd; /* mhd.c alone sees the library */

/* Whose threads wait for the clients. */
enum mhd_mode {
    MHD_MODE_INTERNAL,       /* one of the library's, with epoll */
    MHD_MODE_POOL,           /* four of them */
    MHD_MODE_PER_CONNECTION, /* one of the library's for each client */
    MHD_MODE_EXTERNAL        /* one of ours, which calls the library */
};

/* Serves the clients of this listener (listener_open()), which it closes in the
 * end. A negative errno: -ENOMEM, -EMFILE, -EAGAIN (no thread); -EIO: the library
 * would not start, and does not say why. */
int mhd_start(struct mhd **out, int listener, enum mhd_mode mode);

/* Takes nobody new, waits for requests under way (2 s at the most), and ends the
 * threads. Blocks. */
void mhd_stop(struct mhd *mhd);

#endif
