/* SPDX-License-Identifier: MIT
 *
 * scan.h - how far a run of bytes of one kind goes: sixteen at a time where most
 * of them are plain, and one at a time, by a table, where they are not.
 *
 * A vector here is an array of sixteen bytes that the compiler works on at once
 * (a GCC extension; it becomes the processor's vectors, or a loop where it has
 * none). Comparing two gives ones in each byte where it holds, zeros elsewhere.
 *
 * No function reads a byte at or behind end. Pure; any thread.
 * Read with: the GCC manual, "Using Vector Instructions through Built-in
 * Functions".
 */
#ifndef SCAN_H
#define SCAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The kinds, as bits: a byte may be of several. */
enum {
    SCAN_TOKEN = 1, /* tchar (RFC 9110, 5.6.2) */
    SCAN_VALUE = 2, /* in a field's value (RFC 9110, 5.5) */
    SCAN_PATH = 4,  /* pchar but "%", or "/" (RFC 3986, 3.3) */
    SCAN_HOST = 8,  /* in a reg-name, but "%" (RFC 3986, 3.2.2) */
    SCAN_HEX = 16,  /* HEXDIG, in either case */
    SCAN_BLANK = 32 /* SP or HTAB */
};

extern const unsigned char scan_kinds[256];

static inline int scan_is(char c, int kind)
{
    return scan_kinds[(unsigned char)c] & kind;
}

/* Each gives the first byte that is not of the kind, or end. */
static inline const char *scan(const char *at, const char *end, int kind)
{
    while (at < end && scan_is(*at, kind))
        at++;
    return at;
}

typedef uint8_t scan_vector __attribute__((vector_size(16)));

/* How many bytes stand before the first that is marked; 16 if none is. */
static inline int scan_before_first(scan_vector marks)
{
#ifdef __SSE2__ /* has one instruction that makes a bit of each byte */
    typedef char chars __attribute__((vector_size(16)));
    int bits = __builtin_ia32_pmovmskb128((chars)marks);
    return bits != 0 ? __builtin_ctz((unsigned)bits) : 16;
#else
    uint64_t half[2]; /* byte 0 in the lowest bits, whatever the processor */

    memcpy(half, &marks, sizeof half);
    if ((half[0] | half[1]) == 0)
        return 16;
    return half[0] != 0 ? __builtin_ctzll(le64toh(half[0])) / 8
                        : 8 + __builtin_ctzll(le64toh(half[1])) / 8;
#endif
}

/* As scan(), sixteen at a time. odd() marks all bytes that are not of the kind;
 * and some that are, which are then told apart one by one. */
static inline const char *scan_vectors(const char *at, const char *end,
                                       int kind,
                                       scan_vector (*odd)(scan_vector))
{
    while (end - at >= 16) {
        scan_vector bytes;
        memcpy(&bytes, at, sizeof bytes);
        int plain = scan_before_first(odd(bytes));
        at += plain;
        if (plain == 16)
            continue;
        if (!scan_is(*at, kind))
            return at;
        at++;
    }
    return scan(at, end, kind);
}

/* Control characters; the tab, which may stand in a value, is one. */
static inline scan_vector scan_odd_in_value(scan_vector c)
{
    return (scan_vector)((c < ' ') | (c == 0x7f));
}

/* All but letters, digits, "-", "." and "/", which most paths are made of. */
static inline scan_vector scan_odd_in_path(scan_vector c)
{
    scan_vector lower = c | 0x20;
    return (scan_vector) ~(((c >= '-') & (c <= '9')) |
                           ((lower >= 'a') & (lower <= 'z')));
}

static inline const char *scan_value(const char *at, const char *end)
{
    return scan_vectors(at, end, SCAN_VALUE, scan_odd_in_value);
}

static inline const char *scan_path(const char *at, const char *end)
{
    return scan_vectors(at, end, SCAN_PATH, scan_odd_in_path);
}

#endif
