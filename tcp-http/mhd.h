/* SPDX-License-Identifier: MIT
 *
 * mhd.h - the same site served by a production library, libmicrohttpd.
 *
 * The library brings the sockets, the threads and the parser; ours is one
 * callback. Debian's version (0.9.75) parses more kindly than is safe, so the
 * callback refuses what our own parser would: two Host fields, two lengths,
 * length and coding together, names that are no tokens. What it cannot see, it
 * cannot refuse: the library has then changed or dropped it.
 *
 * Read with: the libmicrohttpd tutorial, "Hello browser example".
 */
#ifndef MHD_H
#define MHD_H

struct mhd; /* mhd.c alone sees the library */

/* Serves the clients of this listener (listener_open()) from a thread of the
 * library's, which closes it in the end. -ENOMEM; -EIO: the library would not
 * start, and does not say why. */
int mhd_start(struct mhd **out, int listener);

/* Takes nobody new, waits for requests under way (2 s at the most), and ends the
 * thread. Blocks. */
void mhd_stop(struct mhd *mhd);

#endif
