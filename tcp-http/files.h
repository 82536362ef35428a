/* SPDX-License-Identifier: MIT
 *
 * files.h - a directory as a site: the path of a request to a file's bytes.
 *
 * Only regular files below the root are shown. A name that could lead elsewhere
 * is refused before the kernel sees it (path.h), and the kernel is told to stay
 * below the root and to follow no link: so whoever can write there still cannot
 * publish what is elsewhere.
 *
 *     400  the path is none: a "." or ".." in it, a NUL
 *     404  there is no such file, or it is not to be known: a dot file, a link; a
 *          directory without index.html, or asked for without its last slash
 *     403  a device, a FIFO, a socket; or we have no right to it
 *     503  out of descriptors or memory
 *
 * A small file is kept in memory for the rest of the second in which it was
 * read, so a hot one costs no system call at all, and an answer is true of the
 * second that its Date names. Larger ones are the kernel's to send (sendfile(2)).
 *
 * It may wait for the disk, never for a writer or a device. One thread at a time
 * per struct. Read with: openat2(2); RFC 9110, 8.8.2 and 13.1.3.
 */
#ifndef FILES_H
#define FILES_H

#include <time.h>

#include "response.h"
#include "text.h"

enum {
    FILES_SMALL_MAX = 4096, /* bytes: up to here a file is sent from memory */
    FILES_KEPT = 256        /* so many small files are kept at once, at most */
};

struct files;

/* The directory called root, which is held open: it may be moved. A negative
 * errno: -ENOENT, -ENOTDIR, -EACCES, -ENOMEM. */
int files_open(struct files **out, const char *root);

/* Answers a request in this second (of time(2)), which the Date of the answer
 * must tell. method: GET and HEAD will do, others get a 405; path: without its
 * query, not yet decoded; since: the value of If-Modified-Since, or of length 0 if
 * there is none, or if there is an If-None-Match.
 *
 * *fd is -1, or a file that is the caller's to close, of which the first
 * answer.apart bytes are the body. (It may shrink before they are sent: then the
 * connection has to end.) What the answer points to is good until the next call. */
struct response files_answer(struct files *files, struct text method,
                             struct text path, struct text since, time_t second,
                             int *fd);

/* Takes NULL. */
void files_close(struct files *files);

#endif
