/* SPDX-License-Identifier: MIT
 *
 * faults.h - memory that runs out on cue, and a kernel that guards no pages. The
 * linker sends the modules' calls of mmap, munmap, mprotect, madvise, calloc,
 * aligned_alloc and reallocarray here (--wrap, in verbs.cmake).
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

static _Thread_local struct {
    int calls_left; /* the call at which it comes to 0 fails; 0: none */
    bool for_ever;  /* all after that one fail too */
    bool failed;    /* one has */
    int mapped;     /* calls of mmap, less those of munmap */
    size_t bytes;   /* the same, in bytes */
    size_t largest; /* mmap gives no more at once; 0: as much as it can */
    enum { ADVICE_WORKS, ADVICE_REFUSED, ADVICE_IGNORED } guard_advice;
} faults;

static inline int fails_now(void)
{
    bool again = faults.failed && faults.for_ever;
    if (!again && (faults.calls_left == 0 || --faults.calls_left > 0))
        return 0;
    faults.failed = true;
    errno = ENOMEM;
    return 1;
}

/* From now on the call after that many good ones fails, or none (-1). */
static inline void fail_after(int good, bool for_ever)
{
    faults.calls_left = good + 1;
    faults.for_ever = for_ever;
    faults.failed = false;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names */
void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd,
                  off_t offset)
{
    if (fails_now())
        return MAP_FAILED;
    errno = ENOMEM;
    if (faults.largest != 0 && size > faults.largest)
        return MAP_FAILED;
    void *p = __real_mmap(addr, size, prot, flags, fd, offset);
    faults.mapped += p != MAP_FAILED;
    faults.bytes += p != MAP_FAILED ? size : 0;
    return p;
}

int __real_munmap(void *, size_t);
int __wrap_munmap(void *, size_t);
int __wrap_munmap(void *addr, size_t size)
{
    faults.mapped--;
    faults.bytes -= size;
    return __real_munmap(addr, size);
}

int __real_mprotect(void *, size_t, int);
int __wrap_mprotect(void *, size_t, int);
int __wrap_mprotect(void *addr, size_t size, int prot)
{
    return fails_now() ? -1 : __real_mprotect(addr, size, prot);
}

int __real_madvise(void *, size_t, int);
int __wrap_madvise(void *, size_t, int);
int __wrap_madvise(void *addr, size_t size, int advice)
{
    enum { GUARD_INSTALL = 102 };
    if (advice != GUARD_INSTALL || faults.guard_advice == ADVICE_WORKS)
        return __real_madvise(addr, size, advice);
    errno = EINVAL;
    return faults.guard_advice == ADVICE_REFUSED ? -1 : 0;
}

void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__real_aligned_alloc(size_t, size_t);
void *__wrap_aligned_alloc(size_t, size_t);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : __real_aligned_alloc(alignment, size);
}

void *__real_reallocarray(void *, size_t, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails_now() ? NULL : __real_reallocarray(old, count, size);
}

/* NOLINTEND(bugprone-reserved-identifier) */

#endif
