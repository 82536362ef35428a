/* SPDX-License-Identifier: MIT
 *
 * scan.c - which byte is of which kinds.
 */
#include "scan.h"

/* Ranges of designators are GNU C, and say here what no list could as well. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

enum {
    WORD = SCAN_TOKEN | SCAN_VALUE | SCAN_PATH | SCAN_HOST,
    TOKEN = SCAN_TOKEN | SCAN_VALUE,
    HOST = SCAN_HOST | SCAN_PATH | SCAN_VALUE,
    PATH = SCAN_PATH | SCAN_VALUE,
    VALUE = SCAN_VALUE
};

const unsigned char scan_kinds[256] = {
    /* letters and digits */
    ['0' ... '9'] = WORD | SCAN_HEX,
    ['A' ... 'F'] = WORD | SCAN_HEX,
    ['G' ... 'Z'] = WORD,
    ['a' ... 'f'] = WORD | SCAN_HEX,
    ['g' ... 'z'] = WORD,
    /* what is left of unreserved, sub-delims and tchar */
    ['-'] = WORD,
    ['.'] = WORD,
    ['_'] = WORD,
    ['~'] = WORD,
    ['!'] = WORD,
    ['$'] = WORD,
    ['&'] = WORD,
    ['\''] = WORD,
    ['*'] = WORD,
    ['+'] = WORD,
    ['('] = HOST,
    [')'] = HOST,
    [','] = HOST,
    [';'] = HOST,
    ['='] = HOST,
    ['#'] = TOKEN,
    ['%'] = TOKEN,
    ['^'] = TOKEN,
    ['`'] = TOKEN,
    ['|'] = TOKEN,
    [':'] = PATH,
    ['@'] = PATH,
    ['/'] = PATH,
    /* in values only */
    [' '] = VALUE | SCAN_BLANK,
    ['\t'] = VALUE | SCAN_BLANK,
    ['"'] = VALUE,
    ['<'] = VALUE,
    ['>'] = VALUE,
    ['?'] = VALUE,
    ['['] = VALUE,
    ['\\'] = VALUE,
    [']'] = VALUE,
    ['{'] = VALUE,
    ['}'] = VALUE,
    [0x80 ... 0xff] = VALUE,
};

#pragma GCC diagnostic pop
