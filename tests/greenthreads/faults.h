/* SPDX-License-Identifier: MIT
 *
 * faults.h - memory that runs out on cue. The linker sends the modules' calls of
 * mmap, mprotect, calloc and reallocarray here (--wrap, in verbs.cmake).
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Counts the calls, and fails the one at which calls_left comes to 0. */
static struct {
    int calls_left; /* 0: fail none */
    int mapped;     /* calls of mmap, less those of munmap */
} faults;

static inline int fails_now(void)
{
    if (faults.calls_left == 0 || --faults.calls_left > 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd,
                  off_t offset)
{
    if (fails_now())
        return MAP_FAILED;
    void *p = __real_mmap(addr, size, prot, flags, fd, offset);
    faults.mapped += p != MAP_FAILED;
    return p;
}

int __real_munmap(void *, size_t);
int __wrap_munmap(void *, size_t);
int __wrap_munmap(void *addr, size_t size)
{
    faults.mapped--;
    return __real_munmap(addr, size);
}

int __real_mprotect(void *, size_t, int);
int __wrap_mprotect(void *, size_t, int);
int __wrap_mprotect(void *addr, size_t size, int prot)
{
    return fails_now() ? -1 : __real_mprotect(addr, size, prot);
}

void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__real_reallocarray(void *, size_t, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails_now() ? NULL : __real_reallocarray(old, count, size);
}

/* NOLINTEND(bugprone-reserved-identifier) */

#endif
