/* SPDX-License-Identifier: MIT
 *
 * tree.c - fts(3), told to sort, and its answers told apart.
 */
#include "tree.h"

#include <errno.h>
#include <fts.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* By name, a directory as if it ended in '/': the order of the whole paths. */
static int by_path(const FTSENT **a, const FTSENT **b)
{
    const FTSENT *x = *a, *y = *b;
    size_t i = 0;

    while (x->fts_name[i] == y->fts_name[i] && x->fts_name[i] != '\0')
        i++;
    int c = (unsigned char)x->fts_name[i], d = (unsigned char)y->fts_name[i];
    if (c == '\0' && x->fts_info == FTS_D)
        c = '/';
    if (d == '\0' && y->fts_info == FTS_D)
        d = '/';
    return c - d;
}

static void see(FTSENT *entry, tree_visit *visit, void *arg)
{
    switch (entry->fts_info) {
    case FTS_F:
        visit(arg, entry->fts_path, 0);
        break;
    case FTS_DC: /* a link to a directory it lies in */
        visit(arg, entry->fts_path, -ELOOP);
        break;
    case FTS_SLNONE: /* a link to nothing, or to itself: ask which */
        visit(arg, entry->fts_path,
              access(entry->fts_path, F_OK) < 0 ? -errno : -ENOENT);
        break;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        visit(arg, entry->fts_path, -entry->fts_errno);
        break;
    default: /* directories themselves; pipes, sockets, devices */
        break;
    }
}

int tree_walk(const char *root, tree_visit *visit, void *arg)
{
    char *roots[] = {(char *)(uintptr_t)root, NULL}; /* fts does not write it */
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_path);

    if (tree == NULL)
        return -errno;
    errno = 0;
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL; errno = 0)
        see(entry, visit, arg);
    int rc = -errno; /* 0: the end */
    fts_close(tree);
    return rc;
}
