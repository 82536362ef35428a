/* SPDX-License-Identifier: MIT
 *
 * tree.h - every file under a directory, in the order of the paths.
 */
#ifndef TREE_H
#define TREE_H

/* rc 0: a regular file. Else why this path leads no further: -ELOOP for a link to
 * a directory it lies in, -ENOENT for a link to nothing, -EACCES, ... */
typedef void tree_visit(void *arg, const char *path, int rc);

/* Visits the files under root, links followed, sorted as bytes (the order of
 * LC_ALL=C sort); pipes, sockets and devices are passed by. A root that is not
 * there is a visit with its rc. Errors: -ENOMEM, and what fts_read(3) may say. */
int tree_walk(const char *root, tree_visit *visit, void *arg);

#endif
