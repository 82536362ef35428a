/* SPDX-License-Identifier: MIT
 *
 * util.h - the three things every module needs: a check for calls that fail
 * only if we are wrong, a clock, and numbers read from text. The same file, to
 * the byte, lies in each directory, so that each can be copied out alone.
 */
#ifndef UTIL_H
#define UTIL_H

#include <errno.h>
#include <error.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* For a call that fails only if our own code is wrong: locking a mutex we
 * made, joining a thread we started. The call gives 0 or an error number of
 * either sign (pthread_*, our modules); anything but 0 ends the program. It is
 * a macro because it shows the text of the call. */
#define must(call) must_be_zero((call), #call, __FILE__, __LINE__)

static inline void must_be_zero(int rc, const char *call, const char *file,
                                unsigned line)
{
    if (rc == 0)
        return;
    error_at_line(0, abs(rc), file, line, "%s", call);
    abort();
}

/* Nanoseconds on the clock that nobody sets: good for differences and for
 * deadlines (clock_gettime(2), CLOCK_MONOTONIC). */
static inline int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC,
                  &t); /* cannot fail: clock and pointer hold */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Reads a whole decimal number, from min to max. 0, or -EINVAL if text is not
 * one (empty, "12x"), -ERANGE if it is outside; *out is then untouched. */
static inline int parse_count(const char *text, long min, long max, long *out)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0')
        return -EINVAL;
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

/* Reads a whole finite number such as -0.8 or 1e-3. Errors as parse_count(). */
static inline int parse_real(const char *text, double *out)
{
    char *end;

    double value = strtod(text, &end);
    if (end == text || *end != '\0')
        return -EINVAL;
    if (!isfinite(value))
        return -ERANGE;
    *out = value;
    return 0;
}

#endif
