/* SPDX-License-Identifier: MIT
 *
 * date.h - reads the dates of HTTP. (response_date() writes them.)
 *
 * Pure; any thread. Read with: RFC 9110, 5.6.7.
 */
#ifndef DATE_H
#define DATE_H

#include <time.h>

#include "text.h"

/* Reads a date in any of its three forms:
 *
 *     Sun, 06 Nov 1994 08:49:37 GMT     as all should write it
 *     Sunday, 06-Nov-94 08:49:37 GMT    obsolete: RFC 850
 *     Sun Nov  6 08:49:37 1994          obsolete: asctime(3)
 *
 * Strictly: these letters, this many digits, a day that there was, on the day of
 * the week that it was. now: the year of two digits is the one that lies less
 * than 50 years ahead of it. False if it is anything else; *out is then
 * untouched. */
bool date_parse(struct text text, time_t now, time_t *out);

#endif
