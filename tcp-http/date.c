/* SPDX-License-Identifier: MIT
 *
 * date.c - three patterns, one reader: each letter of a pattern is a part of the
 * date, every other character stands for itself.
 */
#include "date.h"

/* w, W  the day of the week, short and whole     m  the month
 * d, e  the day: two digits; blank and a digit   y, Y  the year: two digits, four
 * H M S the time */
static const char *const patterns[] = {
    "w, d m Y H:M:S G",
    "W, d-m-y H:M:S G",
    "w m e H:M:S Y",
};

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Takes a string off the front of *text, if it stands there. */
static bool take(struct text *text, const char *string, size_t length)
{
    if (text->length < length || memcmp(text->at, string, length) != 0)
        return false;
    text->at += length;
    text->length -= length;
    return true;
}

/* Takes one of the names, of which only the first so many letters are written
 * (0: all). */
static bool take_name(struct text *text, const char *const *names, int count,
                      size_t letters, int *out)
{
    for (int i = 0; i < count; i++) {
        if (take(text, names[i], letters > 0 ? letters : strlen(names[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool take_number(struct text *text, size_t digits, int *out)
{
    int64_t number;

    if (text->length < digits ||
        !text_is_number((struct text){text->at, digits}, &number))
        return false;
    *out = (int)number;
    return take(text, text->at, digits);
}

/* Reads one part. A year of two digits is left as it is: below 100. */
static bool take_part(struct text *text, char part, struct tm *t)
{
    switch (part) {
    case 'w':
        return take_name(text, days, 7, 3, &t->tm_wday);
    case 'W':
        return take_name(text, days, 7, 0, &t->tm_wday);
    case 'm':
        return take_name(text, months, 12, 3, &t->tm_mon);
    case 'e':
        if (take(text, " ", 1))
            return take_number(text, 1, &t->tm_mday);
        return take_number(text, 2, &t->tm_mday);
    case 'd':
        return take_number(text, 2, &t->tm_mday);
    case 'y':
        return take_number(text, 2, &t->tm_year);
    case 'Y':
        return take_number(text, 4, &t->tm_year);
    case 'H':
        return take_number(text, 2, &t->tm_hour);
    case 'M':
        return take_number(text, 2, &t->tm_min);
    case 'S':
        return take_number(text, 2, &t->tm_sec);
    case 'G':
        return take(text, "GMT", 3);
    default:
        return take(text, &part, 1);
    }
}

/* Whether t is a moment that there was, and which. timegm(3) makes the 31st of
 * April the 1st of May: then the day is not what it was. (A 60th second is one of
 * the few leap seconds; it counts as the next.) */
static bool to_time(struct tm t, time_t *out)
{
    struct tm whole = t;

    if (t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
        return false;
    whole.tm_hour = whole.tm_min = whole.tm_sec = 0;
    time_t midnight = timegm(&whole);
    if (whole.tm_mday != t.tm_mday || whole.tm_wday != t.tm_wday)
        return false;
    int seconds = (t.tm_hour * 60 + t.tm_min) * 60 + t.tm_sec;
    *out = midnight + seconds;
    return true;
}

bool date_parse(struct text text, time_t now, time_t *out)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const char *part = patterns[i];
        struct text rest = text;
        struct tm t = {0};

        while (*part != '\0' && take_part(&rest, *part, &t))
            part++;
        if (*part != '\0' || rest.length > 0)
            continue;
        if (i == 1) { /* the year that ends so, in the 100 up to now + 49 */
            struct tm today;
            gmtime_r(&now, &today);
            int last = today.tm_year + 1900 + 49;
            t.tm_year = last - (last - t.tm_year) % 100;
        }
        t.tm_year -= 1900;
        return to_time(t, out);
    }
    return false;
}
